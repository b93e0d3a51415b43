"""Values and actions for the page."""

import math

import pytest

from eval_protocol.console.trace import Trace

ACTION = (0.05, -0.025, 0.0, 0.25, 0.0, -0.125, 1.0)


def test_steps_of_the_newest_episode_are_shown_as_shares() -> None:
    trace = Trace()
    trace.hear("old", 0.2, 1.0, ACTION)
    trace.hear("new", 0.2, -3.4951, ACTION)
    trace.hear("new", 0.4, math.nan, ACTION)
    shown = trace.shown(45.0, blind=False)
    assert (shown["id"], shown["limit_s"], shown["times"]) == ("new", 45.0, [0.2, 0.4])
    assert shown["values"] == [-3.495, None]
    assert shown["actions"][0] == pytest.approx([1.0, -0.5, 0.0, 1.0, 0.0, -0.5, 1.0])


def test_in_a_blind_study_a_policy_with_a_value_looks_like_one_without() -> None:
    with_value, without = Trace(), Trace()
    with_value.hear("episode", 0.2, -3.5, ACTION)
    without.hear("episode", 0.2, math.nan, ACTION)
    assert with_value.shown(60.0, blind=True) == without.shown(60.0, blind=True)
    assert with_value.shown(60.0, blind=False) != without.shown(60.0, blind=False)
