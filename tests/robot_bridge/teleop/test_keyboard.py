"""A keyboard on a real pseudo-terminal: keys in, an arm that moves while they repeat."""

import contextlib
import os
import pty
import termios
import time

import numpy as np
import pytest
from teleop_person import START

from robot_bridge import kinematics
from robot_bridge.teleop.haptics import CLUTCH, PULSES
from robot_bridge.teleop.keyboard import ImaginedHand, Keyboard
from robot_bridge.teleop.sample import ControllerSample, Notice
from robot_bridge.teleop.settings import SMOOTH
from robot_bridge.teleop.teleoperator import RobotView, Teleoperator


@pytest.fixture
def terminal():
    person, program = pty.openpty()
    yield person, program
    for end in (person, program):
        with contextlib.suppress(OSError):  # the test may have closed it
            os.close(end)


class Desk:
    """An imagined hand in simulated time, with a teleoperator and an arm that follows at once."""

    def __init__(self) -> None:
        self.hand, self.teleop = ImaginedHand(), Teleoperator(SMOOTH)
        self.robot, self.now_s, self.sequence = RobotView(START, 1.0), 10.0, 0
        self.states, self.events = [], []

    def run(self, seconds: float, keys: str = "", every_s: float = 0.0) -> np.ndarray:
        """Let time pass, with keys pressed at the start and, if so told, again and again; how far (3,) the arm went."""
        start, next_s = self.robot.pose[:3, 3], self.now_s
        for tick in range(round(seconds / 0.02)):
            if keys and self.now_s >= next_s - 1e-9 and (tick == 0 or every_s):
                for key in keys:
                    self.hand.press(key, self.now_s)
                next_s += every_s
            self.sequence += 1
            self.teleop.feed(self.hand.sample(self.now_s, self.sequence))
            if self.sequence % 2 == 0:
                self._tick()
            self.now_s += 0.02
        return self.robot.pose[:3, 3] - start

    def _tick(self) -> None:
        step = self.teleop.tick(self.now_s, self.robot)
        self.states.append(step.state)
        self.events += step.events
        if step.motion is not None:
            delta = step.motion.twist * step.motion.duration_s
            self.robot = RobotView(kinematics.integrate(self.robot.pose, delta), step.motion.gripper)


@pytest.mark.parametrize(
    ("key", "axis"), [("w", (-1, 0, 0)), ("a", (0, -1, 0)), ("e", (0, 0, 1)), ("s", (1, 0, 0)), ("d", (0, 1, 0))]
)
def test_a_held_key_moves_the_arm_and_the_deadman_ends_with_the_repeats(key: str, axis: tuple) -> None:
    desk = Desk()
    desk.run(0.2)
    way = desk.run(1.0, key, every_s=0.033)
    np.testing.assert_allclose(way, 0.1 * np.array(axis), atol=0.012)
    assert desk.states[-1] == "engaged"
    after = desk.run(0.6)
    assert 0.0 < np.linalg.norm(after) < 0.03 and desk.states[-1] == "ready"
    assert np.linalg.norm(desk.run(0.5)) == 0.0


def test_a_tap_moves_a_little() -> None:
    desk = Desk()
    desk.run(0.2)
    assert 0.005 < np.linalg.norm(desk.run(1.0, "w")) < 0.025 and desk.states[-1] == "ready"


@pytest.mark.parametrize(("key", "part", "sign"), [("j", 5, 1), ("l", 5, -1), ("i", 4, -1), ("k", 4, 1), ("u", 3, 1)])
def test_turns(key: str, part: int, sign: int) -> None:
    desk = Desk()
    desk.run(0.2)
    desk.run(1.0, key, every_s=0.05)
    turned = kinematics.pose_error(desk.robot.pose, START)
    assert np.argmax(np.abs(turned)) == part and abs(turned[part]) > 0.3
    assert part == 3 or np.sign(turned[part]) == sign


def test_space_works_the_gripper_and_holds_it() -> None:
    desk = Desk()
    desk.run(0.2)
    desk.run(1.0, " ")
    assert desk.robot.gripper == 0.0 and desk.states[-1] == "ready"
    desk.run(0.5, "w", every_s=0.05)
    assert desk.robot.gripper == 0.0
    desk.run(1.0, " ")
    assert desk.robot.gripper == 1.0


def test_buttons() -> None:
    desk = Desk()
    desk.run(0.2)
    for keys in ("\n", "n", "\x7f", "h", "?", "\x1b"):
        desk.run(0.3, keys)
    assert desk.events == ["success", "failure", "discard", "home"]
    desk.run(0.2, "w", every_s=0.03)
    desk.run(0.2, "x")
    assert desk.events[-1] == "abort" and desk.states[-1] != "engaged"


def test_keys_come_through_a_terminal(terminal) -> None:
    person, program = terminal
    keyboard = Keyboard(program)
    try:
        os.write(person, b"w\xff\x1b[A")
        samples, end = [], time.monotonic() + 10.0
        while len(samples) < 12 and time.monotonic() < end:
            samples += keyboard.read(0.1)
        assert all(isinstance(sample, ControllerSample) and sample.synthetic for sample in samples)
        assert [sample.sequence for sample in samples] == list(range(1, 13))
        assert max(sample.right.grip for sample in samples[:3]) == 1.0
        assert samples[11].right.pose[2, 3] < -0.001
        assert keyboard.read(0.0) == [] or keyboard.read(0.0) == []
        keyboard.pulse(PULSES[CLUTCH])
    finally:
        keyboard.close()


def test_the_terminal_is_given_back_as_it_was(terminal) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    keyboard = Keyboard(program)
    assert not termios.tcgetattr(program)[3] & termios.ECHO
    keyboard.close()
    keyboard.close()
    assert termios.tcgetattr(program) == before


def test_a_terminal_that_goes_away_closes_the_source_once(terminal) -> None:
    person, program = terminal
    keyboard = Keyboard(program)
    os.close(person)
    items, end = [], time.monotonic() + 10.0
    while not keyboard.problem() and time.monotonic() < end:
        items += keyboard.read(0.05)
    items += keyboard.read(0.05) + keyboard.read(0.05)
    notices = [item for item in items if isinstance(item, Notice)]
    assert [notice.kind for notice in notices] == ["closed"] and "terminal" in notices[0].detail
    keyboard.close()


def test_a_pipe_is_no_terminal() -> None:
    reader, writer = os.pipe()
    with pytest.raises(ValueError, match="needs a terminal"):
        Keyboard(reader)
    os.close(reader)
    os.close(writer)
