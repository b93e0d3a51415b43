import base64
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from eval_protocol.plan import PLACEMENTS, make_plan
from eval_protocol.report import write_report
from eval_protocol.session import Episode, Session, open_session
from eval_protocol.store import Store
from eval_protocol.summary import summarise
from eval_protocol.terminal_table import print_table
from tests.eval_protocol.fake import FakeRobot
from vptr_cli.eval_report import report as report_command

REASON = "camera <stale> & cold"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    store = Store(folder / "session.sqlite")
    provenance = {"git_sha": "abc123", "checkpoint": "f00d", "operator": "ann", "configuration": {"speed": 2.0}}
    open_session(store, make_plan("croissant_out_of_colander", 2), provenance, resume=False)
    Session(store, FakeRobot(folder, {3: [REASON]}, video=True), say=lambda line: None).run()
    store.close()
    return folder


@pytest.fixture(scope="module")
def page(session):
    return write_report(session).read_text()


def test_the_summary_counts_every_attempt(session):
    store = Store(session / "session.sqlite", read_only=True)
    summary = summarise(store)
    store.close()
    assert (summary["trials"], summary["successes"], summary["complete"]) == (12, 6, True)
    assert [round(x, 2) for x in summary["intervals"]["clopper_pearson"]] == [0.21, 0.79]
    assert len(summary["attempts"]) == 13
    assert summary["accounted"] == {"committed": 12, "aborted": 1, "interrupted": 0, "running": 0}
    assert {pose: row["successes"] for pose, row in summary["start_poses"].items()} == {
        "left_front": 2,
        "right_front": 1,
        "left_rear": 2,
        "right_rear": 1,
    }
    assert summary["timing"]["rate_hz"] == pytest.approx(5.0, abs=0.05)
    assert summary["timing"]["latency_p50_ms"] == pytest.approx(110, abs=2)
    assert summary["timing"]["limited"] == 24


def test_the_page_is_self_contained(page):
    assert page.count("<video") == 12
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]{1,40})', page))
    assert set(re.findall(r'href="([^"/]+)', page)) == {"videos", "trials.csv", "trials.json"}
    assert not re.search(r"<script|<link|@import|url\(|https?://", page)
    assert "default-src 'none'" in page


def test_the_videos_are_inside(page, session):
    inside = {base64.b64decode(text) for text in re.findall(r'src="data:video/mp4;base64,([^"]+)"', page)}
    assert inside == {path.read_bytes() for path in (session / "videos").iterdir()}


def test_every_video_that_is_linked_is_there(page, session):
    linked = set(re.findall(r'href="(videos/[^"]+)', page))
    assert linked == {f"videos/{path.name}" for path in (session / "videos").iterdir()}


def test_the_page_says_what_the_issue_asks_for(page):
    for text in (
        "6/12", "0.21 to", "Wilson", "camera to command", "control rate", "abc123", "f00d", "ann", "8/12",
        "under the", "Milestones", "Time to success", "Path length", "Smoothness", "Clipping rate", "Table 5",
    ):  # fmt: skip
        assert text in page, text
    assert "camera &lt;stale&gt; &amp; cold" in page
    drawn = re.findall(r'aria-label="([^"]+)', page)
    assert [name.split(":")[-1].strip() for name in drawn] == [
        "success rates with 95 % intervals",
        "successes by start pose and placement",
        "milestones reached",
        "share of trials that had succeeded by each moment",
        "path_m of every trial",
        "smoothness of every trial",
        "clipped of every trial",
        "distribution in ms",
        "distribution in Hz",
    ]


def test_everything_is_the_same_byte_for_byte_when_written_again(page, session):
    names = ("report.html", "trials.csv", "trials.json")
    before = [(session / name).read_bytes() for name in names]
    write_report(session / "session.sqlite")
    assert [(session / name).read_bytes() for name in names] == before


def test_it_is_the_same_in_a_process_with_other_hashes_and_elsewhere(page, session, tmp_path):
    """The order of sets and dictionaries, and the folder's place, must not get into it."""
    moved = shutil.copytree(session, tmp_path / session.name)
    (moved / "report.html").unlink()
    subprocess.run(
        [sys.executable, "-c", f"from eval_protocol.report import write_report; write_report({str(moved)!r})"],
        check=True, timeout=120, env={**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    assert (moved / "report.html").read_text() == page


def test_an_unfinished_session_says_so(tmp_path, capsys):
    store = Store(tmp_path / "session.sqlite")
    open_session(store, make_plan("knife_in_pot"), {}, resume=False)
    trial = store.next_trial()
    store.start(trial)
    episode = FakeRobot(tmp_path).run_policy(make_plan("knife_in_pot"), _first(), trial)
    store.commit(trial, True, "", episode.to_json())
    store.start(store.next_trial())
    summary = summarise(store)
    store.close()
    assert (summary["complete"], summary["status"]) == (False, "incomplete: 1 of 12 trials judged")
    assert summary["accounted"] == {"committed": 1, "aborted": 0, "interrupted": 0, "running": 1}
    print_table(summary, width=100)
    printed = capsys.readouterr().out
    assert printed.count("incomplete: 1 of 12 trials judged") == 2
    assert "attempts: 1 judged, 0 aborted, 0 interrupted, 1 running\n" in printed
    page = write_report(tmp_path).read_text()
    assert "<title>knife_in_pot: 1/1 (incomplete: 1 of 12 trials judged)</title>" in page
    assert '<span class="open">incomplete: 1 of 12 trials judged</span>' in page
    assert page.count("not judged") == 11
    assert "<td>running</td>" in page


def test_page_and_table_have_the_same_heads(page, session, capsys):
    assert report_command(session) == 0
    table = capsys.readouterr().out
    for head in PLACEMENTS:
        assert f"<th>{head}</th>" in page and f" {head} " in table
    assert "incomplete" not in page + table


def test_videos_are_named_by_trial_and_attempt(session):
    names = sorted(path.name for path in (session / "videos").iterdir())
    assert names[:3] == [
        "trial-01-left_front-attempt-1.mp4",
        "trial-02-left_front-attempt-1.mp4",
        "trial-03-left_front-attempt-2.mp4",
    ]
    assert len(names) == 12


def test_videos_of_sessions_that_named_them_by_uuid_are_still_shown(tmp_path):
    store = Store(tmp_path / "session.sqlite")
    open_session(store, make_plan("knife_in_pot"), {}, resume=False)
    trial = store.next_trial()
    store.start(trial)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / f"{trial.id}.mp4").write_bytes(b"moving pictures")
    store.commit(trial, True, "", Episode(duration_s=0.2, steps=1, video=f"videos/{trial.id}.mp4").to_json())
    store.close()
    assert base64.b64encode(b"moving pictures").decode() in write_report(tmp_path).read_text()


def _first():
    return make_plan("knife_in_pot").trials[0]


def test_a_session_without_any_trial_can_be_reported(tmp_path, capsys):
    store = Store(tmp_path / "session.sqlite")
    open_session(store, make_plan("knife_in_pot"), {}, resume=False)
    print_table(summarise(store), width=100)
    store.close()
    assert "0/0 successes" in capsys.readouterr().out
    assert "nothing is known" in write_report(tmp_path).read_text()


def test_trials_of_a_single_command_have_no_rate_and_are_reported_all_the_same(tmp_path, capsys):
    store = Store(tmp_path / "session.sqlite")
    open_session(store, make_plan("knife_in_pot"), {}, resume=False)
    trial = store.next_trial()
    store.start(trial)
    store.commit(trial, True, "", Episode(duration_s=0.2, steps=1, latencies_s=[0.1]).to_json())
    print_table(summarise(store), width=100)
    store.close()
    assert "control rate" not in capsys.readouterr().out
    assert "no judged trial had two commands" in write_report(tmp_path).read_text()


def test_the_command_prints_one_json_object(session, capsys):
    assert report_command(session, json=True) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["trials"], value["successes"]) == (12, 6)
    assert set(value["intervals"]) == {"confidence", "clopper_pearson", "wilson"}


def test_the_command_prints_the_table_and_the_page(session, capsys):
    assert report_command(session / "session.sqlite") == 0
    out = capsys.readouterr().out
    assert "left_front" in out and "6/12 successes" in out and "1 aborted" in out
    assert out.splitlines()[-1] == f"report: {session / 'report.html'}"


def test_the_command_names_a_missing_session(tmp_path, capsys):
    assert report_command(tmp_path / "none") == 1
    assert "no session file at" in capsys.readouterr().err
