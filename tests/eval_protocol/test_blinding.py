import json
import sqlite3
from contextlib import closing

import pytest

from eval_protocol.blinding import BROKEN, log_break, unseal
from eval_protocol.plan import canonical_hash
from eval_protocol.reading import read_session
from eval_protocol.seal import NamedPolicy, SealError, draw_key, write_key
from eval_protocol.store import Store
from tests.eval_protocol.studies import single_session, study_session


def opened(folder, key, who="ann", reason=""):
    store = Store(folder / "session.sqlite", exclusive=False)
    try:
        unseal(store, key, who, reason)
    finally:
        store.close()
    return read_session(folder)


def better(name, number):
    return name == "ours"


def test_names_are_known_only_after_the_seal_is_opened(tmp_path):
    key = study_session(tmp_path / "s", better)
    before = read_session(tmp_path / "s")
    assert before.sealed and [one.name for one in before.policies()] == ["policy A", "policy B"]
    assert {one.checkpoint for one in before.policies()} == {""}
    after = opened(tmp_path / "s", tmp_path / "s" / "key.json")
    assert [(one.name, one.label) for one in after.policies()] == [
        ("ours", key.label("ours")),
        ("base", key.label("base")),
    ]
    assert (after.unsealing.who, after.unsealing.judged, after.unsealing.planned) == ("ann", 24, 24)
    assert after.breaks() == []


def test_opening_it_early_needs_a_reason_and_is_logged_for_good(tmp_path):
    study_session(tmp_path / "s", better, trials=5)
    key = tmp_path / "s" / "key.json"
    with pytest.raises(SealError, match=r"5 of 24 trials are judged.*--break-blinding REASON"):
        opened(tmp_path / "s", key)
    assert read_session(tmp_path / "s").sealed
    after = opened(tmp_path / "s", key, reason="the robot leaves tomorrow")
    assert [event.detail for event in after.breaks()] == ["ann: the robot leaves tomorrow (5 of 24 trials judged)"]
    again = opened(tmp_path / "s", key, who="bob")
    assert again.unsealing.who == "ann" and len(again.breaks()) == 1


def test_a_sequential_study_that_its_rule_has_ended_may_be_opened(tmp_path):
    study_session(tmp_path / "s", better, trials=16, test="sequential")
    reading = opened(tmp_path / "s", tmp_path / "s" / "key.json")
    assert reading.complete() and reading.breaks() == []


def test_a_wrong_key_a_nobody_or_a_session_of_one_policy_are_refused(tmp_path):
    study_session(tmp_path / "s", better, trials=0)
    other = tmp_path / "other.json"
    write_key(other, draw_key([NamedPolicy(name=n, folder="/m", checkpoint=n) for n in ("ours", "base")]))
    with pytest.raises(SealError, match="is not the key of this plan"):
        opened(tmp_path / "s", other)
    with pytest.raises(SealError, match="--who NAME"):
        opened(tmp_path / "s", tmp_path / "s" / "key.json", who=" ")
    single_session(tmp_path / "one", better, trials=0)
    with pytest.raises(SealError, match="nothing is sealed"):
        opened(tmp_path / "one", other)


def test_breaks_by_people_are_logged_too(tmp_path):
    study_session(tmp_path / "s", better, trials=1)
    store = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    log_break(store, "ann", "the terminal showed the folder's name")
    store.close()
    found = read_session(tmp_path / "s").breaks()
    assert [(one.kind, one.detail) for one in found] == [(BROKEN, "ann: the terminal showed the folder's name")]


@pytest.mark.parametrize(
    "change",
    [
        {"question": {"alpha": 0.4}},
        {"question": {"test": "boschloo"}},
        {"question": {"primary": ["base", "ours"]}},
        {"question": {"hypothesis": "Whatever came out."}},
        {"seed": 4},
    ],
)
def test_a_plan_that_was_changed_after_it_was_sealed_is_not_opened(tmp_path, change):
    study_session(tmp_path / "s", better, test="stratified")
    path = tmp_path / "s" / "session.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        plan = json.loads(db.execute("SELECT plan FROM session").fetchone()[0])
        for name, value in change.items():
            plan[name] = {**plan[name], **value} if isinstance(value, dict) else value
        db.execute("UPDATE session SET plan = ?, plan_hash = ?", (json.dumps(plan), canonical_hash(plan)))
    with pytest.raises(SealError, match=r"was changed after it was sealed.*Restore the plan"):
        opened(tmp_path / "s", tmp_path / "s" / "key.json")


def test_a_plan_changed_after_the_seal_was_opened_is_told_too(tmp_path):
    study_session(tmp_path / "s", better)
    opened(tmp_path / "s", tmp_path / "s" / "key.json")
    with closing(sqlite3.connect(tmp_path / "s" / "session.sqlite")) as db, db:
        plan = json.loads(db.execute("SELECT plan FROM session").fetchone()[0])
        plan["slots"].sort(key=lambda slot: slot["policy"])
        db.execute("UPDATE session SET plan = ?, plan_hash = ?", (json.dumps(plan), canonical_hash(plan)))
    with pytest.raises(SealError, match="was changed after it was sealed"):
        read_session(tmp_path / "s")


def test_a_blank_reason_is_none(tmp_path):
    study_session(tmp_path / "s", better, trials=3)
    with pytest.raises(SealError, match="3 of 24 trials are judged"):
        opened(tmp_path / "s", tmp_path / "s" / "key.json", reason=" ")
