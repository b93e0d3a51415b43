"""Every safety convention, caused: deadman, arming, silence, loss, jumps, buttons, gripper, and what is felt."""

from dataclasses import replace

import numpy as np
import pytest
from teleop_person import START, Person, pose

from robot_bridge.teleop.sample import Hand, Notice
from robot_bridge.teleop.settings import BRIDGE, SMOOTH
from robot_bridge.teleop.teleoperator import RobotView, Teleoperator


def pulses(steps) -> list:
    return [pulse.kind for step in steps for pulse in step.haptics]


def events(steps) -> list:
    return [event for step in steps for event in step.events]


def far(t: float) -> np.ndarray:
    return pose(0.2 * t, 0.1 * t)


def test_nothing_moves_until_a_release_was_seen_before_the_squeeze() -> None:
    person = Person()
    person.held["grip"] = 1.0  # held from the very beginning
    steps = person.run(1.0, far)
    assert all(step.motion is None for step in steps) and "release the grip" in steps[-1].reason
    person.held["grip"] = 0.0
    assert person.run(0.12)[-1].state == "ready"
    person.held["grip"] = 1.0
    steps = person.run(0.4, far)
    assert person.state == "engaged" and steps[-1].motion is not None
    assert pulses(steps).count("clutch") == 1


def test_a_grip_in_between_neither_closes_nor_opens_the_clutch() -> None:
    person = Person()
    person.run(0.2)
    person.held["grip"] = 0.5
    assert person.run(0.2)[-1].state == "ready"
    person.held["grip"] = 1.0
    person.run(0.1)
    person.held["grip"] = 0.5
    assert person.run(0.2)[-1].state == "engaged"
    person.held["grip"] = 0.3
    assert person.run(0.1)[-1].state == "ready"


def test_letting_go_of_the_deadman_stops_at_the_next_tick() -> None:
    person = Person(SMOOTH).engage()
    person.run(0.5, far)
    person.held["grip"] = 0.0
    steps = person.run(0.5, far)
    assert all(step.motion is None for step in steps[1:]) and person.state == "ready"
    assert "clutch" in pulses(steps)


def test_the_hand_is_coupled_anew_at_each_squeeze() -> None:
    person = Person(SMOOTH).engage()
    person.run(0.5, lambda t: pose(0.1 * t))
    person.held["grip"] = 0.0
    person.run(0.2)
    before = person.robot.pose.copy()
    person.run(0.5, lambda t: pose(0.05, 0.5 * t))  # a free hand
    person.held["grip"] = 1.0
    person.run(0.5)
    np.testing.assert_allclose(person.robot.pose, before, atol=1e-4)


def test_silence_holds_after_100_ms_and_opens_the_clutch_after_250_ms() -> None:
    settings = replace(SMOOTH, tick_s=0.01, rate_hz=100.0)
    person = Person(settings).engage()
    person.run(0.3, far)
    ages = {}
    for _ in range(40):
        person.run(0.01, silent=True)
        assert (person.steps[-1].motion is not None) == (person.state == "engaged")
        ages.setdefault(person.state, []).append(person.now_s - person.sent_s)
    assert 0.09 < max(ages["engaged"]) < 0.1 <= min(ages["holding"]) < 0.11
    assert 0.24 < max(ages["holding"]) < 0.25 <= min(ages["release first"]) < 0.26
    assert "nothing new" in person.steps[-1].reason
    assert "tracking loss" in pulses(person.steps)
    steps = person.run(0.5, far)  # the stream is back, the grip still held
    assert all(step.motion is None for step in steps)
    person.held["grip"] = 0.0
    person.run(0.1)
    person.held["grip"] = 1.0
    assert person.run(0.2, far)[-1].state == "engaged"


def test_a_short_silence_only_holds_and_the_arm_goes_on() -> None:
    person = Person(SMOOTH).engage()
    person.run(0.16, silent=True)
    assert person.state == "holding" and person.steps[-1].motion is None
    person._next_s = person.now_s
    assert person.run(0.2)[-1].state == "engaged"


def test_a_frame_that_repeats_is_silence_whatever_its_counter_says() -> None:
    person = Person(SMOOTH).engage()
    frozen = person.hand.copy()
    for _ in range(10):
        person.run(0.04, silent=True)
        person.send(where=frozen)
    assert person.state == "release first" and "nothing new" in person.steps[-1].reason


LOSSES = {
    "hidden": ({"visible": False}, "shows something else"),
    "null pose": ({"where": None}, "not tracked"),
    "emulated": ({"emulated": True}, "guessed"),
    "source removed": ({"right": None}, "gone"),
    "clock went back": ({"stamp_s": 1.0}, "went back"),
    "clock leapt": ({"stamp_s": 1e6}, "leapt ahead"),
    "second client": ({"client": "another"}, "second client"),
    "own clock went back": ({"received_s": -1.0}, "clock went back"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_one_sample_of_it_opens_the_clutch_until_released_and_squeezed(name: str) -> None:
    change, why = LOSSES[name]
    person = Person(SMOOTH).engage()
    person.run(0.3, far)
    change = dict(change)
    now_s = person.now_s
    person.now_s += change.pop("received_s", 0.0)
    person.send(**change)
    person.now_s = now_s
    step = person.tick()
    assert step.motion is None and step.state == "release first" and why in step.reason
    assert "tracking loss" in pulses([step])
    steps = person.run(1.5, far)
    assert all(step.motion is None for step in steps)
    person.held["grip"] = 0.0
    person.run(0.2)
    person.held["grip"] = 1.0
    assert person.run(0.2, far)[-1].state == "engaged"


@pytest.mark.parametrize("skip", [-5, 0, 200])
def test_a_sequence_that_repeats_goes_back_or_leaps_opens_the_clutch(skip: int) -> None:
    person = Person(SMOOTH).engage()
    person.sequence += skip - 1
    person.send()
    step = person.tick()
    assert step.state == "release first" and "came after" in step.reason


@pytest.mark.parametrize("kind", ["closed", "hidden", "removed", "reset"])
def test_a_notice_opens_the_clutch_at_once(kind: str) -> None:
    person = Person(SMOOTH).engage()
    person.teleop.feed(Notice(kind, "the page said so", person.now_s))
    step = person.tick()
    assert step.motion is None and step.reason.startswith(f"{kind}: the page said so")
    assert all(step.motion is None for step in person.run(0.5, far))


def test_samples_that_a_stalled_network_delivers_late_are_old() -> None:
    person = Person(SMOOTH).engage()
    person.run(0.3, far)
    stalled_s = person.now_s
    person.run(0.4, silent=True)
    for late in range(20):  # all at once
        person.send(stamp_s=stalled_s - 3.0 + 0.01 * late, where=pose(0.06, 0.03 + 0.001 * late), grip=late / 19)
        step = person.tick()
        person.now_s += 0.001
    assert step.motion is None and "nothing new" in step.reason


def test_a_robot_side_that_stood_still_starts_anew() -> None:
    person = Person(SMOOTH).engage()
    person.now_s += 1.0
    person.send(stamp_s=person.now_s - 3.0)
    step = person.tick()
    assert step.motion is None and "stood still" in step.reason


def test_a_client_that_has_left_makes_room_for_another() -> None:
    person = Person(SMOOTH).engage()
    person.run(1.2, silent=True)
    person.more["client"], person.held["grip"] = "another", 0.0
    person.run(0.3)
    person.held["grip"] = 1.0
    assert person.run(0.2)[-1].state == "engaged"


@pytest.mark.parametrize("jump", [pose(0.051), pose(turn=np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]]))])
def test_a_jump_of_the_hand_holds_200_ms_and_moves_nothing(jump: np.ndarray) -> None:
    person = Person(SMOOTH).engage()
    before = person.robot.pose.copy()
    person.hand = jump
    steps = person.run(0.4)
    held = [step for step in steps if step.state == "holding"]
    assert 4 <= len(held) <= 6 and "jumped" in held[0].reason and held[0].motion is None
    assert person.state == "engaged"
    np.testing.assert_allclose(person.robot.pose, before, atol=1e-4)
    person.run(0.4, lambda t: jump @ pose(0.02 * t))
    assert np.linalg.norm(person.robot.pose[:3, 3] - before[:3, 3]) > 0.005


def test_a_quick_hand_is_no_jump() -> None:
    person = Person(SMOOTH).engage()
    assert "holding" not in {step.state for step in person.run(0.3, lambda t: pose(2.0 * t))}


def test_a_robot_that_takes_no_commands_opens_the_clutch() -> None:
    person = Person(SMOOTH).engage()
    person.robot = RobotView(START, 1.0, "stopped: the operator said so")
    step = person.run(0.04)[-1]
    assert step.motion is None and "the operator said so" in step.reason
    person.held["grip"] = 0.0
    person.run(0.1)
    person.send()  # released, after the last tick
    person.held["grip"] = 1.0
    person.now_s += 0.01
    person.send()
    assert not person.teleop.engaged  # a squeeze does not count meanwhile, not even between two ticks
    assert person.run(0.1)[-1].state == "release first"
    person.robot = RobotView(START, 1.0)
    assert person.run(0.3)[-1].state == "release first"


def test_the_gripper_follows_the_trigger_and_holds_when_the_clutch_opens() -> None:
    person = Person(SMOOTH).engage()
    assert person.run(0.1)[-1].motion.gripper == 1.0
    person.held["trigger"] = 1.0
    assert person.run(0.1)[-1].motion.gripper == 0.0
    person.held.update(grip=0.0, trigger=0.0)  # both let go: the object is held, nothing is sent
    assert all(step.motion is None for step in person.run(0.5)[1:])
    assert person.robot.gripper == 0.0
    person.held["grip"] = 1.0  # squeezed again with the trigger at rest
    assert {step.motion.gripper for step in person.run(0.5)[1:]} == {0.0}
    person.held["trigger"] = 0.95  # pulled: it takes over
    person.run(0.1)
    person.held["trigger"] = 0.3
    assert person.run(0.1)[-1].motion.gripper == pytest.approx(0.7)


def test_the_gripper_changes_with_the_decisions_of_a_5_hz_operator() -> None:
    """Its label is then that of a whole step, as in Bridge's data."""
    person = Person(BRIDGE).engage()
    openings = []
    for tick in range(50):
        person.held["trigger"] = min(1.0, 0.03 * tick)
        openings += [step.motion.gripper for step in person.run(0.04)]
    changes = np.flatnonzero(np.diff(openings)) + 1
    assert len(changes) >= 5 and set(np.diff(changes)) <= {5}


def test_the_gripper_starts_from_what_it_has() -> None:
    person = Person(SMOOTH)
    person.robot = RobotView(START, 0.2)
    person.engage()
    assert {step.motion.gripper for step in person.run(0.2)} == {0.2}
    person.held.update(grip=0.0)
    person.run(0.1)
    person.teleop.forget_gripper()
    person.robot = RobotView(START, 0.9)
    person.held.update(grip=1.0)
    assert person.run(0.2)[-1].motion.gripper == 1.0  # within reach of the trigger at rest


PRESSES = {
    "success": {"pressed": ["lower"]},
    "failure": {"pressed": ["upper"]},
    "rezero": {"pressed": ["stick"]},
    "discard": {"left_pressed": ["lower"]},
    "home": {"left_pressed": ["upper"]},
    "abort": {"left_pressed": ["grip"]},
}


def press(person: Person, event: str, pattern: str) -> list:
    """Samples with the button pressed where the pattern has 1; returns the steps."""
    steps = []
    for bounce in pattern:
        person.more = PRESSES[event] if bounce == "1" else {}
        person.send()
        steps.append(person.tick())
        person.now_s += 1 / 72
    return steps


@pytest.mark.parametrize("event", PRESSES)
def test_a_press_is_one_event_however_long(event: str) -> None:
    person = Person(SMOOTH)
    steps = press(person, event, "0000" + 20 * "1" + "0000" + 4 * "1")
    assert events(steps) == [event, event]
    felt = {"rezero": "clutch", "abort": None}.get(event, "record")
    assert felt is None or pulses(steps).count(felt) == 2


def test_a_bounce_is_no_second_press_and_no_press_at_all() -> None:
    assert events(press(Person(SMOOTH), "success", "0000" + "1011110111011011111")) == ["success"]
    assert events(press(Person(SMOOTH), "success", "0000" + "0110100100110100000")) == []


def test_a_button_held_from_the_beginning_is_no_press() -> None:
    person = Person(SMOOTH)
    person.more = {"pressed": ["lower"]}
    assert events(person.run(0.5)) == []
    person.more = {}
    person.run(0.1)
    person.more = {"pressed": ["lower"]}
    assert events(person.run(0.1)) == ["success"]


def test_home_only_while_the_clutch_is_open() -> None:
    person = Person(SMOOTH).engage()
    person.more = {"left_pressed": ["upper"]}
    assert "home" not in events(person.run(0.3)) and person.state == "engaged"


def test_the_left_grip_aborts_without_a_right_hand_and_nothing_goes_home_while_it_is_held() -> None:
    person = Person(SMOOTH)
    person.more = {"right": None}
    person.run(0.3)
    person.more["left_pressed"] = ["grip"]
    assert "abort" in [event for step in person.run(0.1) for event in step.events]
    person.more = {"left_pressed": ["grip"]}
    person.run(0.3)
    person.more = {"left_pressed": ["grip", "upper"]}
    assert not [event for step in person.run(0.5) for event in step.events]


def test_a_grasp_is_kept_where_the_trigger_is_squeezed_before_the_grip() -> None:
    """After a stop the fingers stand on the object: to command what is measured would let it fall."""
    person = Person(SMOOTH)
    person.robot = RobotView(START.copy(), 0.31)
    person.held["trigger"] = 1.0
    person.engage()
    assert {step.motion.gripper for step in person.run(0.2) if step.motion} == {0.0}


def test_a_motion_ends_in_a_tenth_of_a_second_of_the_last_sample() -> None:
    for phase in range(8):
        person = Person(SMOOTH).engage()
        person.run(0.2 + 0.005 * phase)
        last_s = person.sent_s
        now_s, ends_s = person.now_s, 0.0
        for _ in range(20):
            now_s += 0.01
            step = person.teleop.tick(now_s, person.robot)
            if step.motion is not None:
                ends_s = now_s + step.motion.duration_s
        assert ends_s - last_s <= 0.1 + 1e-6


def test_the_left_grip_aborts_at_once_and_keeps_the_clutch_open() -> None:
    person = Person(SMOOTH).engage()
    person.more = {"left_pressed": ["grip"]}
    person.send()
    step = person.tick()
    assert step.motion is None and step.events == ("abort",) and "aborted" in step.reason
    person.held["grip"] = 0.0
    person.run(0.1)
    person.held["grip"] = 1.0
    assert person.run(0.1)[-1].state == "release first" and "left grip" in person.steps[-1].reason


def test_the_stick_rezeroes_while_engaged_without_a_motion() -> None:
    person = Person(SMOOTH).engage()
    before = person.robot.pose.copy()
    person.hand = pose(turn=np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]]))  # it points to the left
    person.run(0.4)
    person.more = {"pressed": ["stick"]}
    assert "rezero" in events(person.run(0.2))
    np.testing.assert_allclose(person.robot.pose, before, atol=1e-4)
    person.more = {}
    turned = person.hand.copy()
    person.run(0.3, lambda t: pose(-0.1 * t) @ turned)  # where it points
    person.run(0.2)
    np.testing.assert_allclose(person.robot.pose[:3, 3] - before[:3, 3], (-0.03, 0, 0), atol=2e-3)


def test_the_left_hand_may_be_missing() -> None:
    person = Person(SMOOTH)
    person.run(0.2)
    person.teleop.feed(replace(person.send(), sequence=person.sequence + 1, left=None))
    assert person.tick().state == "ready"


def test_tracking_loss_is_felt_once_and_not_at_the_start() -> None:
    person = Person(SMOOTH)
    assert "tracking loss" not in pulses(person.run(0.5, silent=True))
    person._next_s = person.now_s
    person.run(0.2)
    assert pulses(person.run(2.0, silent=True)).count("tracking loss") == 1


def test_nothing_but_a_pose_is_needed_of_a_hand() -> None:
    teleop = Teleoperator(BRIDGE)
    step = teleop.tick(0.0, RobotView(START, 1.0))
    assert step.motion is None and step.reason
    assert Hand().pose is None
