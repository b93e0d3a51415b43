import sqlite3

import pytest

from eval_protocol.labels import agreements, correct, judgements, rate, rubric_of
from eval_protocol.rubric import Rubric
from eval_protocol.store import Store, StoreError
from tests.eval_protocol.studies import single_session


@pytest.fixture
def store(tmp_path):
    single_session(tmp_path / "s", lambda _, number: number % 2 == 1, trials=6)
    store = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    yield store
    store.close()


def of(store, number):
    row = next(row for row in store.trials() if row.number == number)
    return judgements(store)[row.id]


def test_the_last_correction_counts_and_every_label_stays(store):
    correct(store, 2, "bob", True, Rubric(), "it lay in the pot")
    correct(store, 2, "cem", False, Rubric(failure="dropped"), "it hung over the rim")
    now = of(store, 2)
    assert (now.success, now.rubric.failure) == (False, "dropped")
    assert [(one.rater, one.success, one.reason) for one in now.corrections] == [
        ("bob", True, "it lay in the pot"),
        ("cem", False, "it hung over the rim"),
    ]
    assert now.corrections[0].stamp_s <= now.corrections[1].stamp_s
    assert [row.success for row in store.trials() if row.number == 2] == [False]


def test_details_that_are_added_later_are_no_correction(store):
    correct(store, 2, "bob", False, Rubric(failure="dropped"), "details, given after the verdict")
    now = of(store, 2)
    assert (now.success, now.rubric.failure, now.corrections) == (False, "dropped", [])
    correct(store, 2, "bob", True, Rubric(), "it lay in the pot")
    correct(store, 2, "bob", True, Rubric(note="on its side"), "details, given after the verdict")
    now = of(store, 2)
    assert (now.success, now.rubric.note, [one.success for one in now.corrections]) == (True, "on its side", [True])


def test_no_label_can_be_changed_or_removed(store):
    correct(store, 2, "bob", True, Rubric(), "it lay in the pot")
    db = sqlite3.connect(str(store.path))
    for statement in ("UPDATE label SET success = 0", "DELETE FROM label"):
        with pytest.raises(sqlite3.IntegrityError, match="a label cannot be"):
            db.execute(statement)
    db.close()


def test_a_second_rater_is_compared_with_the_first_verdicts(store):
    for number in range(1, 7):
        rate(store, number, "bob", number != 2, Rubric())
    correct(store, 2, "cem", True, Rubric(), "seen again")
    found = agreements(store)["bob"]
    assert (found.trials, found.observed) == (6, pytest.approx(4 / 6))
    assert found.kappa == pytest.approx((4 / 6 - 0.5) / 0.5)
    with pytest.raises(StoreError):
        rate(store, 1, "bob", False, Rubric())


@pytest.mark.parametrize(
    ("number", "who", "reason", "problem"),
    [
        (7, "bob", "why", "trial 7 has no verdict yet"),
        (13, "bob", "why", "trial 13 is none of this session's"),
        (1, " ", "why", "needs the name"),
        (1, "bob", " ", "needs a reason"),
    ],
)
def test_labels_of_nothing_by_nobody_for_no_reason_are_refused(store, number, who, reason, problem):
    with pytest.raises(StoreError, match=problem):
        correct(store, number, who, True, Rubric(), reason)


def test_a_rubric_that_was_typed_wrong_says_what_is_expected():
    with pytest.raises(ValueError, match="no milestone 'grab': expected some of reach, grasp, transport, place"):
        rubric_of(["grab"], "", "")
    with pytest.raises(ValueError, match="no kind of failure 'fell'"):
        rubric_of([], "fell", "")
