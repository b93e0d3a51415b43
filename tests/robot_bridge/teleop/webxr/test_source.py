"""Who drives, and what the watchdog is told, with a clock of the test's own."""

from typing import Any, Dict, List

import pytest
from teleop_person import pose, sample

from robot_bridge.teleop import wire
from robot_bridge.teleop.haptics import CLUTCH, PULSES
from robot_bridge.teleop.sample import ControllerSample, Notice
from robot_bridge.teleop.webxr.source import Refused, WebXR
from robot_bridge.teleop.wire import WireError

A, B = "a" * 32, "b" * 32


class Clock:
    now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def text(sequence: int) -> str:
    return wire.encode(sample(0.0, sequence, pose(0.001 * sequence)))


def hidden() -> str:
    return '{"v": 1, "kind": "hidden", "detail": "asleep"}'


def nobody(_: Dict[str, Any]) -> None:
    pass


def test_the_first_page_that_sends_drives_and_a_second_one_is_refused_and_told_to_the_watchdog() -> None:
    clock = Clock()
    source = WebXR(clock=clock)
    first, second = source.enter(A, nobody), source.enter(B, nobody)
    source.hear(A, first, text(1))
    clock.now_s += 0.5
    with pytest.raises(Refused, match="another headset drives"):
        source.hear(B, second, text(1))
    items = source.read(0.0)
    assert [(type(item), item.client, item.received_s) for item in items] == [
        (ControllerSample, A, 50.0), (ControllerSample, B, 50.5),
    ]  # fmt: skip
    clock.now_s += 0.6  # the first has been silent for over a second
    source.hear(B, second, text(2))
    assert source.driver == B
    with pytest.raises(Refused):
        source.hear(A, first, text(2))


def test_what_a_watcher_says_is_nobody_elses_and_its_going_is_no_loss() -> None:
    source = WebXR()
    first, watcher = source.enter(A, nobody), source.enter(B, nobody)
    source.hear(A, first, text(1))
    source.hear(B, watcher, hidden())
    source.leave(B, watcher, "gone")
    source.hear(A, first, hidden())
    source.leave(A, first, "the connection was closed")
    kinds = [item.kind for item in source.read(0.0) if isinstance(item, Notice)]
    assert kinds == ["hidden", "closed"]


def test_a_page_that_connects_again_goes_on_and_its_old_connection_is_nothing() -> None:
    source = WebXR()
    old = source.enter(A, nobody)
    source.hear(A, old, text(1))
    new = source.enter(A, nobody)
    with pytest.raises(Refused, match="another connection"):
        source.hear(A, old, text(2))
    source.leave(A, old, "closed at last")
    source.hear(A, new, text(3))
    assert all(isinstance(item, ControllerSample) for item in source.read(0.0))


def test_pulses_go_to_the_hand_that_drives() -> None:
    told: Dict[str, List[Any]] = {A: [], B: []}
    source = WebXR()
    source.pulse(PULSES[CLUTCH])  # nobody is there
    source.enter(A, told[A].append)
    ticket = source.enter(B, told[B].append)
    source.hear(B, ticket, text(1))
    source.pulse(PULSES[CLUTCH])
    assert told == {A: [], B: [{"haptic": {"kind": "clutch", "strength": 0.5, "duration_s": 0.03}}]}


def test_it_says_what_is_missing() -> None:
    clock = Clock()
    source = WebXR(clock=clock)
    assert "no page is open" in source.problem()
    ticket = source.enter(A, nobody)
    assert "no headset is in the page" in source.problem()
    source.hear(A, ticket, text(1))
    assert source.problem() == ""
    clock.now_s += 1.1
    assert source.problem()
    source.close()
    with pytest.raises(Refused):
        source.hear(A, ticket, text(2))


def test_where_the_hand_comes_from_elsewhere_pages_watch_alone() -> None:
    source = WebXR(elsewhere="keyboard")
    ticket = source.enter(A, nobody)
    with pytest.raises(Refused, match="the hand comes from keyboard"):
        source.hear(A, ticket, text(1))
    with pytest.raises(WireError):
        source.hear(A, ticket, "{}")
    assert source.read(0.0) == []
