"""What a session or a blind study shows: before the seal is opened, after it, and where not all went well."""

import json
import re
from html import unescape

import pytest

from eval_protocol.blinding import log_break, unseal
from eval_protocol.labels import correct, rate
from eval_protocol.report import write_report
from eval_protocol.rubric import Rubric
from eval_protocol.store import Store
from eval_protocol.summary import summarise
from tests.eval_protocol.studies import single_session, study_session

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def summary(folder):
    store = Store(folder / "session.sqlite", read_only=True)
    try:
        return summarise(store)
    finally:
        store.close()


def act(folder, do):
    store = Store(folder / "session.sqlite", exclusive=False)
    try:
        return do(store)
    finally:
        store.close()


def open_seal(folder, reason=""):
    act(folder, lambda store: unseal(store, folder / "key.json", "lea", reason))


def clear(name, number):
    """Ours succeeds, the others do not."""
    return name == "ours"


def even(name, number):
    return number % 4 < 2


@pytest.fixture
def study(tmp_path):
    study_session(tmp_path / "s", clear, base_rate=0.25)
    return tmp_path / "s"


def test_while_it_is_sealed_nothing_tells_who_is_who_and_nothing_is_tested(study):
    found = summary(study)
    assert (found["sealed"], found["answer"], found["complete"]) == (True, None, True)
    assert [one["name"] for one in found["policies"]] == ["policy A", "policy B"]
    assert found["shows"].startswith("The names are sealed, so nothing is tested yet")
    write_report(study)
    for name in ("report.html", "trials.csv", "trials.json"):
        text = (study / name).read_text()
        assert "sha256 of" not in text and "/models/" not in text and "Boschloo p" not in text
        assert not re.search(r"policy [AB][^<]{0,20}(ours|base)", text)
    page = (study / "report.html").read_text()
    assert "<title>knife_in_pot: sealed</title>" in page and "policy A" in page


def test_opened_it_gives_the_registered_verdict_with_everything_beside_it(study):
    open_seal(study)
    found = summary(study)
    primary = found["answer"]["primary"]
    assert (primary["a"], primary["b"], primary["verdict"]) == ("ours", "base", "better")
    assert (primary["successes_a"], primary["trials_a"], primary["successes_b"]) == (12, 12, 0)
    assert found["registration"]["followed"] and found["deviations"] == []
    assert [one["name"] for one in found["policies"]] == ["ours", "base"]
    page = " ".join(write_report(study).read_text().split())
    for text in (
        "ours is better than base", "The pre-registration was followed", "Boschloo", "stratified", "McNemar", "e-value",
        "P(first", "Minimum detectable effect", "12 : 0 of 12 pairs", "lea, 24 of 24 trials judged", "sha256 of ours",
        "&gt; 0.999", "Table 1, scenario 1: Knife in pot",
    ):  # fmt: skip
        assert text in page, text
    assert page.count("(shown as ") == 2 and "policy A" not in page


def test_opened_reports_are_the_same_byte_for_byte(study):
    open_seal(study)
    first = write_report(study).read_bytes()
    assert write_report(study).read_bytes() == first


def test_what_was_not_found_is_inconclusive(tmp_path):
    study_session(tmp_path / "s", even)
    open_seal(tmp_path / "s")
    found = summary(tmp_path / "s")
    assert found["answer"]["primary"]["verdict"] == "inconclusive"
    assert "do not tell them apart" in found["shows"]
    assert "<title>knife_in_pot: inconclusive</title>" in write_report(tmp_path / "s").read_text()


def test_an_early_opening_a_break_and_late_corrections_are_deviations(tmp_path):
    study_session(tmp_path / "s", clear, trials=10)
    act(tmp_path / "s", lambda store: log_break(store, "ann", "saw the folder"))
    open_seal(tmp_path / "s", "the robot leaves")
    act(tmp_path / "s", lambda store: correct(store, 2, "bob", True, Rubric(), "it was in"))
    found = summary(tmp_path / "s")
    assert found["deviations"] == [
        "10 of 24 planned trials are judged; the declared end has not been reached.",
        "The blinding was broken: ann: saw the folder.",
        "The blinding was broken: lea: the robot leaves (10 of 24 trials judged).",
        "1 labels were corrected after the names were known.",
    ]
    assert not found["registration"]["followed"] and "did not go as was declared" in found["shows"]
    page = write_report(tmp_path / "s").read_text()
    assert "The pre-registration was not followed" in page and "saw the folder" in page


def test_corrections_count_and_the_verdict_without_them_is_told(tmp_path):
    study_session(tmp_path / "s", lambda name, number: name == "ours" and number > 12)
    wrong = [one["trial"] for one in summary(tmp_path / "s")["attempts"] if not one["success"]]
    before = open_before(tmp_path / "s")
    for trial in [number for number in wrong if number in before]:
        act(tmp_path / "s", lambda store, trial=trial: correct(store, trial, "bob", True, Rubric(), "it was in"))
    open_seal(tmp_path / "s")
    found = summary(tmp_path / "s")
    assert found["answer"]["primary"]["successes_a"] == 12
    assert found["answer"]["uncorrected"]["successes_a"] == 6
    assert [(one["was"], one["success"], one["who"]) for one in found["corrections"]] == [(False, True, "bob")] * 6
    assert found["deviations"] == [], "they were corrected while the names were sealed"
    page = write_report(tmp_path / "s").read_text()
    assert "without corrections" in page and page.count("corrected by bob") == 6


def open_before(folder):
    """The trials of ours, by the key."""
    key = json.loads((folder / "key.json").read_text())["policies"]
    label = next(label for label, policy in key.items() if policy["name"] == "ours")
    return [one["trial"] for one in summary(folder)["attempts"] if one["label"] == label]


def test_further_baselines_share_one_alpha_by_holm(tmp_path):
    study_session(tmp_path / "s", clear, names=("ours", "base", "third", "fourth"))
    open_seal(tmp_path / "s")
    found = summary(tmp_path / "s")["answer"]
    assert [(one["a"], one["b"]) for one in found["others"]] == [("ours", "fourth"), ("ours", "third")]
    assert found["primary"]["adjusted_p"] == found["primary"]["boschloo_p"]
    assert [one["adjusted_p"] for one in found["others"]] == pytest.approx([2 * found["primary"]["boschloo_p"]] * 2)
    assert "adjusted together by Holm" in write_report(tmp_path / "s").read_text()


def test_a_sequential_study_may_be_looked_at_while_it_is_sealed(tmp_path):
    study_session(tmp_path / "s", clear, test="sequential", trials=8)
    shown = summary(tmp_path / "s")["shows"]
    value = float(re.search(r"The e-value has reached ([\d.]+) of 20 in 4 pairs", shown).group(1))
    assert 1.0 < value < 20.0
    study_session(tmp_path / "t", clear, test="sequential", trials=16)
    found = summary(tmp_path / "t")
    assert found["complete"] and found["status"].startswith("ended by its rule after 16 of 24 trials")
    open_seal(tmp_path / "t")
    found = summary(tmp_path / "t")
    assert found["answer"]["primary"]["verdict"] == "better" and found["deviations"] == []


def test_a_second_rater_is_reported_with_kappa(study):
    for number in range(1, 25):
        verdict = number % 2 == 0
        act(study, lambda store, number=number, verdict=verdict: rate(store, number, "bob", verdict, Rubric()))
    found = summary(study)["agreement"]
    assert [(one["rater"], one["trials"], one["unsealed"]) for one in found] == [("bob", 24, 0)]
    assert found[0]["words"] in unescape(write_report(study).read_text())


def test_hostile_words_stay_words(tmp_path):
    single_session(tmp_path / "s", even, trials=1)
    store = Store(tmp_path / "s" / "session.sqlite")
    row = store.next_trial()
    store.start(row)
    store.log("remark", HOSTILE, row)
    store.abort(row, HOSTILE, {"ended": HOSTILE, "video": "javascript:alert(1)"})
    row = store.next_trial()
    store.start(row)
    store.commit(row, True, HOSTILE, {"rubric": Rubric(note=HOSTILE).to_json(), "video": "../../etc/passwd"})
    correct(store, row.number, HOSTILE, False, Rubric(note=HOSTILE), HOSTILE)
    rate(store, row.number, HOSTILE, True, Rubric())
    store.close()
    page = write_report(tmp_path / "s").read_text()
    assert "<script" not in page and "<img" not in page and "javascript:" not in page and "passwd" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 7
    assert "{{ 7*7 }}" in page and "49" not in re.findall(r"onerror=alert\(1\)&gt;(.{0,10})", page)[0]


def test_a_hostile_policy_name_stays_a_name(tmp_path):
    study_session(tmp_path / "s", clear, names=(HOSTILE[:60], "</svg><script>x</script>"))
    open_seal(tmp_path / "s")
    page = write_report(tmp_path / "s").read_text()
    assert "<script" not in page and page.count("</svg>") == page.count("<svg")


def test_a_plan_that_was_changed_afterwards_is_told(tmp_path):
    single_session(tmp_path / "s", even, trials=2)
    store = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    store._db.execute("UPDATE session SET plan = replace(plan, '60.0', '90.0')")
    store.close()
    assert summary(tmp_path / "s")["deviations"] == [
        "The plan in the session file does not have the hash that it was sealed with."
    ]
    assert "does not have the hash" in write_report(tmp_path / "s").read_text()
