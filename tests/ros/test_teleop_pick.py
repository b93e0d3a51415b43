"""A whole pick and place by an emulated hand, recorded: headset, page, teleoperator, bridge, simulated arm, recorder.

The hand goes where the scripted expert went in the same scene, as a person does who watches the arm: it waits where the
arm is behind, and squeezes the grip anew where the clutch has opened.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot_bridge import kinematics
from robot_bridge.interface import Action
from robot_bridge.recording.format import STEPS
from robot_bridge.recording.log import read_about, read_lines
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.scene import sample_scene
from robot_bridge.teleop.mapper import base_from_hand
from tests.ros.conftest import REPO, Master, wait_for
from tests.ros.emulated_quest import CHROMIUM, QUIET, Quest, engage, needs_chromium, needs_iwer
from tests.ros.teleop_graph import Graph
from vptr_policy.data.quality.findings import DROPPED, TIME
from vptr_policy.data.quality.inspection import inspect
from vptr_policy.data.robot.episodes import read_episode
from vptr_policy.data.robot.sources import demonstrations

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (./run test sets it up)")
pytestmark = [needs_chromium, needs_iwer, pytest.mark.timeout(420)]
TASK, SEED = "knife_in_pot", 4
"""A scene in which one grasp is enough: an object that is dropped never falls the same way again."""
STEP_M, STEP_RAD = 0.004, 0.04
"""The hand moves this much at a time, each 20 ms or more: 0.2 m/s at most."""
NEAR_RAD = 0.06
BEHIND_M, BEHIND_RAD = 0.012, 0.08
"""The hand waits while the arm is further behind than this."""


def demonstrate() -> List[Tuple[np.ndarray, float]]:
    """Poses (4, 4) of the end effector and openings of the gripper: what the expert does in the scene."""
    environment, expert = SimEnvironment(render=False), Expert(TASK, np.random.default_rng(0), noise=0.0)
    environment.reset(sample_scene(TASK, SEED))
    expert.reset(environment)
    path: List[Tuple[np.ndarray, float]] = []
    try:
        for _ in range(200):
            label = expert.act(environment)[1]
            path.append((kinematics.state_to_pose(environment.state()[:6]), round(float(label[6]))))
            if (environment.success_since_s() or environment.world.time_s) < environment.world.time_s - 1.0:
                return path
            environment.apply(Action(label))
    finally:
        environment.close()
    raise AssertionError("the expert itself fails in this scene")


class Person:
    """Somebody who wears the headset and watches the arm."""

    def __init__(self, graph: Graph, quest: Quest) -> None:
        self._graph, self._quest, self._axes = graph, quest, base_from_hand(180)
        self._hand = np.eye(4)
        self._hand[:3, 3] = 0.2, 1.2, -0.3
        self.engagements = 0
        self._engage()

    def go(self, pose: np.ndarray, near_m: float) -> None:
        """Bring the end effector to a pose (4, 4) by moving the hand."""
        while True:
            if not self._graph.agent.last("/teleop/state")["engaged"]:
                self._engage()
            arm = self._arm()
            way, behind = kinematics.pose_error(pose, self._asked), kinematics.pose_error(self._asked, arm)
            if within(kinematics.pose_error(pose, arm), near_m, NEAR_RAD):
                return
            if within(way, 1e-4, 1e-3) and time.monotonic() - self._moved_s > 1.0:
                self._anchor()  # the arm has not made it all: the hand goes on by what is missing
            elif within(behind, BEHIND_M, BEHIND_RAD) and not within(way, 1e-4, 1e-3):
                self._move(way)
            time.sleep(0.02)

    def grip(self, opening: float) -> None:
        """Open or close the gripper, and see that it has."""
        self._quest.press("trigger", 1.0 - opening)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            if not self._graph.agent.last("/teleop/state")["engaged"]:
                self._engage()
                end = time.monotonic() + 1.5
            time.sleep(0.05)

    def _engage(self) -> None:
        """Squeeze the grip where the hand is now."""
        self._quest.hand(self._hand)
        engage(self._graph, self._quest)
        self._anchor()
        self.engagements += 1

    def _anchor(self) -> None:
        """From now on the hand is here where the arm is there."""
        self._reference, self._start = self._hand.copy(), self._arm()
        self._moved_s = time.monotonic()

    def _arm(self) -> np.ndarray:
        return kinematics.state_to_pose(self._graph.agent.last("/widowx/state")["pose"][:6])

    @property
    def _asked(self) -> np.ndarray:
        """Where the hand wants the end effector."""
        asked = np.eye(4)
        turn = self._hand[:3, :3] @ self._reference[:3, :3].T
        asked[:3, :3] = self._axes @ turn @ self._axes.T @ self._start[:3, :3]
        asked[:3, 3] = self._start[:3, 3] + self._axes @ (self._hand[:3, 3] - self._reference[:3, 3])
        return asked

    def _move(self, way: np.ndarray) -> None:
        """Move the hand a step of the way (6,) that the end effector is to make."""
        size = max(np.linalg.norm(way[:3]) / STEP_M, np.linalg.norm(way[3:]) / STEP_RAD, 1.0)
        self._hand[:3, 3] += self._axes.T @ way[:3] / size
        self._hand[:3, :3] = Rotation.from_rotvec(self._axes.T @ way[3:] / size).as_matrix() @ self._hand[:3, :3]
        self._quest.hand(self._hand)
        self._moved_s = time.monotonic()


def within(error: np.ndarray, most_m: float, most_rad: float) -> bool:
    return bool(np.linalg.norm(error[:3]) <= most_m and np.linalg.norm(error[3:]) <= most_rad)


def tap(graph: Graph, quest: Quest, button: str, stage: str, side: str = "right") -> Dict[str, Any]:
    """Press a button of the controller until the recorder is where it leads to."""
    before = graph.agent.last("/recorder/state")["stage"]

    def led() -> bool:
        if graph.agent.last("/recorder/state")["stage"] == before:
            quest.tap(button, side)
            time.sleep(0.4)
        return bool(graph.agent.last("/recorder/state")["stage"] == stage)

    wait_for(led, 60.0, f"{button} to lead from {before} to {stage}: {graph.agent.last('/recorder/state')}")
    return graph.agent.last("/recorder/state")


def replayed(master: Master, *arguments: str) -> str:
    command = [sys.executable, "-m", "vptr_cli", "data", "replay", *arguments]
    done = subprocess.run(command, env=master.environment, cwd=REPO, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_emulated_hand_demonstrates_a_pick_and_place(private_master: Master, tmp_path: Path) -> None:
    path = demonstrate()
    graph = Graph(private_master, tmp_path, camera=True, preset="smooth", record=tmp_path / "hand.jsonl")
    try:
        graph.start_recorder(tmp_path / "episodes", between="stay")
        answer = graph.agent.call("/sim/reset", sample_scene(TASK, SEED).to_json())
        assert answer["success"], answer
        with sync_api.sync_playwright() as started:
            chromium = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            quest = Quest(chromium, graph.address()).enter()
            assert graph.agent.call("/widowx/arm")["success"]
            folder = Path(tap(graph, quest, "A", "recording")["folder"])
            person, opening = Person(graph, quest), 1.0
            for pose, wanted in path:
                if wanted != opening:
                    person.go(pose, 0.003)
                    person.grip(wanted)
                    opening = wanted
                person.go(pose, 0.008)
            wait_for(lambda: graph.agent.call("/sim/status")["success"], 30.0, "success", period_s=0.5)
            refused = [told["reason"] for told in graph.agent.all("/widowx/executed") if not told["accepted"]]
            print(f"{len(path)} steps, {person.engagements} squeezes, refused: {refused[:3]}")
            quest.press("grip", 0.0)
            print(tap(graph, quest, "A", "reviewing")["says"])
            assert tap(graph, quest, "A", "waiting")["have"] == 1
            quest.close()
            chromium.close()
        check(folder)
        again = replayed(private_master, str(folder), "--ros")
        print(again)
        assert "task: succeeded, recorded as a success" in again
    finally:
        graph.close()
    again = replayed(private_master, str(folder))
    print(again)
    assert "task: succeeded, recorded as a success" in again


def check(folder: Path) -> None:
    """The episode is whole, nothing is found wrong with it, and most of it was driven by hand."""
    one = read_episode(folder, 0)
    found = [one for one in inspect(demonstrations(folder.parents[1])) if one.kind not in (DROPPED, TIME)]
    assert not found, "these alone may be of a busy machine"
    assert read_about(folder)["lost_steps"] == 0
    assert one.extras["clutch"].mean() > 0.5 and one.extras["tracked"].mean() > 0.9
    lines = [line for line in read_lines(folder / STEPS) if "hand" in line.get("latencies_s", {})]
    assert len(lines) > 0.8 * len(one.action)
