"""How what is imported comes in parts, and what of it is left out."""

from typing import Any

import pytest

from vptr_policy.data.robot.parts import Skipped, in_parts
from vptr_policy.data.robot.restricted import ForbiddenGlobal

ERRORS = {
    "bad": ValueError("damaged"),
    "gone": OSError("no such file"),
    "evil": ForbiddenGlobal("os.system"),
    "lacking": KeyError("actions"),
    "odd": TypeError("float() argument"),
    "short": IndexError("list index"),
    "deep": RecursionError("too deep"),
    "huge": MemoryError("Unable to allocate 172. GiB"),
    "large": MemoryError(),
}


def _read(item: str, number: int) -> Any:
    if item in ERRORS:
        raise ERRORS[item]
    return item, number


def test_all_are_read_in_their_order_and_told_their_number() -> None:
    parts = in_parts(["a", "b", "c", "d", "e"], 2, str.upper, _read)
    assert [part.origins for part in parts] == [("A", "B"), ("C", "D"), ("E",)]
    assert [list(part.read()) for part in parts] == [[("a", 0), ("b", 1)], [("c", 2), ("d", 3)], [("e", 4)]]


def test_what_cannot_be_read_is_left_out_by_name() -> None:
    (part,) = in_parts(["bad", "gone", "a"], 3, str.upper, _read)
    assert list(part.read()) == [Skipped("BAD", "damaged"), Skipped("GONE", "no such file"), ("a", 2)]


@pytest.mark.parametrize("item", ["lacking", "odd", "short", "deep"])
def test_data_of_another_form_are_left_out_and_the_rest_read(item: str) -> None:
    (part,) = in_parts([item, "a"], 3, str.upper, _read)
    left_out, read = part.read()
    assert read == ("a", 1) and left_out == Skipped(item.upper(), f"not a trajectory ({ERRORS[item]!r})")


def test_what_takes_more_memory_than_there_is_is_left_out_and_the_rest_read() -> None:
    (part,) = in_parts(["huge", "a"], 3, str.upper, _read)
    left_out, read = part.read()
    assert read == ("a", 1)
    assert left_out == Skipped("HUGE", "reading it takes more memory than there is (Unable to allocate 172. GiB)")


@pytest.mark.parametrize(("item", "error"), [("evil", ForbiddenGlobal), ("gone", OSError)])
def test_other_errors_end_it(item: str, error: Any) -> None:
    (part,) = in_parts([item], 3, str.upper, _read, (ValueError,))
    with pytest.raises(error):
        list(part.read())


def test_what_asks_for_too_much_memory_is_left_out_by_name() -> None:
    (part,) = in_parts(["a", "large"], 2, str, _read)
    assert list(part.read()) == [("a", 0), Skipped("large", "reading it takes more memory than there is (MemoryError)")]
