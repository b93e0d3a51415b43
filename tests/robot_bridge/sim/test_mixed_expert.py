"""The demonstrator of mixed quality makes each of its mistakes, and solves some scenes nevertheless."""

from typing import List

import numpy as np
import pytest

from robot_bridge.interface import Action
from robot_bridge.sim import mixed_expert
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.mixed_expert import MISTAKES, MixedExpert
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import SOURCE_TASKS

TASKS = list(SOURCE_TASKS)


@pytest.fixture(scope="module")
def environment() -> SimEnvironment:
    return SimEnvironment(render=False)


class Story:
    """What happened in one episode of 40 steps, or until success."""

    def __init__(self, environment: SimEnvironment, number: int) -> None:
        task = TASKS[number % len(TASKS)]
        environment.reset(sample_scene(task, number))
        expert = MixedExpert(task, np.random.default_rng(number), noise=0.5)
        expert.reset(environment)
        self.held: List[bool] = []
        self.grippers: List[float] = []
        self.success = False
        while len(self.held) < 40 and not self.success:
            action, label = expert.act(environment)
            environment.apply(Action(action))
            self.held.append(environment.world.judge.held)
            self.grippers.append(float(label[6]))
            self.success = environment.finished() == "success"
        self.milestones = environment.world.milestones()


def only(monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    monkeypatch.setattr(mixed_expert, "MISTAKES", {name: float(name == mistake) for name in MISTAKES})


def test_the_likelihoods_add_up() -> None:
    assert sum(MISTAKES.values()) == pytest.approx(1.0) and min(MISTAKES.values()) > 0.0


def test_without_mistakes_it_succeeds(environment: SimEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "none")
    assert all(Story(environment, number).success for number in range(3))


def test_missed_grasps_close_on_nothing(environment: SimEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "beside_object")
    stories = [Story(environment, number) for number in range(5)]
    assert sum(story.success for story in stories) <= 2
    assert sum(not any(story.held) and 0.0 in story.grippers for story in stories) >= 2


def test_what_is_dropped_is_picked_up_again(environment: SimEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "drop")
    stories = [Story(environment, number) for number in range(4)]
    grasps = [sum(now and not before for before, now in zip(s.held, s.held[1:])) for s in stories]
    assert max(grasps) >= 2


def test_beside_the_goal_it_lets_go(environment: SimEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "beside_goal")
    for number in range(3):
        story = Story(environment, number)
        assert any(story.held) and not story.success and story.grippers[-1] in (0.0, 1.0)
        assert "place" not in story.milestones


def test_an_unnoticed_miss_is_carried_to_the_goal(environment: SimEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "early")
    monkeypatch.setattr(mixed_expert, "UNNOTICED", 1.0)
    monkeypatch.setattr(mixed_expert, "EARLY_CLOSING_M", (0.06, 0.065))
    environment.reset(sample_scene("pear_in_bin", 1))
    expert = MixedExpert("pear_in_bin", np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    least = np.inf
    for _ in range(40):
        environment.apply(Action(expert.act(environment)[0]))
        goal = environment.world.data.body("container").xpos[:2]
        if environment.world.gripper < 0.1:
            least = min(least, float(np.hypot(*(environment.state()[:2] - goal))))
    assert least < 0.04 and "transport" not in environment.world.milestones()


def test_it_fails_where_the_expert_succeeds(environment: SimEnvironment) -> None:
    """Measured over 1500 episodes of the source tasks: 31 % succeed."""
    stories = [Story(environment, number) for number in range(9)]
    assert 0 < sum(story.success for story in stories) < 7
