"""The simulated rig: exchanged scenes, latched stops, threads that measure meanwhile, and how long success has held."""

import threading

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.command import Command
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, ArmUnready, Mode
from robot_bridge.sim import rig as rigs
from robot_bridge.sim.rig import SimulatedRig
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.world import World

SPEC = sample_scene("knife_in_pot", 0)


@pytest.fixture
def rig():
    made = SimulatedRig(SPEC, Limits(), epoch_s=500.0)
    yield made
    made.close()


def test_a_latched_stop_survives_a_new_scene_until_resumed(rig: SimulatedRig) -> None:
    rig.servo.arm()
    rig.step()
    rig.servo.stop("the operator said so")
    rig.reset(sample_scene("cucumber_in_bowl", 1))
    status = rig.step()
    assert status.stopped and not status.armed and "the operator said so" in status.reason
    rig.servo.resume()
    assert rig.step().mode == Mode.IDLE


def test_a_stop_that_comes_while_the_scene_is_built_is_not_lost(
    rig: SimulatedRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    servo = rig.servo

    def build(spec):
        servo.stop("in the middle of it")
        return World(spec)

    monkeypatch.setattr(rigs, "World", build)
    rig.reset(SPEC)
    status = rig.step()
    assert status.stopped and "in the middle of it" in status.reason


def test_a_move_under_way_ends_with_the_scene_and_time_goes_on(rig: SimulatedRig) -> None:
    rig.servo.arm()
    rig.step()
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
    rig.step()
    before = rig.now_s()
    name = rig.task_status().scene_id
    assert rig.reset(SPEC) == rig.task_status().scene_id != name
    assert move.done and not move.success and move.message == "the scene was exchanged"
    status = rig.step()
    assert not status.armed and status.reading is not None and status.reading.stamp_s == before
    assert rig.now_s() == pytest.approx(before + PERIOD_S)


def test_other_threads_measure_arm_and_move_while_the_physics_runs(rig: SimulatedRig) -> None:
    done, problems = threading.Event(), []

    def operate() -> None:
        try:
            for round_ in range(60):
                rig.servo.arm()
                rig.servo.move_to(kinematics.forward(kinematics.HOME_JOINTS), 0.01 * round_)
                rig.servo.resume()
                rig.servo.disarm()
        except ArmUnready as error:
            problems.append(str(error))
        done.set()

    threading.Thread(target=operate).start()
    modes = set()
    while not done.is_set():
        modes.add(rig.step().mode)
    assert problems == [] and Mode.FAULT not in modes


def test_success_is_timed_from_its_beginning_without_a_break(
    rig: SimulatedRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds = [False]
    monkeypatch.setattr(World, "success", lambda _: holds[0])
    rig.step()
    progress = rig.task_status()
    assert (progress.success, progress.held_s, progress.since_s) == (False, 0.0, 0.0)
    holds[0] = True
    rig.step()
    began = rig.now_s()
    for _ in range(10):
        rig.step()
    progress = rig.task_status()
    assert progress.success and progress.since_s == began
    assert progress.held_s == pytest.approx(10 * PERIOD_S)
    holds[0] = False
    rig.step()
    holds[0] = True
    rig.step()
    assert rig.task_status().held_s == 0.0 and rig.task_status().since_s == rig.now_s()
    monkeypatch.undo()
    rig.reset(SPEC)
    assert not rig.task_status().success


def test_the_arm_follows_commands_in_the_new_scene(rig: SimulatedRig) -> None:
    rig.reset(sample_scene("cucumber_in_bowl", 1))
    rig.servo.arm()
    start = rig.step().pose
    rig.servo.submit(Command(1, np.array([0.1, 0, 0, 0, 0, 0]), 1.0, rig.now_s()))
    for _ in range(14):
        status = rig.step()
    assert start is not None and status.pose is not None
    assert status.pose[0, 3] - start[0, 3] == pytest.approx(0.02, abs=0.004)
