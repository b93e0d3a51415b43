"""The graph of teleoperation on a master of its own, and what a test hears of it."""

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

from robot_bridge.teleop.watchdog import CLIENT_LEFT_S
from tests.ros.conftest import REPO, SMALL_CAMERA, Master, Node, Nodes, wait_for

TOKEN = "a token for tests"


class Agent:
    """tests/ros/teleop_agent.py as a process, and all it told, by topic."""

    def __init__(self, master: Master) -> None:
        self.heard: Dict[str, List[Dict[str, Any]]] = {}
        self._process = subprocess.Popen(
            [sys.executable, str(REPO / "tests" / "ros" / "teleop_agent.py")],
            env=master.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self.all("ready"), 60.0, "the agent")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            self.heard.setdefault(told["kind"], []).append(told)

    def all(self, topic: str) -> List[Dict[str, Any]]:
        return self.heard.get(topic, [])

    def last(self, topic: str) -> Dict[str, Any]:
        told = self.all(topic)
        return told[-1] if told else {}

    def since(self, topic: str, t: float) -> List[Dict[str, Any]]:
        return [told for told in list(self.all(topic)) if told["t"] >= t]

    def call(self, service: str, *arguments: Any, timeout_s: float = 60.0) -> Dict[str, Any]:
        before = len(self.all("answer"))
        self.say({"call": service, "arguments": arguments})
        wait_for(lambda: len(self.all("answer")) > before, timeout_s, f"an answer of {service}")
        return self.last("answer")

    def say(self, what: Dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        self._reader.join(timeout=10)
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None
            end.close()


class Graph:
    """Bridge with the simulated arm, teleoperator, and the agent; with ``camera`` also the simulated camera."""

    def __init__(self, master: Master, folder: Path, camera: bool = False, **parameters: object) -> None:
        master.use_sim_time()
        self.folder, self.nodes = folder, Nodes(master, folder)
        self.bridge = self.nodes.start("bridge_node", name_="bridge", robot="sim", speed=1.0)
        if camera:
            self.nodes.start("camera_node", name_="camera", **SMALL_CAMERA)
        self.teleop = self.start_teleop(**parameters)
        self.agent = Agent(master)
        wait_for(lambda: self.agent.last("/widowx/state"), 60.0, lambda: "the arm's state:\n" + self.bridge.output())

    def start_teleop(self, **parameters: object) -> Node:
        more: Dict[str, object] = {"token": TOKEN, **parameters}
        self.teleop = self.nodes.start("teleop_node", name_="teleop", **more)
        return self.teleop

    def start_recorder(self, out: Path, **parameters: object) -> Node:
        """The recorder, of a simulated task."""
        recorder = self.nodes.start("recorder_node", name_="recorder", task="knife_in_pot", out=out, **parameters)
        wait_for(lambda: self.agent.last("/recorder/state"), 60.0, lambda: "the recorder:\n" + recorder.output())
        return recorder

    def address(self) -> str:
        wait_for(lambda: "teleop: http" in self.teleop.output(), 60.0, lambda: "the page:\n" + self.teleop.output())
        found = re.search(r"teleop: (http.+)", self.teleop.output())
        assert found is not None
        return found.group(1).strip()

    def until(self, state: str, timeout_s: float = 30.0) -> Dict[str, Any]:
        """Wait for a state of the hand; returns the first message that says so after the call."""
        before = len(self.agent.all("/teleop/state"))
        found: List[Dict[str, Any]] = []

        def seen() -> bool:
            found[:] = [told for told in self.agent.all("/teleop/state")[before:] if told["state"] == state]
            return bool(found)

        wait_for(seen, timeout_s, f"{state}; now {self.agent.last('/teleop/state')}\n{self.teleop.output()}")
        return found[0]

    def settled(self, state: str, for_s: float, timeout_s: float = 5.0) -> bool:
        """Whether the hand comes to a state, and all that is told for so long says that it stays in it."""
        begin = time.monotonic()
        while time.monotonic() < begin + timeout_s:
            told = self.agent.since("/teleop/state", begin)
            others = [one["t"] for one in told if one["state"] != state]
            if told and told[-1]["t"] - max([told[0]["t"], *others]) >= for_s:
                return True
            time.sleep(0.02)
        return False

    def history(self) -> str:
        """The last states of the hand, one a line where they change."""
        told = [(f"{one['t']:.2f}", one["state"], one["reason"]) for one in self.agent.all("/teleop/state")[-150:]]
        return "\n".join(map(str, [one for last, one in zip([("", "", ""), *told], told) if one[1:] != last[1:]]))

    def position(self) -> Tuple[float, float, float]:
        x, y, z = self.agent.last("/widowx/state")["pose"][:3]
        return x, y, z

    def rest(self) -> None:
        """As at the start: nobody speaks for a recorder, the arm is disarmed, the teleoperator takes a new headset."""
        since = time.monotonic()
        self.agent.say({"recorder": None})
        if self.teleop.process.poll() is not None:
            self.start_teleop()
        for service in ("/widowx/resume", "/widowx/disarm"):
            assert self.agent.call(service)["success"], self.agent.last("answer")
        time.sleep(max(0.0, since + CLIENT_LEFT_S + 0.1 - time.monotonic()))

    def close(self) -> None:
        self.nodes.kill_all()
        self.agent.close()
