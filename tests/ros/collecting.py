"""The graph of a collection on a master of its own: a robot, its camera, recorder, bag, and the agent."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional

import cv2
import numpy as np

from tests.ros.conftest import REPO, SMALL_CAMERA, Master, Node, Nodes, wait_for
from tests.ros.teleop_graph import Agent

TASK = "knife_in_pot"
CAMERA = "/camera/color/image_raw"


class Collecting:
    """``real``: the bridge is that of the real arm, over the stand-in of its driver."""

    def __init__(self, master: Master, folder: Path, real: bool = False, bag: bool = False, **parameters: Any) -> None:
        self.master, self._folder = master, folder
        self._bridge: Optional[subprocess.Popen[bytes]] = None
        self.nodes = Nodes(master, folder)
        self.out = Path(parameters.pop("out", folder / "episodes"))
        self._parameters = {"task": TASK, "goal": 3, "cameras": CAMERA, **parameters}
        if real:
            self._bridge = self._start_real()
        else:
            master.use_sim_time()
            self.nodes.start("bridge_node", name_="bridge", robot="sim", speed=1.0)
            self.nodes.start("camera_node", name_="camera", **SMALL_CAMERA)
        self.recorder = self.start_recorder()
        if bag:
            self.nodes.start("bag_node", name_="bag", cameras=CAMERA)
        self.agent = Agent(master)
        self.until("waiting")

    def start_recorder(self, **parameters: Any) -> Node:
        given = {**self._parameters, **parameters}
        self.recorder = self.nodes.start("recorder_node", name_="recorder", out=self.out, **given)
        return self.recorder

    def renew(self, out: Path, **parameters: Any) -> None:
        """Another recorder, of another folder; the arm is disarmed, and no latch is left of what was before."""
        self.recorder.kill()
        self.master.forget("recorder")
        self.out = out
        self.agent.heard.clear()
        for service in ("/widowx/resume", "/widowx/disarm"):
            assert self.agent.call(service)["success"], self.agent.last("answer")
        self.start_recorder(**parameters)
        self.until("waiting")

    def _start_real(self) -> "subprocess.Popen[bytes]":
        frames = self._folder / "frames"
        frames.mkdir()
        draw = np.random.default_rng(0)
        for number in range(20):
            cv2.imwrite(str(frames / f"im_{number}.jpg"), draw.integers(0, 255, (48, 64, 3), dtype=np.uint8))
        self.nodes.start("camera_node", name_="camera", camera="video", frames=frames)
        command = [sys.executable, "-m", "tests.ros.xs_robot", str(self._folder / "arm.jsonl"), "__name:=bridge"]
        with (self._folder / "bridge.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "_robot:=interbotix"], env=self.master.environment, cwd=REPO, stdout=log, stderr=log
            )

    def state(self) -> Dict[str, Any]:
        return self.agent.last("/recorder/state")

    def until(self, stage: str, timeout_s: float = 60.0) -> Dict[str, Any]:
        since = time.monotonic()

        def there() -> bool:
            told = self.agent.since("/recorder/state", since)
            return bool(told) and told[-1]["stage"] == stage

        wait_for(there, timeout_s, f"{stage}; now {self.state()}\n{self.recorder.output()}")
        return self.state()

    def ask(self, word: str) -> str:
        answer = self.agent.call(f"/recorder/{word}")
        assert answer["success"], answer
        return str(answer["message"])

    def press(self, event: str, stage: str) -> Dict[str, Any]:
        """Press a button until it has led to a stage: one that comes at once after another does not count."""
        before = self.state()["stage"]

        def led() -> bool:
            if self.state()["stage"] == before:
                self.agent.say({"press": event})
            time.sleep(0.3)
            return bool(self.state()["stage"] == stage)

        wait_for(led, 30.0, f"{event} to lead from {before} to {stage}; now {self.state()}")
        return self.state()

    def ready(self) -> None:
        """Let the robot get ready."""
        wait_for(lambda: self.agent.last("/widowx/state"), 60.0, "the arm's state")
        self.ask("prepare")
        wait_for(lambda: self.agent.last("/widowx/state")["armed"], 60.0, f"the arm to be armed; now {self.state()}")
        self.until("waiting")

    def start(self) -> Path:
        """Begin an episode as soon as the camera is there; its folder."""
        started = partial(self.agent.call, "/recorder/start")
        wait_for(lambda: started()["success"], 60.0, f"the start; now {self.state()}", period_s=0.5)
        return Path(self.until("recording")["folder"])

    def drive(self, actions: np.ndarray, wait: bool = True) -> None:
        before = len(self.agent.all("driven"))
        self.agent.say({"drive": actions.tolist()})
        if wait:
            wait_for(lambda: len(self.agent.all("driven")) > before, 120.0, "the end of the drive")

    def park(self) -> None:
        """End the drive that is under way."""
        before = len(self.agent.all("driven"))
        self.agent.say({"park": True})
        wait_for(lambda: len(self.agent.all("driven")) > before, 20.0, "the end of the drive")

    def demonstrate(self, steps: int = 15) -> Path:
        """One whole demonstration with a success; its folder."""
        folder = self.start()
        self.drive(path(steps))
        time.sleep(1.0)
        self.ask("stop")
        self.ask("success")
        self.until("waiting")
        return folder

    def close(self) -> None:
        self.nodes.kill_all()
        self.agent.close()
        if self._bridge is not None:
            self._bridge.kill()
            self._bridge.wait(timeout=10)


def path(steps: int, opening: Optional[float] = None) -> np.ndarray:
    """Bridge actions (steps, 7): a bow, on whose way the gripper closes."""
    turns = np.linspace(0.0, np.pi, steps)
    actions = np.zeros((steps, 7))
    actions[:, 0], actions[:, 1], actions[:, 2] = 0.004 * np.cos(turns), 0.006, -0.005 * np.sin(turns)
    actions[:, 5] = 0.02
    actions[:, 6] = (turns < np.pi / 4) if opening is None else opening
    return actions


def images(folder: Path) -> List[Path]:
    return sorted((folder / "images0").iterdir())
