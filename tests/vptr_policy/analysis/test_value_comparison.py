from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import CONFIG, TASKS, rollout, save_policy

from robot_bridge.interface import Action
from vptr_policy.analysis.rollouts import WITH, WITHOUT
from vptr_policy.analysis.value_comparison import compare_values, untrained_policy
from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.critic import Critic
from vptr_policy.policy import load_policy


class Brightness:
    """Values what it sees by how bright it is, or how dark."""

    def __init__(self, sign=1.0):
        self.sign, self.tasks = sign, []

    def reset(self, task):
        self.tasks.append(task)

    def act(self, observation):
        return Action(np.zeros(7), {"value": self.sign * float(observation.image.mean())})


ROLLOUTS = [
    rollout((1, 2, 3), "a"),
    rollout((5, 4, 6), "b"),
    rollout((3, 2, 1), "c", success=False),
    rollout((7, 8), "d", condition=WITH, success=None),
]


def test_conditions_and_outcomes_are_summarised_apart():
    found = compare_values({"up": Brightness(), "down": Brightness(-1.0)}, ROLLOUTS)
    up, down = (found.summaries(name, 0) for name in ("up", "down"))
    assert up[WITHOUT]["success"]["monotonicity"]["value"] == pytest.approx((1.0 + 0.5) / 2)
    assert up[WITHOUT]["failure"]["monotonicity"]["value"] == pytest.approx(-1.0)
    assert up[WITHOUT]["separation"] == 1.0 and down[WITHOUT]["separation"] == 0.0
    assert set(up[WITH]) == {"unjudged", "separation"} and up[WITH]["separation"] is None
    assert down[WITH]["unjudged"]["rises"]["value"] == 0.0


def test_the_results_have_every_curve_beside_its_rollout():
    found = compare_values({"up": Brightness()}, ROLLOUTS).results(0)
    assert found["rollouts"][2] == {"name": "c", "task": TASKS[0], "condition": WITHOUT, "outcome": "failure"}
    assert [curve.tolist() for curve in found["checkpoints"]["up"]["curves"]][3] == [7.0, 8.0]


def test_all_are_told_one_task_where_it_is_given():
    policy = Brightness()
    compare_values({"x": policy}, ROLLOUTS[:2], told="stir")
    assert policy.tasks == ["stir", "stir"]


def test_what_cannot_be_compared_is_named(tmp_path):
    with pytest.raises(ValueError, match="short has 1 frames"):
        compare_values({"x": Brightness()}, [rollout((1,), "short")])
    with pytest.raises(ValueError, match="r does not say its task"):
        compare_values({"x": Brightness()}, [rollout((1, 2), task="")])
    policy = load_policy(save_policy(tmp_path / "bc", critic=False))
    with pytest.raises(ValueError, match="mine: this policy says no value"):
        compare_values({"mine": policy}, ROLLOUTS)
    with pytest.raises(ValueError, match="mine: the policy knows no task 'tea'"):
        compare_values({"mine": policy}, ROLLOUTS, told="tea")


def test_the_untrained_policy_has_values_that_nothing_taught(tmp_path):
    folder = save_policy(tmp_path / "policy", critic=False)
    found = compare_values({"a": untrained_policy(folder, 1), "b": untrained_policy(folder, 2)}, ROLLOUTS[:1])
    assert np.isfinite(found.curves["a"][0]).all()
    assert not np.allclose(found.curves["a"][0], found.curves["b"][0])


def test_the_untrained_one_of_a_policy_that_is_told_its_task_in_words(tmp_path):
    network = replace(CONFIG, tasks=5)
    language = {"texts": ["stir it"], "tasks": {TASKS[0]: "stir it"}, "model": "abc"}
    card = Card({"name": "cql"}, network, TASKS[:1], language=language)
    embeddings = torch.linspace(-1.0, 1.0, 5)[None]
    save_checkpoint(tmp_path / "p", Actor(network), card, Critic(network), embeddings=embeddings)
    policies = {"trained": load_policy(tmp_path / "p"), "untrained": untrained_policy(tmp_path / "p")}
    found = compare_values(policies, ROLLOUTS[:1])
    assert all(np.isfinite(curves[0]).all() for curves in found.curves.values())
