import json

import pytest

from eval_protocol.reading import read_session
from eval_protocol.record import records
from eval_protocol.report import write_report
from eval_protocol.store import Store, StoreError
from eval_protocol.yaml_source import PlanError
from tests.eval_protocol.studies import single_session


@pytest.fixture
def session(tmp_path):
    single_session(tmp_path / "s", lambda _, number: number == 1, trials=2, video=True)
    return tmp_path / "s"


def change(folder, statement, *values):
    """Damage a file behind its own rules."""
    store = Store(folder / "session.sqlite", exclusive=False)
    store._db.execute("DROP TRIGGER verdict_is_final")
    store._db.execute(statement, values)
    store.close()


def test_an_attempt_as_it_was(session):
    one, other = records(read_session(session))
    assert (one.trial, one.success, one.policy, one.task, one.start_pose) == (
        1,
        True,
        "ours",
        "knife_in_pot",
        "left_front",
    )
    assert (one.duration_s, one.steps, one.path_m, one.clipped) == (4.0, 20, pytest.approx(0.2), 0.15)
    assert (one.latency_p50_ms, one.rate_hz) == (pytest.approx(100), pytest.approx(5.0))
    assert one.smoothness is not None and one.video == "videos/trial-01-left_front-attempt-1.mp4"
    assert (other.failure, other.note, other.milestones) == ("missed object", "too far left", ("reach",))
    assert one.start != other.start
    assert one.started.endswith("UTC")


def test_equal_starts_have_one_name_in_every_session(tmp_path):
    single_session(tmp_path / "a", lambda *_: True, "ours", trials=3)
    single_session(tmp_path / "b", lambda *_: True, "base", trials=3)
    single_session(tmp_path / "c", lambda *_: True, "base", seed=4, trials=3)
    names = [[one.start for one in records(read_session(tmp_path / name))] for name in "abc"]
    assert names[0] == names[1] and not set(names[0]) & set(names[2])


def test_what_earlier_versions_did_not_log_is_unknown(session):
    change(session, "UPDATE trial SET result = ? WHERE number = 1", json.dumps({"duration_s": 3.0, "steps": 9}))
    one = records(read_session(session))[0]
    assert (one.path_m, one.smoothness, one.clipped, one.rate_hz, one.latency_p50_ms) == (None,) * 5
    assert "12" in write_report(session).read_text()


@pytest.mark.parametrize("name", ["../outside.mp4", "/etc/hostname", "videos", "videos/none.mp4", "videos/../../x.mp4"])
def test_only_a_file_within_the_session_is_a_video(session, name):
    (session.parent / "outside.mp4").write_bytes(b"film")
    change(session, "UPDATE trial SET result = ? WHERE number = 1", json.dumps({"video": name}))
    assert records(read_session(session))[0].video == ""


@pytest.mark.parametrize(
    ("statement", "value", "problem"),
    [
        ("UPDATE trial SET result = ? WHERE number = 1", '{"latencies_s": "fast"}', "trial 1 attempt 1, latencies_s"),
        ("UPDATE trial SET result = ? WHERE number = 1", '{"steps": 1e999}', "trial 1 attempt 1, steps"),
        ("UPDATE trial SET result = ? WHERE number = 1", '{"rubric": {"milestones": ["fly"]}}', "no milestone 'fly'"),
        ("UPDATE trial SET result = ? WHERE number = 1", "[1]", "expected a JSON object"),
        ("UPDATE trial SET result = ? WHERE number = 1", "{", "is damaged"),
        ("UPDATE trial SET number = ? WHERE number = 1", 99, "it has trial 99, its plan has 1 to 12"),
        ("UPDATE session SET plan = ?", "{}", "Field required"),
        ("UPDATE session SET plan = ?", '{"kind": "study"}', "study: seed: Field required"),
        ("UPDATE session SET plan = ?", "null", "expected a JSON object"),
    ],
)
def test_a_damaged_file_says_where_it_is_damaged(session, statement, value, problem):
    change(session, statement, value)
    with pytest.raises((StoreError, PlanError)) as error:
        write_report(session)
    assert problem in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no database at all, but text" * 200])
def test_what_is_no_session_file_is_said(tmp_path, content):
    (tmp_path / "session.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match=r"holds no session|cannot be read as a session file"):
        write_report(tmp_path)


def test_a_file_with_damaged_pages_is_said(session):
    path = session / "session.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match=r"cannot read|is damaged"):
        write_report(session)
