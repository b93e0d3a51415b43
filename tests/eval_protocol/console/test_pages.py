"""The pages of a session that is over, in real Chromium: past trials with their corrections, and a second rating."""

import os
import shutil
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from eval_protocol.console.app import make_app
from eval_protocol.console.archive import Archive
from eval_protocol.console.control import Control
from eval_protocol.labels import agreements, judgements, noted
from eval_protocol.rubric import Rubric
from eval_protocol.store import Store
from robot_bridge.web.access import Access, free_port
from robot_bridge.web.server import WebServer
from tests.eval_protocol.studies import single_session

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (./run test sets it up)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium (./run test sets it up)"),
    pytest.mark.timeout(90),
]
TABLET = {"width": 1024, "height": 768}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three trials, of whose second one more was noted after the verdict."""
    single_session(tmp_path / "s", lambda _, number: number == 1, trials=3, video=True)
    opened = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    row = next(row for row in opened.trials() if row.number == 2)
    noted_then = Rubric(milestones=["reach", "grasp"], failure="dropped", note="slipped").to_json()
    opened.label(row, "ann", "correction", False, noted_then, "details, given after the verdict")
    yield opened
    opened.close()


@pytest.fixture
def page(store: Store) -> Iterator[Any]:
    port = free_port("127.0.0.1")
    server = WebServer(
        make_app(Archive(store.path.parent), Access("127.0.0.1", port, ""), Control()), "127.0.0.1", port
    )
    server.start()
    faults: List[str] = []
    with sync_api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = chromium.new_page(viewport=TABLET)
        opened.set_default_timeout(20_000)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.goto(f"http://127.0.0.1:{port}/")
        yield opened
        chromium.close()
    server.close()
    assert not faults


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("VPTR_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_correction_keeps_how_far_the_trial_came(page: Any, store: Store) -> None:
    page.wait_for_selector("h1:has-text('Past trials')")  # there is no session to go back to
    assert page.locator("#back").is_hidden()
    card = page.locator("#attempt-2-1")
    card.locator("text=came to: reach, grasp · dropped · slipped").wait_for()
    keep(page, "review")
    card.locator("button").click()
    keep(page, "review-correct")
    page.fill("#rater", "bob")
    page.fill("#why", "it lay in the pot")
    page.click("#save")
    page.wait_for_selector("#attempt-2-1 h2:has-text('success')")
    assert noted(store, 2).milestones == ["reach", "grasp"] and noted(store, 2).note == "slipped"
    row = next(row for row in store.trials() if row.number == 2)
    assert [one.rater for one in judgements(store)[row.id].corrections] == ["bob"]


def test_a_second_rater_rates_all_videos_blind(page: Any, store: Store) -> None:
    page.goto(page.url + "rate")
    page.fill("#rater", "cem")
    page.click("text=Begin")
    page.wait_for_selector("#says:has-text('3 videos are left')")
    keep(page, "rate")
    page.keyboard.press("s")
    page.wait_for_selector("#says:has-text('2 videos are left')")
    page.click("#milestones button:has-text('reach')")
    page.select_option("#kind", "missed object")
    page.click("#failure")
    page.wait_for_selector("#says:has-text('1 video is left')")
    page.click("#success")
    page.wait_for_selector("#says:has-text('Done')")
    assert "kappa" in page.inner_text("#todo").lower()
    found = agreements(store)["cem"]
    labels = [one for one in store.labels() if one.role == "second"]
    assert found.trials == 3 and [one.success for one in labels] == [True, False, True]
    assert labels[1].rubric["milestones"] == ["reach"] and labels[1].rubric["failure"] == "missed object"
    assert labels[0].rubric["milestones"] == ["reach", "grasp", "transport", "place"]
