"""One person at a time drives."""

import pytest

from eval_protocol.console.control import SILENT_S, Control, Refused


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def control(clock: Clock) -> Control:
    control = Control(clock)
    for name in ("ann", "bob"):
        control.join(name, name.title())
    return control


def test_the_first_controls_and_others_watch(control: Control) -> None:
    assert control.require("ann") == "Ann"
    with pytest.raises(Refused, match="Ann has the controls"):
        control.require("bob")
    assert control.described("bob") == {
        "mine": False, "name": "Bob", "asked": False, "holder": "Ann", "asking": "", "asking_id": "", "watching": 1,
    }  # fmt: skip


def test_controls_are_handed_over_to_who_asked(control: Control) -> None:
    with pytest.raises(Refused, match="nobody has asked"):
        control.hand_over("ann", "bob")
    control.ask("bob")
    assert control.described("ann")["asking"] == "Bob" and control.described("ann")["mine"]
    with pytest.raises(Refused, match="only who has the controls"):
        control.hand_over("bob", "bob")
    control.join("eve", "Eve")
    control.ask("eve")
    with pytest.raises(Refused, match="now Eve asks for the controls"):
        control.hand_over("ann", "bob")
    control.ask("bob")
    control.hand_over("ann", control.described("ann")["asking_id"])
    assert control.require("bob") == "Bob"
    with pytest.raises(Refused):
        control.require("ann")


def test_a_browser_that_fell_silent_has_lost_the_controls(control: Control, clock: Clock) -> None:
    clock.now += SILENT_S + 0.1
    control.hear("bob")
    assert control.holder_age_s() == pytest.approx(SILENT_S + 0.1)
    with pytest.raises(Refused):
        control.require("ann")
    control.ask("bob")
    assert control.require("bob") == "Bob"


def test_one_that_is_heard_again_before_anybody_asks_still_has_them(control: Control, clock: Clock) -> None:
    clock.now += SILENT_S + 0.1
    control.hear("ann")
    assert control.require("ann") == "Ann"


def test_who_leaves_frees_the_controls(control: Control) -> None:
    control.ask("bob")
    control.leave("ann")
    assert control.described("bob")["holder"] == "" and control.holder_age_s() == float("inf")
    with pytest.raises(Refused, match="nobody has the controls"):
        control.require("bob")
    control.ask("bob")
    assert control.require("bob") == "Bob"
    with pytest.raises(Refused, match="load it again"):
        control.ask("ann")


def test_people_have_names(control: Control) -> None:
    control.rename("ann", "  Anna ")
    assert control.require("ann") == control.name("ann") == "Anna"
    control.rename("ann", " ")
    assert control.name("ann") == "operator" and control.name("nobody") == ""
