import json
import re

import pytest

from eval_protocol.blinding import unseal
from eval_protocol.many_sessions import compared, write_comparison
from eval_protocol.store import Store, StoreError
from tests.eval_protocol.studies import single_session, study_session


def mostly(name, number):
    return number % 6 != 0 if name == "ours" else number % 4 == 0


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("sessions")
    single_session(base / "ours-1", mostly, "ours", video=True)
    single_session(base / "ours-2", mostly, "ours", task="cucumber_in_bowl", seed=5)
    single_session(base / "base-1", mostly, "base")
    single_session(base / "third", mostly, "third", trials=4)
    return base


def test_trials_of_one_checkpoint_are_taken_together(folders):
    found = compared([folders / name for name in ("ours-1", "ours-2", "base-1")])
    assert [(one.name, one.rate.successes, one.rate.trials) for one in found.results] == [
        ("ours", 20, 24),
        ("base", 3, 12),
    ]
    (contrast,) = found.contrasts
    assert (contrast.pairs, contrast.test, contrast.verdict) == (12, "stratified", "better")
    assert contrast.only_a == 8 and contrast.only_b == 1
    assert found.detectable is not None and 0.2 < found.detectable <= 0.5


def test_what_makes_them_hard_to_compare_is_said(folders):
    found = compared([folders / name for name in ("ours-1", "ours-2", "third")])
    words = " ".join(found.cautions)
    for part in ("not declared before", "third: the session is not finished", "not tried equally often"):
        assert part in words
    assert "different versions" not in words


def test_the_first_policy_is_chosen_and_holm_is_over_all_others(folders):
    paths = [folders / name for name in ("ours-1", "base-1", "third")]
    found = compared(paths, first="base", test="boschloo")
    assert [(one.a, one.b) for one in found.contrasts] == [("base", "ours"), ("base", "third")]
    smaller, larger = sorted(found.contrasts, key=lambda one: one.boschloo_p)
    assert smaller.adjusted_p == pytest.approx(min(1.0, 2 * smaller.boschloo_p))
    assert larger.adjusted_p == pytest.approx(max(smaller.adjusted_p, larger.boschloo_p))


@pytest.mark.parametrize(
    ("names", "asked", "problem"),
    [
        (["ours-1", "ours-1"], {}, "is given twice"),
        ([], {}, "no session is named"),
        (["ours-1", "base-1"], {"first": "their"}, "no policy 'their' in these sessions; there are ours, base"),
        (["ours-1"], {"test": "t"}, "expected boschloo, stratified or mcnemar"),
        (["ours-1"], {"test": "sequential"}, "expected boschloo, stratified or mcnemar"),
        (["ours-1"], {"alpha": 1.0}, "alpha is 1.0"),
    ],
)
def test_what_cannot_be_compared_is_said(folders, names, asked, problem):
    with pytest.raises(ValueError, match=problem):
        compared([folders / name for name in names], **asked)


def test_a_session_that_is_not_there_is_named(folders):
    with pytest.raises(StoreError, match="no session file at"):
        compared([folders / "none"])


def test_two_checkpoints_of_one_name_are_told_apart(folders, tmp_path):
    single_session(tmp_path / "other", mostly, "ours", trials=1)
    store = Store(tmp_path / "other" / "session.sqlite", exclusive=False)
    store._db.execute("UPDATE session SET provenance = replace(provenance, 'sha256 of ours', 'sha256 0123456789')")
    store.close()
    found = compared([folders / "ours-1", tmp_path / "other"])
    assert [one.name for one in found.results] == ["ours (ours)", "ours (01234567)"]


def test_sealed_policies_are_shown_and_not_tested(folders, tmp_path):
    study_session(tmp_path / "blind", mostly)
    sealed = compared([folders / "ours-1", tmp_path / "blind"])
    assert [one.name for one in sealed.results] == ["ours", "policy A of blind", "policy B of blind"]
    assert sealed.contrasts == [] and "the names are sealed" in " ".join(sealed.cautions)
    store = Store(tmp_path / "blind" / "session.sqlite", exclusive=False)
    unseal(store, tmp_path / "blind" / "key.json", "lea")
    store.close()
    opened = compared([folders / "ours-1", tmp_path / "blind"])
    assert [(one.name, one.rate.trials) for one in opened.results] == [("ours", 24), ("base", 12)]


def test_the_page_has_everything_and_is_the_same_when_written_again(folders, tmp_path):
    found = compared([folders / name for name in ("ours-1", "ours-2", "base-1")])
    path = write_comparison(found, tmp_path / "out")
    page, files = path.read_text(), [one.read_bytes() for one in sorted((tmp_path / "out").iterdir())]
    again = compared([folders / name for name in ("ours-1", "ours-2", "base-1")])
    write_comparison(again, tmp_path / "out")
    assert [one.read_bytes() for one in sorted((tmp_path / "out").iterdir())] == files and len(files) == 3
    for text in (
        "V-PTR (paper)",
        "Table 2",
        "Table 3",
        "Table 5",
        "Open microwave",
        "cucumber_in_bowl",
        "Beware",
        "Holm",
    ):
        assert text in page, text
    videos = re.findall(r'href="([^"]+mp4)"', page)
    assert len(videos) == 12 and all((path.parent / video).is_file() for video in videos)
    assert page.count("<tr><td>ours-1</td>") == 12 and not re.search(r"https?://|<script", page)
    rows = json.loads((tmp_path / "out" / "trials.json").read_text())
    assert len(rows) == 36
