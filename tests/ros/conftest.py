"""A real ROS master on a free port for the tests of this folder, and nodes as real processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import pytest

REPO = Path(__file__).resolve().parents[2]
_WIDTH, _HEIGHT = (320, 240) if os.environ.get("VPTR_SCREENSHOTS") else (96, 72)
SMALL_CAMERA: Dict[str, Any] = {"camera": "sim", "rate": 10, "width": _WIDTH, "height": _HEIGHT}
"""A third of what drawing costs at 320 x 240, which is for people who look at screenshots."""

rospy = pytest.importorskip("rospy", reason="needs ROS (./run test sets it up)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(
    condition: Callable[[], object], timeout_s: float, what: Union[str, Callable[[], str]], period_s: float = 0.02
) -> object:
    """Poll until the condition is true; fail the test with ``what`` (made then) after the time-out (wall clock)."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(period_s)
    pytest.fail(f"waited {timeout_s:.1f} s in vain for {what() if callable(what) else what}")


class Master:
    """A ROS master in a process group of its own, on its own port: rosmaster, which starts sooner than roscore."""

    command: Tuple[str, ...] = ("rosmaster", "--core")

    def __init__(self, log_dir: Path) -> None:
        self.port = free_port()
        self.environment = dict(
            os.environ,
            ROS_MASTER_URI=f"http://127.0.0.1:{self.port}",
            ROS_IP="127.0.0.1",
            ROS_LOG_DIR=str(log_dir),
            PYTHONPATH=os.pathsep.join([str(REPO), os.environ.get("PYTHONPATH", "")]),
            PYTHONUNBUFFERED="1",
        )
        self.environment.pop("ROS_HOSTNAME", None)
        self.environment.pop("PYOPENGL_PLATFORM", None)  # set by a renderer of this process, not for others
        self.start()

    def start(self) -> None:
        """Start the master, for the first time or after a kill."""
        self.process = subprocess.Popen(
            [*self.command, "-p", str(self.port)],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers, 60.0, self.command[0])

    def use_sim_time(self) -> None:
        """Let the nodes that are started from now on follow /clock."""
        master = xmlrpc.client.ServerProxy(self.environment["ROS_MASTER_URI"])
        code, told, _ = master.setParam("/tests", "/use_sim_time", True)
        assert code == 1, told

    def forget(self, node: str) -> None:
        """Forget the parameters of a node: they outlive it, and another of its name would have them."""
        xmlrpc.client.ServerProxy(self.environment["ROS_MASTER_URI"]).deleteParam("/tests", f"/{node}")

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, sig: int = signal.SIGKILL) -> None:
        """Kill the master and what it started: roscore's rosmaster and rosout are in sessions of their own."""
        for pid in [*_children(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        self.process.wait(timeout=10)


class Core(Master):
    """A master with all that users start: roscore, which brings rosout along."""

    command = ("roscore",)


def _children(pid: int) -> List[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


class Node:
    """A node script of this package, or one given by its whole path, as a process of its own."""

    def __init__(self, master: Master, log_dir: Path, script: Union[str, Path], *remaps: str) -> None:
        self.log = log_dir / f"{Path(script).name}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(REPO / "scripts" / script), *remaps],
                env=master.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, sig: int = signal.SIGKILL) -> Optional[int]:
        if self.process.poll() is None:
            os.killpg(self.process.pid, sig)
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait(timeout=10)

    def output(self) -> str:
        return self.log.read_text(errors="replace")


class Nodes:
    """Starts nodes and kills what is left of them."""

    def __init__(self, master: Master, log_dir: Path) -> None:
        self.master = master
        self._log_dir = log_dir
        self._nodes: List[Node] = []

    def start(self, script: Union[str, Path], **parameters: object) -> Node:
        """Start scripts/SCRIPT, or a script given by its whole path; ``name_`` sets the node's name."""
        name = parameters.pop("name_", None)
        remaps = [f"_{key}:={value}" for key, value in parameters.items()]
        remaps += [f"__name:={name}"] if name else []
        node = Node(self.master, self._log_dir, script, *remaps)
        self._nodes.append(node)
        return node

    def kill_all(self, but: Sequence[Optional[Node]] = ()) -> None:
        for node in self._nodes:
            if node not in but:
                node.kill()


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Master]:
    """One master for the session; this process becomes one of its nodes (rospy allows one master a process)."""
    core = Core(tmp_path_factory.mktemp("ros_log"))
    keys = ("ROS_MASTER_URI", "ROS_IP", "ROS_LOG_DIR")
    before: Dict[str, Optional[str]] = {key: os.environ.get(key) for key in keys}
    os.environ.update({key: core.environment[key] for key in keys})
    rospy.init_node("tests", anonymous=True, disable_signals=True)
    yield core
    rospy.signal_shutdown("tests are over")
    core.kill(signal.SIGTERM)
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


@pytest.fixture
def nodes(master: Master, tmp_path: Path) -> Iterator[Nodes]:
    """Start node processes on the session's master; they are killed after the test."""
    started = Nodes(master, tmp_path)
    yield started
    started.kill_all()


@pytest.fixture
def private_master(tmp_path: Path) -> Iterator[Master]:
    """A master of this test alone, for tests that kill it; observe it from other processes."""
    core = Master(tmp_path)
    yield core
    core.kill()


@pytest.fixture(scope="session")
def shipped_policy() -> Path:
    """The checkpoint folder that comes with the package."""
    return REPO / "models" / "v-ptr-sim"
