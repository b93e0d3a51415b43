import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.sim import gym
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.tasks import TASKS


@pytest.fixture
def environment():
    made = gymnasium.make(gym.register(), task="cucumber_in_bowl", render_mode="rgb_array")
    yield made
    made.close()


def test_it_passes_gymnasiums_own_check(environment):
    check_env(environment.unwrapped)


def test_it_is_registered_on_request_only_and_once():
    gymnasium.registry.pop(gym.ENVIRONMENT_ID, None)
    with pytest.raises(gymnasium.error.Error):
        gymnasium.make(gym.ENVIRONMENT_ID)
    assert gym.register() == gym.register() == gym.ENVIRONMENT_ID
    assert gymnasium.spec(gym.ENVIRONMENT_ID).max_episode_steps == gym.MAX_STEPS


def test_a_seed_repeats_pictures_states_and_scenes(environment):
    def run():
        first, info = environment.reset(seed=7)
        second = environment.step(np.full(7, 0.3, np.float32))[0]
        return info["seed"], first, second

    (seed_a, *a), (seed_b, *b) = run(), run()
    assert seed_a == seed_b
    for one, other in zip(a, b):
        for name in ("image", "state", "task"):
            np.testing.assert_array_equal(one[name], other[name])
    assert environment.reset()[1]["seed"] != seed_a, "without a seed the next scene is another one"


def test_actions_map_to_the_bridge_box():
    np.testing.assert_allclose(gym.to_bridge(-np.ones(7)), ACTION_LOW)
    np.testing.assert_allclose(gym.to_bridge(np.full(7, 2.0)), ACTION_HIGH)
    np.testing.assert_allclose(gym.to_bridge(np.zeros(7)), [0, 0, 0, 0, 0, 0, 0.5])
    action = np.array([0.01, -0.02, 0.03, 0.1, -0.2, 0.0, 1.0])
    np.testing.assert_allclose(gym.to_bridge(gym.from_bridge(action)), action)


def test_the_expert_earns_the_reward_and_ends_the_episode(environment):
    environment.reset(seed=5)
    simulation = environment.unwrapped._simulation
    expert = Expert("cucumber_in_bowl", np.random.default_rng(0), noise=0.0)
    expert.reset(simulation)
    rewards, terminated, truncated = [], False, False
    while not (terminated or truncated):
        action = gym.from_bridge(expert.act(simulation)[0]).astype(np.float32)
        _, reward, terminated, truncated, info = environment.step(action)
        rewards.append(reward)
    assert terminated and info["success"] and rewards[-1] == 1.0 and sum(rewards) == 1.0


def test_the_task_is_one_hot_and_can_be_chosen_at_reset(environment):
    for index, task in enumerate(TASKS):
        observation, info = environment.reset(seed=1, options={"task": task})
        assert info["task"] == task
        np.testing.assert_array_equal(observation["task"], np.eye(len(TASKS))[index])


def test_the_rendered_picture_is_that_of_the_observation(environment):
    observation, _ = environment.reset(seed=2)
    np.testing.assert_array_equal(environment.render(), observation["image"])


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="make_tea"):
        gym.WidowXEnv(task="make_tea")
    with pytest.raises(ValueError, match="rgb_array"):
        gym.WidowXEnv(render_mode="human")
