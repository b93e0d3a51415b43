"""Service calls that end."""

from typing import Any, List

import pytest
from std_srvs.srv import Trigger

from robot_bridge.nodes.calls import Unanswered, ask


class LeavingError(Exception):
    pass


def test_a_call_that_fails_is_told(master: Any) -> None:
    with pytest.raises(Unanswered, match=r"/nobody failed: .*/nobody"):
        ask("/nobody", Trigger)


def test_what_is_under_way_when_a_call_fails_is_told_in_its_place(master: Any) -> None:
    looks: List[int] = []

    def check() -> None:
        looks.append(len(looks))
        if len(looks) > 1:
            raise LeavingError

    with pytest.raises(LeavingError):
        ask("/nobody", Trigger, check=check)
    assert looks == [0, 1]
