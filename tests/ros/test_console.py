"""The operator's page in Chromium over the real graph: bridge, camera, policy, session, console and STOP.

VPTR_SCREENSHOTS names a folder that keeps what the page looked like.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import yaml

from eval_protocol.lab import PROTOCOL
from eval_protocol.store import LabelRow, Store, TrialRow
from robot_bridge.share import share_path
from tests.ros.conftest import REPO, SMALL_CAMERA, Master, Node, Nodes, wait_for
from tests.ros.test_session_node import WEIGHTS, StandingPolicy, start_bridge

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (./run test sets it up)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium (./run test sets it up)")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TABLET, PHONE = {"width": 1180, "height": 820}, {"width": 390, "height": 844}


class Graph:
    """All nodes of a session of three trials whose operator is at the page; the policy stands still."""

    def __init__(self, master: Master, folder: Path) -> None:
        master.use_sim_time()
        self.folder, self.nodes, self.policy = folder, Nodes(master, folder), StandingPolicy(master)
        self.observer_log = folder / "states.jsonl"
        with self.observer_log.open("wb") as output:
            self.observer = subprocess.Popen(
                [sys.executable, str(REPO / "tests" / "ros" / "observe.py")], env=master.environment, stdout=output
            )
        start_bridge(self.nodes, speed=1.0)
        self.nodes.start("camera_node", name_="camera", **SMALL_CAMERA)
        self.nodes.start("stop_node", name_="stop")
        self.console = self.nodes.start("console_node", name_="console", calibration="sim")
        checkpoint = folder / "checkpoint"
        checkpoint.mkdir()
        (checkpoint / "policy.safetensors").write_bytes(WEIGHTS)
        self.session = self.start_session()

    def start_session(self) -> Node:
        self.session = self.nodes.start(
            "session_node",
            name_="session",
            protocol=self._protocol(),
            policy=self.folder / "checkpoint",
            session_dir=self.folder / "session",
            judge="console",
        )
        return self.session

    def address(self) -> str:
        wait_for(
            lambda: "console: http" in self.console.output(), 30.0, lambda: "the console:\n" + self.console.output()
        )
        found = re.search(r"console: (http\S+)", self.console.output())
        assert found is not None
        return found.group(1)

    def rows(self) -> List[TrialRow]:
        store = Store(self.folder / "session" / "session.sqlite", read_only=True)
        rows = [row for row in store.trials() if row.state != "planned"]
        store.close()
        return rows

    def labels(self) -> List[LabelRow]:
        store = Store(self.folder / "session" / "session.sqlite", read_only=True)
        rows = store.labels()
        store.close()
        return rows

    def robot(self) -> Dict[str, Any]:
        """The newest state of the arm."""
        lines = self.observer_log.read_bytes().split(b"\n")
        return json.loads(lines[-2]) if len(lines) > 1 else {}

    def close(self) -> None:
        for node in (self.console, self.session):  # a stopped process does not hear that it is killed
            if node.process.poll() is None:
                os.killpg(node.process.pid, signal.SIGCONT)
        self.nodes.kill_all()
        self.policy.kill()
        self.observer.kill()
        self.observer.wait(timeout=10)

    def _protocol(self) -> Path:
        lab = yaml.safe_load(share_path(PROTOCOL).read_text())
        for kind in ("poses", "containers"):
            lab[kind] = {"left_front": lab[kind]["left_front"]}
        path = self.folder / "short.yaml"
        path.write_text(yaml.safe_dump({**lab, "time_limit_s": 20.0}))
        return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def graph(private_master: Master, tmp_path: Path) -> Iterator[Graph]:
    started = Graph(private_master, tmp_path)
    yield started
    started.close()


@pytest.fixture
def page(browser: Any, graph: Graph) -> Iterator[Any]:
    opened = browser.new_page(viewport=TABLET)
    opened.set_default_timeout(30_000)
    faults: List[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(graph.address())
    yield opened
    opened.close()
    assert not faults


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("VPTR_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def stage(page: Any, name: str) -> None:
    page.wait_for_selector(f"body[data-stage={name}]")


def rate(page: Any) -> float:
    """How many pictures a second the page says that it shows."""
    return float(page.inner_text("#camera-rate").partition(" ")[0] or 0.0)


def goes_on(page: Any) -> bool:
    """Press Go on where the session asks for it; whether it has come to the next trial."""
    if page.get_attribute("body", "data-stage") == "recovering":
        page.click("#answer-continue")
        page.wait_for_timeout(500)
    return bool(page.get_attribute("body", "data-stage") == "setup")


@pytest.mark.timeout(150)
def test_a_whole_session_is_run_from_the_page(graph: Graph, page: Any) -> None:
    page.wait_for_selector("body[data-stage=setup] #trial-title:has-text('Trial 1 of 3')")
    assert page.locator("#marks polygon").count() == 2, "target and container"
    keep(page, "setup")
    page.click("#answer-start")
    stage(page, "running")
    wait_for(lambda: rate(page) >= 10.0, 10.0, "ten pictures a second", period_s=0.2)
    assert 0 < int(page.inner_text("#clock")) <= 20
    page.click("#milestones button:has-text('reach')")
    keep(page, "running")
    page.fill("#note", "touched it <b>once</b>")
    page.click("#says")  # out of the text field: keys are answers again
    page.keyboard.press("s")
    page.wait_for_selector("#trial-title:has-text('Trial 2 of 3')")

    page.wait_for_selector("#rubric-title:has-text('trial 1, a success')")  # what there was no time for can be added
    page.click("#milestones button:has-text('grasp')")
    keep(page, "details")
    page.click("#add")
    page.wait_for_selector("#banner:has-text('kept with trial 1')")

    page.reload()
    stage(page, "setup")
    page.wait_for_selector("#milestones button[aria-pressed=true]:has-text('grasp')")
    page.keyboard.press("Enter")
    stage(page, "running")
    page.keyboard.press("a")
    stage(page, "recovering")
    page.click("#answer-continue")
    page.wait_for_selector("body[data-stage=setup] #trial-title:has-text('attempt 2')")
    page.wait_for_selector("#reference:visible")
    wide = "document.getElementById('reference').naturalWidth > 0"
    wait_for(lambda: page.evaluate(wide), 10.0, "the picture of the first attempt's start")
    keep(page, "overlay")
    page.click("#answer-start")
    stage(page, "running")
    page.select_option("#failure", index=1)
    page.click("#answer-failure")
    page.wait_for_selector("#trial-title:has-text('Trial 3 of 3')")

    page.click("#answer-start")
    stage(page, "running")
    graph.session.kill()
    page.wait_for_selector("#banner:has-text('the session has said nothing')")
    graph.start_session()
    stage(page, "recovering")  # the standing policy hears no keepalive and goes on: nobody may move the arm yet
    assert "another client is running the policy" in page.inner_text("#says")
    wait_for(lambda: goes_on(page), 30.0, "the lost session's episode to end", period_s=0.5)
    page.set_viewport_size(PHONE)
    keep(page, "phone")
    assert page.locator("#stop").is_visible()
    page.click("#answer-start")
    stage(page, "running")
    page.click("#answer-success")
    stage(page, "finished")
    keep(page, "finished")

    rows = graph.rows()
    assert [(row.number, row.state, row.success) for row in rows] == [
        (1, "committed", True), (2, "aborted", None), (2, "committed", False),
        *[(3, "aborted", None)] * (len(rows) - 4), (3, "committed", True),
    ]  # fmt: skip
    assert len(rows) >= 6
    (added,) = graph.labels()
    assert (added.trial, added.success, added.rubric["milestones"]) == (rows[0].id, True, ["reach", "grasp"])
    assert added.rubric["note"] == "touched it <b>once</b>"
    assert rows[0].result["rubric"]["milestones"] == ["reach"] and rows[0].reason == "operator: touched it <b>once</b>"
    assert rows[2].result["rubric"]["failure"] and rows[1].reason == "operator: no reason given"
    assert rows[3].reason.startswith("interrupted")
    kept = [graph.folder / "session" / row.result[kind] for row in rows[:3] for kind in ("video", "start")]
    assert all(path.is_file() for path in kept)


@pytest.mark.timeout(100)
def test_stop_works_when_console_and_session_hang(graph: Graph, page: Any) -> None:
    stage(page, "setup")
    page.click("#answer-start")
    stage(page, "running")
    for node in (graph.console, graph.session):
        os.killpg(node.process.pid, signal.SIGSTOP)
    page.focus("#failure")
    page.keyboard.press("Space")  # stops also where a list or slider would take the key
    wait_for(lambda: graph.robot().get("stopped"), 3.0, "the arm to be stopped")
    page.wait_for_selector("#banner:has-text('the robot has confirmed it')")
    keep(page, "stopped")
    for node in (graph.console, graph.session):
        os.killpg(node.process.pid, signal.SIGCONT)
    stage(page, "recovering")
    assert "the arm was stopped" in page.inner_text("#says")
    page.click("#answer-continue")
    stage(page, "setup")
    assert not graph.robot()["stopped"] and graph.rows()[0].state == "aborted"


@pytest.mark.timeout(100)
def test_an_episode_ends_when_the_page_is_gone(graph: Graph, page: Any) -> None:
    stage(page, "setup")
    page.click("#answer-start")
    stage(page, "running")
    page.goto("about:blank")
    wait_for(lambda: graph.rows()[0].state == "aborted", 15.0, lambda: "the abort:\n" + graph.session.output())
    assert "no page with the controls" in graph.rows()[0].reason
