import pytest

from robot_bridge.sim.seeds import episode_seed


def test_seeds_repeat_and_differ_by_stream_run_and_number():
    assert episode_seed("rollout", 3, 5) == episode_seed("rollout", 3, 5)
    seeds = {
        episode_seed(stream, seed, number)
        for stream in ("generate", "rollout")
        for seed in range(5)
        for number in range(200)
    }
    assert len(seeds) == 2000, "training and evaluation never share a scene"
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError, match="seed is -1"):
        episode_seed("rollout", -1, 0)
