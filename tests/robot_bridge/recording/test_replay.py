"""An episode is done again by the simulated arm, from a smooth approach to a smooth end."""

from typing import List

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.command import ServoStatus
from robot_bridge.interface import Action
from robot_bridge.recording.replay import plan_replay
from robot_bridge.recording.rig_replay import ReplayError, RigReplay
from robot_bridge.safety import load_limits
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.rig import SimulatedRig
from robot_bridge.sim.scene import sample_scene

STEPS = 20


@pytest.fixture(scope="module")
def spec():
    return sample_scene("knife_in_pot", 3)


@pytest.fixture(scope="module")
def recorded(spec):
    """What a scripted expert does, as it would be recorded: states, executed actions, joints."""
    environment = SimEnvironment(render=False, latency_s=0.0)
    environment.reset(spec)
    expert = Expert("knife_in_pot", np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    states, actions, joints = [environment.state()], [], [environment.world.joints_rad]
    while environment.finished() is None and len(actions) < 80:
        actions.append(environment.apply(Action(expert.act(environment)[0])).vector)
        states.append(environment.state())
        joints.append(environment.world.joints_rad)
    assert environment.finished() == "success"
    return np.array(states), np.array(actions), np.array(joints)


def test_the_simulated_arm_does_the_task_again(spec, recorded) -> None:
    state, actions, joints = recorded
    rig = SimulatedRig(spec, load_limits("sim"))
    succeeded: List[bool] = []
    plan = plan_replay(state, actions, joints, end_joints=None)
    found = RigReplay(rig, plan, lambda _: succeeded.append(rig.task_status().success)).run(state)
    assert found.target_m < 0.004 and found.turned_rad < 0.02 and found.measured_m < 0.03 and succeeded[-1]
    rig.close()


@pytest.mark.parametrize("speed", [0.5, 1.5])
def test_approach_and_end_are_smooth_at_any_speed(spec, recorded, speed: float) -> None:
    state, actions = (rows[: STEPS + 1] for rows in recorded[:2])
    rig = SimulatedRig(spec, load_limits("sim"))
    poses: List[np.ndarray] = []

    def watch(status: ServoStatus) -> None:
        if status.target_joints is not None:
            poses.append(status.target_joints)

    plan = plan_replay(state, actions[:STEPS], None, speed)
    found = RigReplay(rig, plan, watch).run(state)
    assert found.target_m < 0.004
    steps = np.abs(np.diff(np.array(poses), axis=0)).max(1)
    assert steps.max() < 3.0 * 0.02 + 1e-9  # the servo's joint speed, also where moves and commands meet
    assert np.allclose(poses[-1], kinematics.HOME_JOINTS, atol=0.05)
    expected = STEPS * 0.2 / speed
    assert expected < plan.duration_s < expected * 1.15  # the first and last steps are slower
    rig.close()


def test_the_plan_is_slow_at_both_ends_and_never_longer_than_the_servo_takes(recorded) -> None:
    state, actions, joints = recorded
    plan = plan_replay(state, actions, joints, 0.25)
    assert max(command.duration_s for command in plan.commands) <= 0.2 + 1e-9
    ends = [command.ends for command in plan.commands if command.ends is not None]
    assert ends == list(range(len(actions))) == list(range(len(plan.poses)))
    fast = plan_replay(state, np.tile([0.02, 0, 0, 0, 0, 0, 1.0], (10, 1)), joints)
    speeds = [round(float(command.twist[0]), 6) for command in fast.commands if command.ends is not None]
    assert speeds == [0.04, 0.07, *[0.1] * 6, 0.07, 0.04]
    total = sum(command.twist * command.duration_s for command in fast.commands)
    assert np.allclose(total[0], 0.2) and np.allclose(fast.poses[-1][0, 3] - kinematics.forward(joints[0])[0, 3], 0.2)


def test_what_cannot_be_replayed_is_refused(spec, recorded) -> None:
    state, actions, joints = recorded
    with pytest.raises(ValueError, match="speed is 3, expected more than 0 and at most 2"):
        plan_replay(state, actions, joints, 3.0)
    far = state.copy()
    far[0, :3] = 2.0
    with pytest.raises(ValueError, match="no joints of this arm reach the pose"):
        plan_replay(far, actions)
    rig = SimulatedRig(spec, load_limits("sim"))
    stopping = RigReplay(rig, plan_replay(state, actions, joints), lambda _: rig.servo.stop("somebody pressed STOP"))
    with pytest.raises(ReplayError, match="somebody pressed STOP"):
        stopping.run(state)
    rig.close()
