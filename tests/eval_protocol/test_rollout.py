import dataclasses
from typing import ClassVar, Dict

import av
import pytest
import torch

from eval_protocol.rollout import EXPERT, ExpertPolicy, JudgedEnvironment, RolloutPlan, rollout, run_episode, summary
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.success import SuccessWatch
from robot_bridge.sim.tasks import TASKS
from vptr_policy.checkpoint import Card, save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig

SHORT = RolloutPlan(EXPERT, "cucumber_in_bowl", episodes=2, seed=1, steps=4)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    torch.manual_seed(0)
    config = NetworkConfig(len(TASKS))
    folder = tmp_path_factory.mktemp("policy") / "untrained"
    save_checkpoint(folder, Actor(config), Card({"name": "none"}, config, tuple(TASKS)))
    return str(folder)


def test_the_expert_succeeds():
    plan = dataclasses.replace(SHORT, episodes=1, steps=100)
    (episode,) = rollout(plan)
    assert episode.success and episode.reason == "success" and episode.steps < 60
    assert episode.milestones == ["reach", "grasp", "transport", "place"]
    assert episode.scene_seed == plan.scene_seed(0)


def test_the_time_limit_is_kept():
    episode = run_episode(dataclasses.replace(SHORT, steps=3), 0)
    assert (episode.success, episode.reason, episode.steps) == (False, "time_limit", 3)


class Scripted:
    """An environment whose predicate follows a script: for each step of 0.2 s what its ten servo periods say.

    1 and 0 stand for a whole step; b begins to hold in the middle of the step, and x breaks for a single period.
    """

    PERIODS: ClassVar[Dict[str, str]] = {"0": "0" * 10, "1": "1" * 10, "b": "0000011111", "x": "1111011111"}

    def __init__(self, script):
        self.script, self.step, self.world, self.time_s = script, 0, self, 0.0
        self._watch = SuccessWatch()
        self._watch.look(script[0] == "1", 0.0)

    def go_on(self):
        self.step += 1
        for success in self.PERIODS[self.script[self.step]]:
            self.time_s += 0.02
            self._watch.look(success == "1", self.time_s)

    def success_since_s(self):
        return self._watch.since_s


@pytest.mark.parametrize(
    ("script", "reason", "step"),
    [
        ("001111111", "success", 7),
        ("00b111111", "success", 7),
        ("00111101111111000", "success", 12),
        ("00111x1111111", "success", 10),
        ("0000000000001111111", "success", 17),
        ("0000000000001x1111", "time_limit", 13),
        ("0000000000001110", "time_limit", 15),
        ("0000000000000111111", "time_limit", 12),
    ],
)
def test_success_must_hold_for_a_second_and_begin_within_the_limit(script, reason, step):
    scripted = Scripted(script)
    judged = JudgedEnvironment(scripted, 12 * 0.2)
    found = judged.finished()
    while found is None:
        scripted.go_on()
        found = judged.finished()
    assert (found, scripted.step) == (reason, step)


def test_a_success_that_begins_at_the_last_step_is_run_to_its_end():
    plan = dataclasses.replace(SHORT, episodes=1, steps=100)
    begun = run_episode(plan, 0).steps - 5
    late, too_late = (run_episode(dataclasses.replace(plan, steps=steps), 0) for steps in (begun, begun - 1))
    assert (late.success, late.steps) == (True, begun + 5)
    assert (too_late.success, too_late.reason, too_late.steps) == (False, "time_limit", begun - 1)


def test_two_workers_count_the_same_as_one(untrained):
    plan = dataclasses.replace(SHORT, policy=untrained)
    alone = list(rollout(plan))
    together = sorted(rollout(plan, workers=2), key=lambda episode: episode.number)
    assert together == alone
    assert all(episode.steps == 4 for episode in alone)


def test_scenes_are_paired_between_plans_and_never_those_of_training():
    other = dataclasses.replace(SHORT, policy="another", task="knife_in_pot", variant="targets")
    seeds = [SHORT.scene_seed(number) for number in range(100)]
    assert seeds == [other.scene_seed(number) for number in range(100)]
    assert not set(seeds) & {episode_seed("generate", seed, n) for seed in range(3) for n in range(1000)}


@pytest.mark.parametrize("latency_s", [0.0, 0.08, 0.2])
def test_a_policy_sees_pictures_of_the_age_of_the_plan(monkeypatch, latency_s):
    ages = []

    class Aging(ExpertPolicy):
        def act(self, observation):
            ages.append(self._environment.world.time_s - observation.image_stamp_s)
            return super().act(observation)

    monkeypatch.setattr("eval_protocol.rollout.acting_policy", lambda _name, environment: Aging(environment))
    run_episode(dataclasses.replace(SHORT, latency_s=latency_s), 0)
    assert ages == pytest.approx([0.0] + [latency_s] * (SHORT.steps - 1), abs=1e-6)


def test_the_variant_reaches_the_scene():
    episode = run_episode(dataclasses.replace(SHORT, variant="distractors", steps=1), 0)
    spec = sample_scene(SHORT.task, episode.scene_seed, "distractors")
    assert len(spec.distractors) == 2


def test_the_kinds_of_an_axis_take_turns():
    plan = RolloutPlan("expert", "axis_targets", variant="unseen", episodes=10)
    kinds = [plan.scene(number).target.kind for number in range(10)]
    assert kinds == kinds[:5] * 2 and len(set(kinds)) == 5


def test_a_video_of_each_episode_is_written(tmp_path):
    run_episode(dataclasses.replace(SHORT, video=str(tmp_path)), 2)
    with av.open(str(tmp_path / "cucumber_in_bowl-train-0002.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 4


def test_a_policy_of_other_tasks_is_refused(tmp_path):
    config = NetworkConfig(1)
    save_checkpoint(tmp_path / "tea", Actor(config), Card({"name": "none"}, config, ("make_tea",)))
    with pytest.raises(ValueError, match="knows no task 'cucumber_in_bowl'"):
        list(rollout(dataclasses.replace(SHORT, policy=str(tmp_path / "tea"))))


def test_the_summary_counts_and_has_the_exact_interval():
    episode = run_episode(dataclasses.replace(SHORT, steps=1), 0)
    episodes = [dataclasses.replace(episode, number=n, success=n < 5, steps=n) for n in range(10)]
    told = summary(SHORT, episodes, 2.5)
    assert (told["episodes"], told["successes"], told["seconds"]) == (10, 5, 2.5)
    assert told["interval"] == pytest.approx([0.1871, 0.8129], abs=1e-4), "Clopper-Pearson of 5 of 10, from tables"
    assert told["median_steps"] == 2 and told["failed"] == [5, 6, 7, 8, 9]


def test_the_expert_must_be_reset_and_shown_its_own_task():
    environment = SimEnvironment(render=False)
    observation = environment.reset(sample_scene("cucumber_in_bowl", 0))
    policy = ExpertPolicy(environment)
    with pytest.raises(ValueError, match="before reset"):
        policy.act(observation)
    with pytest.raises(ValueError, match="knife_in_pot"):
        policy.reset("knife_in_pot")
