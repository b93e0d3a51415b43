"""Service calls that end."""

import threading
from typing import Any

import pytest
import rospy
from std_srvs.srv import Trigger

from robot_bridge.nodes.calls import Unanswered, ask


class LeavingError(Exception):
    pass


def test_a_call_that_fails_is_told(master: Any) -> None:
    with pytest.raises(Unanswered, match=r"/nobody failed: .*/nobody"):
        ask("/nobody", Trigger)


def test_what_happened_while_a_call_failed_is_told_in_its_place(master: Any) -> None:
    failing, looks = threading.Event(), []

    def fail(_: Any) -> None:
        failing.wait(10.0)
        raise RuntimeError("it went wrong")

    def check() -> None:
        looks.append(failing.is_set())
        if failing.is_set():
            raise LeavingError
        failing.set()  # and the call fails before anybody looks again
        for thread in threading.enumerate():
            if thread.name == "call /failing":
                thread.join(10.0)

    service = rospy.Service("/failing", Trigger, fail)
    try:
        with pytest.raises(LeavingError):
            ask("/failing", Trigger, check=check)
    finally:
        service.shutdown()
    assert looks == [False, True]
