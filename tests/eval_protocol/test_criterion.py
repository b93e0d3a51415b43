import pytest

from eval_protocol.criterion import Criterion


@pytest.mark.parametrize(
    ("since_s", "held_s", "still_open", "met"),
    [
        (None, 0.0, False, False),
        (5.0, 0.98, True, False),
        (5.0, 1.0, True, True),
        (9.98, 1.0, True, True),
        (10.0, 0.5, True, False),
        (10.02, 3.0, False, False),
    ],
)
def test_it_must_hold_for_a_second_and_begin_in_time(since_s, held_s, still_open, met):
    criterion = Criterion(deadline_s=10.0)
    assert (criterion.open(since_s), criterion.met(since_s, held_s)) == (still_open, met)
