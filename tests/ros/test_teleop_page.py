"""The page in an emulated Quest 3 (real Chromium) drives the simulated arm over the real graph.

VPTR_SCREENSHOTS names a folder that keeps what was seen.
"""

import os
import re
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator, List, Set, Tuple

import numpy as np
import pytest

from robot_bridge.teleop.mapper import base_from_hand
from robot_bridge.teleop.stream import read_stream
from tests.ros.conftest import SMALL_CAMERA, Master, Node, wait_for
from tests.ros.emulated_quest import CHROMIUM, QUIET, Quest, engage, needs_chromium, needs_iwer
from tests.ros.teleop_graph import Graph

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (./run test sets it up)")
pytestmark = [needs_chromium, needs_iwer, pytest.mark.timeout(240)]
SLACK_S = 0.03
"""Between a tick and its message, on a machine that has other things to do."""
TABLET = {"width": 1180, "height": 820}
RECORDING = {
    "stage": "recording", "task": "knife_in_pot", "instruction": "put the knife in the pot", "duration_s": 3.2,
    "have": 7, "goal": 44, "says": "next: start at left_rear, object far middle (0 so far)",
    "answers": ["stop", "discard"],
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    folder = tmp_path_factory.mktemp("teleop")
    master = Master(folder)
    started = Graph(master, folder, camera=True, record=folder / "hand.jsonl")
    yield started
    started.close()
    master.kill()


@pytest.fixture
def graph(shared: Graph) -> Iterator[Graph]:
    yield shared
    shared.rest()


@pytest.fixture
def quest(browser: Any, graph: Graph) -> Iterator[Quest]:
    worn = Quest(browser, graph.address())
    yield worn
    worn.close()


@pytest.fixture
def watcher(browser: Any, graph: Graph) -> Iterator[Any]:
    """The page where no headset is."""
    page = browser.new_page(viewport=TABLET)
    page.goto(graph.address())
    yield page
    page.close()


@pytest.fixture
def recorder(graph: Graph, tmp_path: Path) -> Iterator[Node]:
    started = graph.start_recorder(tmp_path / "episodes", goal=44)
    yield started
    started.kill()


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("VPTR_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def at(x: float = 0.2, y: float = 1.2, z: float = -0.3) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def shows(page: Any, script: str) -> None:
    """Wait until an expression is true in the page; playwright's own wait evaluates in it, which its policy forbids."""
    wait_for(lambda: page.evaluate(script), 30.0, script, period_s=0.1)


def insist(act: Callable[[], object], condition: Callable[[], object], what: str, patience_s: float = 3.0) -> None:
    """Do it again until it works: on a busy machine the headset may stutter, and a press is then not counted."""

    def done() -> bool:
        act()
        end = time.monotonic() + patience_s
        while not condition() and time.monotonic() < end:
            time.sleep(0.05)
        return bool(condition())

    wait_for(done, 60.0, what)


def prepare(graph: Graph, quest: Quest) -> None:
    """Put the headset on, arm and go home, engage."""
    quest.enter()
    wait_for(
        lambda: graph.agent.last("/teleop/state").get("tracked"), 30.0, lambda: "samples:\n" + graph.teleop.output()
    )
    insist(lambda: quest.tap("Y", "left"), lambda: graph.agent.last("/widowx/state")["armed"], "the arm to be armed")
    graph.until("ready", 60.0)
    engage(graph, quest)


@pytest.fixture
def driving(graph: Graph, quest: Quest) -> Quest:
    prepare(graph, quest)
    return quest


PATH = np.array([(0.0, 0.0, 0.0), (0.05, 0.0, 0.0), (0.05, 0.03, 0.0), (0.0, 0.0, -0.04)])


def walk(graph: Graph, quest: Quest) -> List[np.ndarray]:
    """Where the arm is at each corner of the path; of the first part of it where a stutter opened the clutch."""
    quest.hand(at())
    engage(graph, quest)
    reached = [np.array(graph.position())]
    for begin, end in zip(PATH, PATH[1:]):
        for share in np.linspace(0.0, 1.0, 30)[1:].tolist():
            quest.hand(at(*(at()[:3, 3] + begin + share * (end - begin))))
            time.sleep(0.03)
        time.sleep(1.5)
        if not graph.agent.last("/teleop/state")["engaged"]:
            break
        reached.append(np.array(graph.position()))
    return reached


def test_the_arm_follows_the_hand(graph: Graph, driving: Quest) -> None:
    walked: List[List[np.ndarray]] = []
    insist(lambda: walked.append(walk(graph, driving)), lambda: len(walked[-1]) == len(PATH), "the whole path")
    reached = np.array(walked[-1])
    assert np.abs(reached - reached[0] - PATH @ base_from_hand(180).T).max() < 0.004, "4 mm"
    samples = list(read_stream(graph.folder / "hand.jsonl"))
    stamps = np.array([sample.stamp_s for sample in samples])
    assert np.median(np.diff(stamps)) == pytest.approx(1 / 72, rel=0.1), "72 Hz"
    assert {sample.frame for sample in samples} == {"room"} and all(sample.visible for sample in samples)


def opened(graph: Graph, why: str, since: float) -> None:
    """Wait for the clutch to be open because of ``why`` (a pattern)."""

    def seen() -> bool:
        told = graph.agent.since("/teleop/state", since)
        return any(re.search(why, state["reason"]) and not state["engaged"] for state in told)

    wait_for(seen, 20.0, f"{why!r}; before: {graph.agent.last('/teleop/state')}")


RIGHT, SHOW = "device.controllers.right", "device.updateVisibilityState"
LOSSES = {
    "the right controller is gone": (f"{RIGHT}.connected = false", f"{RIGHT}.connected = true"),
    "position is guessed": ("window.guessed = true", "window.guessed = false"),
    "hidden: the headset is hidden|the headset shows something else": (f"{SHOW}('hidden')", f"{SHOW}('visible')"),
    "reset: the view was recentred": ("device.recenter()", ""),
    "nothing new for": ("window.still = true", "window.still = false"),
}  # fmt: skip
"""What is told, how it is brought about in the headset, and how it ends."""


def test_whatever_is_lost_opens_the_clutch_until_the_grip_is_squeezed_anew(graph: Graph, driving: Quest) -> None:
    for why, (begin, end) in LOSSES.items():
        since = time.monotonic()
        driving.run(begin)
        opened(graph, why, since)
        driving.run(end)
        place = np.array(graph.position())
        for step in range(10):
            driving.hand(at(0.2 + 0.003 * step))
            time.sleep(0.02)
        assert not graph.settled("engaged", 0.2, 0.4), f"{why}: the grip was never released\n{graph.history()}"
        assert np.abs(np.array(graph.position()) - place).max() < 1e-3
        driving.hand(at())
        engage(graph, driving)
    felt = [strength for _, strength, _ in driving.buzzes()].count(1)
    assert felt >= len(LOSSES) - 2, "each, but by a controller that is gone and in a headset that is hidden"


def test_a_headset_that_stands_still_is_held_and_then_let_go_in_time(graph: Graph, driving: Quest) -> None:
    since = time.monotonic()
    driving.run("quest.block(900)")
    opened(graph, "nothing new for", since)
    told = [state for state in graph.agent.since("/teleop/state", since) if state["age_s"] >= 0.0]
    driven = max(state["age_s"] for state in told if state["commanded"])
    closed = max(state["age_s"] for state in told if state["engaged"])
    assert driven < 0.1 + SLACK_S, f"a command {driven:.3f} s after the last sample"
    assert closed < 0.25 + SLACK_S, f"the clutch closed {closed:.3f} s after the last sample"
    held = next(state for state in told if state["age_s"] > 0.15 and state["engaged"])
    assert held["state"] == "holding" and "nothing new" in held["reason"]
    engage(graph, driving)


def test_the_page_that_goes_opens_the_clutch_and_a_second_headset_never_drives(
    graph: Graph, browser: Any, driving: Quest
) -> None:
    since, second = time.monotonic(), Quest(browser, graph.address())
    second.enter()
    opened(graph, "a second client", since)
    second.page.wait_for_selector("#todo:has-text('another headset drives')", state="attached")
    engage(graph, driving)
    second.close()
    assert graph.settled("engaged", 0.5), "a watcher that goes is nobody's loss"
    since = time.monotonic()
    driving.page.goto("about:blank")
    opened(graph, "closed: ", since)
    wait_for(lambda: "no page is open" in diagnosis(graph), 20.0, "a word in the diagnostics")


def diagnosis(graph: Graph) -> str:
    told = [one["message"] for one in graph.agent.all("/diagnostics") if one["name"] == "/teleop: hand"]
    return told[-1] if told else ""


def test_a_headset_asleep_and_one_whose_robot_is_gone(graph: Graph, driving: Quest, browser: Any) -> None:
    since = time.monotonic()
    session = browser.new_browser_cdp_session()
    pages = [one["id"] for one in session.send("SystemInfo.getProcessInfo")["processInfo"] if one["type"] == "renderer"]
    for number, why in ((signal.SIGSTOP, "nothing new for"), (signal.SIGCONT, "")):
        for page in pages:
            os.kill(page, number)
        opened(graph, why, since)
    engage(graph, driving)
    graph.teleop.kill()
    driving.page.wait_for_selector("body[data-hand=lost]")
    shows(driving.page, "buzzes.some(([, strength]) => strength === 1)")
    before = len(graph.agent.all("/widowx/command"))
    time.sleep(0.5)
    assert len(graph.agent.all("/widowx/command")) == before


HOME_OF_LONG_AGO = """() => fetch("/home", {
    method: "POST", body: JSON.stringify({ stops: 0 }), headers: { "Content-Type": "application/json" }
}).then((reply) => reply.status)"""


def test_what_the_window_shows_and_does_where_no_headset_is(graph: Graph, watcher: Any) -> None:
    graph.agent.say({"recorder": RECORDING})
    watcher.wait_for_selector("#no-headset:visible")
    for place, words in (("counter", "7 / 44"), ("task", "put the knife in the pot"), ("stage", "recording 3.2 s")):
        watcher.wait_for_selector(f"#{place}:has-text('{words}')")
    watcher.wait_for_selector("#todo:has-text('no headset is in the page')")
    watcher.wait_for_selector("#none-0", state="hidden")
    shows(watcher, f"document.querySelector('canvas').width === {SMALL_CAMERA['width']}")
    watcher.click("#home")
    wait_for(lambda: graph.agent.last("/widowx/state")["armed"], 60.0, "the arm to be armed")
    watcher.wait_for_selector("#robot:has-text('arm: MOVING')", state="attached")
    keep(watcher, "teleop-window")
    watcher.keyboard.press("Space")
    wait_for(lambda: graph.agent.last("/widowx/state")["stopped"], 10.0, "STOP of the window")
    watcher.wait_for_selector("#banner:has-text('STOPPED')")
    keep(watcher, "teleop-stopped")
    watcher.click("#home")
    wait_for(lambda: not graph.agent.last("/widowx/state")["stopped"], 30.0, "the arm to go on")
    for _ in range(5):
        watcher.evaluate("() => { for (const id of ['home', 'stop']) document.getElementById(id).click(); }")
        wait_for(lambda: graph.agent.last("/widowx/state")["stopped"], 10.0, "STOP")
        time.sleep(0.5)
        assert graph.agent.last("/widowx/state")["stopped"], "a stop has the last word over what was asked before it"
        watcher.click("#home")
        wait_for(lambda: not graph.agent.last("/widowx/state")["stopped"], 30.0, "the arm to go on")
    assert watcher.evaluate(HOME_OF_LONG_AGO) == 502, "the page that asks has not heard of the stops since"
    watcher.set_viewport_size({"width": 390, "height": 844})
    keep(watcher, "teleop-phone")


def test_the_window_leads_through_a_demonstration_by_keys_and_buttons(
    graph: Graph, recorder: Node, watcher: Any
) -> None:
    watcher.wait_for_selector("#counter:has-text('0 / 44')")
    watcher.keyboard.press("x")
    wait_for(lambda: graph.agent.last("/widowx/state")["armed"], 60.0, "a new start")
    insist(lambda: watcher.keyboard.press("a"), lambda: stage(graph) == "recording", "the key A to start", 15.0)
    watcher.wait_for_selector("body[data-stage=recording]")
    watcher.wait_for_timeout(3000)
    watcher.click("#ask-stop")
    watcher.wait_for_selector("#hint:has-text('tracking loss')")
    shows(watcher, "[...document.querySelectorAll('canvas')].at(-1).width === 640")
    keep(watcher, "teleop-review")
    watcher.keyboard.press("b")
    watcher.wait_for_selector("body[data-stage=waiting], body[data-stage=preparing]")
    shows(watcher, "document.querySelectorAll('.screen')[1].hidden")
    assert graph.agent.last("/recorder/state")["have"] == 0


def stage(graph: Graph) -> str:
    return str(graph.agent.last("/recorder/state")["stage"])


def test_buttons_and_pulses(graph: Graph, driving: Quest) -> None:
    since = time.monotonic()
    graph.agent.say({"recorder": RECORDING})
    shows(driving.page, "document.getElementById('latency').textContent.includes('link')")
    keep(driving.page, "teleop-vr")
    for button, side, event in (("A", "right", "success"), ("B", "right", "failure"), ("X", "left", "discard")):
        insist(partial(driving.tap, button, side), partial(told_of, graph, event, since), event)
    assert {(0.5, 30), (0.8, 150)} <= pulses(driving), "clutch and record"
    insist(partial(run_away, graph, driving), lambda: (0.3, 20) in pulses(driving), "the clamp to be felt")
    engage(graph, driving)
    since = time.monotonic()
    driving.press("grip", side="left")
    wait_for(lambda: graph.agent.last("/widowx/state")["stopped"], 10.0, "the left grip to stop the arm")
    opened(graph, "the arm is stopped", since)
    driving.press("grip", 0.0, side="left")
    driving.press("grip", 0.0)
    going = partial(graph.agent.last, "/widowx/state")
    insist(partial(driving.tap, "Y", "left"), lambda: not going()["stopped"], "the arm to go on")


def pulses(quest: Quest) -> Set[Tuple[float, float]]:
    return {(strength, ms) for _, strength, ms in quest.buzzes()}


def run_away(graph: Graph, quest: Quest) -> None:
    """Move the hand faster than the arm may follow."""
    quest.hand(at())
    engage(graph, quest)
    for step in range(40):
        quest.hand(at(0.2, 1.2 + 0.008 * step))
        time.sleep(0.02)


def told_of(graph: Graph, event: str, since: float) -> bool:
    return event in [told["event"] for told in graph.agent.since("/teleop/event", since)]


def test_the_room_is_seen_behind_the_panels(graph: Graph, quest: Quest) -> None:
    graph.agent.say({"recorder": {**RECORDING, "stage": "reviewing"}})
    quest.page.evaluate(
        "() => { const { prototype } = WebGL2RenderingContext, clear = prototype.clearColor; window.ground = new Set();"
        " prototype.clearColor = function (...colour) { ground.add(`${colour}`); clear.apply(this, colour); }; }"
    )
    quest.enter("ar")
    wait_for(lambda: graph.agent.last("/teleop/state").get("tracked"), 30.0, "samples")
    quest.page.wait_for_timeout(2000)
    keep(quest.page, "teleop-ar")
    assert quest.page.evaluate("() => [...ground]") == ["0,0,0,0"], "nothing is painted over the room"
    quest.run("device.activeSession.end()")
    wait_for(lambda: not graph.agent.last("/teleop/state")["tracked"], 10.0, "the hand to be gone")
