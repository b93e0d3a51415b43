import json
from collections import Counter
from itertools import groupby

import pytest
from pydantic import ValidationError

from eval_protocol.lab import START_POSES, load_lab
from eval_protocol.plan import make_plan
from eval_protocol.power import detectable
from eval_protocol.preregistration import Question, page
from eval_protocol.seal import NamedPolicy, draw_key
from eval_protocol.simulated import scene_of
from eval_protocol.study import make_study, schedule_from_json
from eval_protocol.yaml_source import PlanError

NAMES = ("ours", "base", "third")


def study(names=NAMES, tasks=("knife_in_pot",), scenarios=(1,), seed=3, key=None, **more):
    key = key or draw_key([NamedPolicy(name=n, folder=f"/m/{n}", checkpoint=f"sha256 {n}") for n in names])
    fields = {"hypothesis": "ours is better", "primary": ("ours", "base"), **more}
    return make_study(key, tasks, scenarios, seed, Question(**fields), load_lab())[0]


@pytest.fixture(scope="module")
def whole():
    return study(tasks=("knife_in_pot", "cucumber_in_bowl"), scenarios=(1, 2))


def test_every_policy_meets_every_start_of_the_papers_protocol(whole):
    assert len(whole.slots) == 3 * 2 * 2 * 12
    for index, (task, scenario) in enumerate([(t, s) for t in ("knife_in_pot", "cucumber_in_bowl") for s in (1, 2)]):
        assert whole.parts[index] == make_plan(task, scenario, 3)
        for label in "ABC":
            mine = [slot.trial for slot in whole.slots if (slot.part, slot.policy) == (index, label)]
            assert mine == list(range(1, 13))


def test_trials_are_blocked_by_start_pose_and_the_policies_interleaved(whole):
    trials = whole.trials
    poses = [pose for pose, _ in groupby(trial.start_pose for trial in trials)]
    assert poses == [*START_POSES] * 4
    for first in range(0, len(trials), 3):
        three = trials[first : first + 3]
        assert sorted(trial.label() for trial in three) == ["A", "B", "C"]
        assert len({(trial.start_pose, trial.placement, trial.scene_number()) for trial in three}) == 1


def test_each_policy_goes_first_equally_often_and_the_order_is_drawn(whole):
    firsts = [slot.policy for slot in whole.slots[::3]]
    assert Counter(firsts) == {"A": 16, "B": 16, "C": 16}
    assert firsts != sorted(firsts)
    other = study(tasks=("knife_in_pot", "cucumber_in_bowl"), scenarios=(1, 2), seed=4)
    assert [slot.policy for slot in other.slots] != [slot.policy for slot in whole.slots]


def test_matched_trials_have_the_same_scene():
    two = study(NAMES[:2])
    (plan, one), (_, other) = two.at(1), two.at(2)
    assert (one.number, other.number, one.label() != other.label()) == (1, 2, True)
    assert scene_of(plan, one) == scene_of(plan, other) == scene_of(make_plan("knife_in_pot", 1, 3), plan_trial(1))
    assert len(plan.trials) == 24 and two.start(1) == two.start(2) != two.start(3)


def plan_trial(number):
    return make_plan("knife_in_pot", 1, 3).trials[number - 1]


def test_the_plan_does_not_tell_who_is_who():
    key = draw_key([NamedPolicy(name=n, folder=f"/m/{n}", checkpoint=f"sha256 {n}") for n in NAMES[:2]])
    swapped = type(key)(salt=key.salt, policies=dict(zip("AB", (key.policies["B"], key.policies["A"]))))
    one, other = study(key=key).to_json(), study(key=swapped).to_json()
    assert one.pop("commitment") != other.pop("commitment")
    assert one == other and one["names"] == ["base", "ours"]
    assert "/m/" not in json.dumps(one) and key.salt not in json.dumps(one)


def test_a_study_survives_json_and_its_hash_covers_everything(whole):
    again = schedule_from_json(json.loads(json.dumps(whole.to_json())))
    assert again == whole and again.hash() == whole.hash()
    value = whole.to_json()
    value["question"]["alpha"] = 0.1
    assert schedule_from_json(value).hash() != whole.hash()
    assert schedule_from_json(make_plan("knife_in_pot").to_json()) == make_plan("knife_in_pot")


def test_what_the_preregistration_says_follows_from_the_plan(whole):
    assert whole.question.trials_each == 48
    assert whole.question.detectable == detectable(0.5, 48, 48)
    text = page(whole.question, whole.title(), whole.names, whole.commitment, whole.hash())
    for part in (
        "ours is better", "ours against base", "48 of each policy", "Boschloo", "0.05", "Holm", "inconclusive",
        "Trials end after 48 judged trials", whole.commitment, whole.hash(), "the knife rests in the pot",
    ):  # fmt: skip
        assert part in text


def test_a_sequential_study_ends_when_the_e_value_is_reached():
    two = study(NAMES[:2], test="sequential")
    assert "reaches 20 (1/alpha)" in two.question.stopping_rule()
    verdicts = [slot.policy == "A" for slot in two.slots]
    first = next(n for n in range(len(verdicts)) if two.ended(verdicts[:n] + [None] * (len(verdicts) - n)))
    assert 8 <= first <= 16 and first % 2 == 0
    assert "the e-value reached" in two.ended(verdicts[:first])
    assert two.ended([True] * 24) == "" and study(NAMES[:2]).ended(verdicts) == ""


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"primary": ("ours", "ours")}, "names 'ours' twice"),
        ({"test": "t"}, "test must be one of boschloo, stratified, mcnemar, sequential"),
        ({"test": "sequential", "alternative": "greater"}, "two-sided"),
        ({"alternative": "less"}, "two-sided or greater"),
        ({"alpha": 0.9}, "less than 0.5"),
    ],
)
def test_questions_without_an_answer_are_refused(more, problem):
    with pytest.raises(ValidationError, match=problem):
        study(**more)


def test_a_primary_policy_that_is_none_and_a_sequential_test_of_three_are_refused():
    with pytest.raises(PlanError, match="primary names 'other', which is none of the policies base, ours, third"):
        study(primary=("ours", "other"))
    with pytest.raises(PlanError, match="for two policies, there are 3"):
        study(test="sequential")


def test_a_damaged_study_is_refused(whole):
    value = whole.to_json()
    value["slots"][0]["policy"] = "Z"
    with pytest.raises(PlanError, match="of no policy or part"):
        schedule_from_json(value)
    with pytest.raises(PlanError, match="study: names: Field required"):
        schedule_from_json({name: part for name, part in whole.to_json().items() if name != "names"})
