"""A hand drives the simulated arm through the real servo, in process and in simulated time."""

from functools import partial
from typing import Callable, List, Optional

import numpy as np
import pytest
from teleop_person import PERIOD_S, pose, sample

from robot_bridge import kinematics
from robot_bridge.command import Command, CommandReport, Mode
from robot_bridge.kinematics import rotation_from_euler
from robot_bridge.safety import load_limits
from robot_bridge.servo import PERIOD_S as TICK_S
from robot_bridge.sim.rig import SimulatedRig
from robot_bridge.sim.scene import sample_scene
from robot_bridge.teleop.mapper import base_from_hand
from robot_bridge.teleop.settings import BRIDGE, SMOOTH, TeleopSettings
from robot_bridge.teleop.teleoperator import SUPERSEDED, RobotView, Step, Teleoperator


class Cell:
    """Rig, teleoperator and hand: samples at 72 Hz, servo at 50 Hz, teleoperator at its own period."""

    def __init__(self, settings: TeleopSettings) -> None:
        self.rig = SimulatedRig(sample_scene("knife_in_pot", 0), load_limits("sim"), epoch_s=100.0)
        self.teleop = Teleoperator(settings)
        self.every = round(settings.tick_s / TICK_S)
        self.sequence = self.ticks = 0
        self.next_s = 100.0
        self.grip, self.trigger = 0.0, 0.0
        self.hand = pose()
        self.silent = False
        self.steps: List[Step] = []
        self.reports: List[CommandReport] = []
        self.rig.servo.arm()
        self.status = self.rig.step()

    def run(self, seconds: float, path: Optional[Callable[[float], np.ndarray]] = None) -> np.ndarray:
        """Let simulated time pass; returns the measured (N, 3) positions."""
        begin, places = self.rig.now_s(), []
        for _ in range(round(seconds / TICK_S)):
            now_s = self.rig.now_s()
            while self.next_s <= now_s:
                self._sample(path, begin)
            if self.ticks % self.every == 0:
                self._tick(now_s)
            self.ticks += 1
            self.status = self.rig.step()
            for report in self.rig.servo.take_reports():
                self.reports.append(report)
                self.teleop.reported(report.command.sequence, report.executed, report.accepted, report.reason)
            places.append(self.status.pose[:3, 3])
        return np.array(places)

    def _sample(self, path: Optional[Callable[[float], np.ndarray]], begin: float) -> None:
        self.sequence += 1
        if path is not None:
            self.hand = path(max(self.next_s - begin, 0.0))
        where = self.hand.copy()
        where[0, 3] += 1e-5 * (self.sequence % 2)
        if not self.silent:
            self.teleop.feed(sample(self.next_s, self.sequence, where, self.grip, self.trigger))
        self.next_s += PERIOD_S

    def _tick(self, now_s: float) -> None:
        view = RobotView(self.status.pose, self.status.reading.gripper)
        step = self.teleop.tick(now_s, view)
        self.steps.append(step)
        motion = step.motion
        if motion is not None:
            self.rig.servo.submit(Command(motion.number, motion.twist, motion.gripper, now_s, motion.duration_s))

    def engage(self) -> "Cell":
        self.run(0.2)
        self.grip = 1.0
        self.run(0.12)
        assert self.teleop.engaged
        return self


@pytest.fixture
def cell(request: pytest.FixtureRequest):
    made = Cell(request.param)
    yield made
    made.rig.close()


def steadily(since_s: float, t: float) -> np.ndarray:
    """To the right by 2 cm/s."""
    return pose(0.02 * (since_s + t))


def circle(t: float) -> np.ndarray:
    """4 cm across, in 4 s; the hand turns to and fro meanwhile."""
    angle = np.pi * t / 2
    turn = rotation_from_euler(0.15 * np.sin(angle), 0.2 * np.sin(angle), 0.0)
    return pose(0.04 * np.sin(angle), 0.02 * np.sin(angle), 0.04 * (1 - np.cos(angle)), turn)


@pytest.mark.parametrize(("cell", "lag_s", "most_m"), [(BRIDGE, 0.24, 0.005), (SMOOTH, 0.08, 0.003)], indirect=["cell"])
def test_the_arm_follows_the_hand(cell: Cell, lag_s: float, most_m: float) -> None:
    cell.engage()
    start = cell.status.pose.copy()
    places = cell.run(8.0, circle)
    axes, times = base_from_hand(180), TICK_S * np.arange(1, len(places) + 1)
    wanted = np.array([start[:3, 3] + axes @ circle(max(t - lag_s, 0.0))[:3, 3] for t in times.tolist()])
    errors = np.linalg.norm(places - wanted, axis=1)
    assert errors.max() < most_m, errors.max()
    cell.run(1.0)
    assert np.linalg.norm(cell.status.pose[:3, 3] - start[:3, 3]) < 0.003  # back where it began
    turned = np.linalg.norm(kinematics.pose_error(cell.status.pose, start)[3:])
    assert turned < 0.02
    assert all(report.accepted for report in cell.reports) and len(cell.reports) > 190
    assert not {name for report in cell.reports for name in report.limits}
    assert cell.status.mode == Mode.SERVO


@pytest.mark.parametrize("cell", [BRIDGE, SMOOTH], indirect=True)
def test_a_quick_hand_is_followed_within_the_caps_and_what_the_servo_accepts(cell: Cell) -> None:
    cell.engage()
    start = cell.status.pose[:3, 3].copy()
    cell.run(0.4, lambda t: pose(0.0, 0.0, -0.25 * t))
    cell.run(0.5)
    cell.run(0.4, lambda t: pose(0.0, 0.0, -0.1 + 0.8 * t))
    assert all(report.accepted for report in cell.reports)
    assert "clamp" in {pulse.kind for step in cell.steps for pulse in step.haptics}
    assert np.linalg.norm(cell.status.pose[:3, 3] - cell.status.target_pose[:3, 3]) < 0.026
    assert np.linalg.norm(cell.status.pose[:3, 3] - start) > 0.005


@pytest.mark.parametrize("cell", [BRIDGE, SMOOTH], indirect=True)
def test_a_dropped_stream_holds_the_arm(cell: Cell) -> None:
    cell.engage()
    cell.run(0.6, lambda t: pose(0.5 * t))  # the arm is 0.1 m behind: it would go on for 0.4 s
    cell.silent = True
    dropped = cell.rig.now_s()
    targets, times = [], []
    while cell.rig.now_s() < dropped + 1.0:
        cell.run(TICK_S)
        targets.append(cell.status.target_pose[:3, 3].copy())
        times.append(cell.rig.now_s() - dropped)
    moving = [t for t, a, b in zip(times[1:], targets, targets[1:]) if np.linalg.norm(b - a) > 1e-6]
    assert 0.03 < max(moving) <= 0.1 + 2 * TICK_S
    assert cell.status.mode == Mode.HOLD and not cell.teleop.engaged
    still = cell.status.pose[:3, 3].copy()
    cell.silent = False
    cell.run(0.5, lambda t: pose(0.08 + 0.3 * t))  # the stream is back, the grip was never released
    assert np.linalg.norm(cell.status.pose[:3, 3] - still) < 1e-3


@pytest.mark.parametrize("cell", [SMOOTH], indirect=True)
def test_the_gripper_keeps_its_object_when_the_clutch_opens(cell: Cell) -> None:
    cell.engage()
    cell.trigger = 1.0
    cell.run(1.0)
    assert cell.status.gripper_target == 0.0
    cell.grip = cell.trigger = 0.0
    cell.run(1.0)
    assert cell.status.gripper_target == 0.0 and cell.status.reading.gripper < 0.3
    cell.grip = 1.0
    cell.run(0.5)
    assert cell.status.gripper_target == 0.0


@pytest.mark.parametrize("cell", [SMOOTH], indirect=True)
def test_a_hand_at_the_edge_of_what_the_arm_reaches_slips_and_comes_back_at_once(cell: Cell) -> None:
    cell.engage()
    cell.run(3.0, lambda t: pose(0.0, 0.09 * t))  # up, from 0.11 m by 0.27 m: more than workspace and joints allow
    top = cell.status.target_pose[2, 3]
    assert 0.32 < top < 0.331
    assert {"workspace", "joint_position"} & {name for report in cell.reports for name in report.limits}
    assert cell.steps[-1].target[2, 3] < top + 0.015  # where the servo is, but for what is under way
    cell.run(0.4, lambda t: pose(0.0, 0.27 - 0.09 * t))
    assert cell.status.target_pose[2, 3] < top - 0.015
    assert cell.teleop.engaged and cell.status.mode == Mode.SERVO


@pytest.mark.parametrize("cell", [BRIDGE], indirect=True)
def test_commands_that_come_early_and_late_lose_nothing(cell: Cell) -> None:
    cell.engage()
    start, rng = cell.status.pose.copy(), np.random.default_rng(0)
    gaps = TICK_S * rng.integers(1, 4, 100)
    for since_s, gap_s in zip((np.cumsum(gaps) - gaps).tolist(), gaps.tolist()):
        cell.ticks, cell.every = 0, 10  # one tick of the teleoperator in this gap
        cell.run(gap_s, partial(steadily, since_s))
    hand = cell.hand.copy()
    cell.ticks, cell.every = 0, 2
    cell.run(1.0, lambda _: hand)
    reasons = {report.reason for report in cell.reports}
    assert SUPERSEDED in reasons and all(report.accepted for report in cell.reports)
    np.testing.assert_allclose(cell.steps[-1].target, cell.status.target_pose, atol=2e-3)
    assert cell.status.pose[1, 3] - start[1, 3] == pytest.approx(hand[0, 3], abs=0.003) and hand[0, 3] > 0.05
