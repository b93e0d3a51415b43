"""Whatever a person, a headset and a network do: what must never happen does not."""

import numpy as np
import pytest
from teleop_person import START, pose, sample

from robot_bridge import kinematics
from robot_bridge.kinematics import rotation_from_euler
from robot_bridge.teleop.sample import Notice
from robot_bridge.teleop.settings import BRIDGE, SMOOTH
from robot_bridge.teleop.teleoperator import RobotView, Teleoperator


class Chaos:
    """Random samples, faults and silences, and a record of what the last squeeze entitles to."""

    def __init__(self, seed: int, settings) -> None:
        self.rng, self.settings = np.random.default_rng(seed), settings
        self.teleop = Teleoperator(settings)
        self.now_s, self.sequence, self.grip = 100.0, 0, 0.0
        self.hand, self.robot = pose(), RobotView(START, 1.0)
        self.released, self.entitled, self.new_s = False, False, -1.0

    def sample(self) -> None:
        self.sequence += 1
        if self.rng.random() < 0.03:
            self.grip = 1.0 - self.grip
        step = self.rng.normal(0.0, 0.003, 3) * (30.0 if self.rng.random() < 0.005 else 1.0)
        self.hand = pose(
            *(self.hand[:3, 3] + step), turn=rotation_from_euler(*self.rng.normal(0, 0.02, 3)) @ self.hand[:3, :3]
        )
        fault = self.rng.random() < 0.004
        more = [{"visible": False}, {"emulated": True}, {"right": None}, {"client": "b"}][int(self.rng.integers(4))]
        self.teleop.feed(
            sample(self.now_s, self.sequence, self.hand, self.grip, float(self.rng.random()), **(more if fault else {}))
        )
        self.account(fault)

    def account(self, fault: bool) -> None:
        """A squeeze entitles to move if a release was seen since the last fault."""
        if fault:
            self.released = self.entitled = False
        elif self.grip == 0.0:
            self.released, self.entitled = True, False
        else:
            self.entitled = self.entitled or self.released
        self.new_s = self.new_s if fault else self.now_s

    def tick(self) -> None:
        obstacle = "stopped" if self.rng.random() < 0.003 else ""
        step = self.teleop.tick(self.now_s, RobotView(self.robot.pose, self.robot.gripper, obstacle))
        if obstacle or self.now_s - self.new_s >= self.settings.lost_s:
            self.released = self.entitled = False
        if step.motion is None:
            assert step.reason or step.state == "engaged"
            return
        assert self.entitled and self.grip == 1.0 and self.now_s - self.new_s < self.settings.hold_s
        twist = step.motion.twist
        assert np.isfinite(twist).all() and 0.0 <= step.motion.gripper <= 1.0
        assert np.abs(twist[:3]).max() <= 2.001 * self.settings.speed_m_s  # at most two ticks' worth
        assert np.linalg.norm(twist[3:]) <= 2.001 * self.settings.speed_rad_s
        lead = kinematics.pose_error(step.target, self.robot.pose)
        assert np.linalg.norm(lead[:3]) < self.settings.lead_m + 1e-4
        assert np.linalg.norm(lead[3:]) < self.settings.lead_rad + 5e-3
        part = float(self.rng.random())
        moved = kinematics.displace(self.robot.pose, part * lead)
        self.robot = RobotView(moved, step.motion.gripper)


@pytest.mark.parametrize("settings", [BRIDGE, SMOOTH])
def test_nothing_moves_that_may_not(settings) -> None:
    moved = 0
    for seed in range(3):
        chaos = Chaos(seed, settings)
        tick_s, silent_until = chaos.now_s, 0.0
        for _ in range(1200):
            chaos.now_s += float(chaos.rng.uniform(0.005, 0.02))
            if chaos.rng.random() < 0.005:
                silent_until = chaos.now_s + float(chaos.rng.uniform(0.05, 0.5))
            if chaos.rng.random() < 0.001:
                chaos.teleop.feed(Notice("reset", "recentred", chaos.now_s))
                chaos.account(True)
            if chaos.now_s >= silent_until:
                chaos.sample()
            if chaos.now_s >= tick_s:
                tick_s = max(tick_s + settings.tick_s, chaos.now_s)
                chaos.tick()
        moved += np.linalg.norm(chaos.robot.pose[:3, 3] - START[:3, 3]) > 0.005
    assert moved >= 2  # and yet it moves
