"""Embedding rewards and reward-weighted regression against NumPy."""

import numpy as np
import torch

from vptr_policy.algorithms.rwr import embedding_rewards, rwr_loss

RANDOM = np.random.default_rng(0)


def test_rewards_are_the_progress_towards_the_goal() -> None:
    embeddings, goal = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=3)
    d = [np.sqrt(((x - goal) ** 2).sum()) for x in embeddings]
    expected = [d[t] - d[t + 1] for t in range(4)]
    frames = torch.tensor(embeddings)
    assert np.allclose(embedding_rewards(frames[:-1], frames[1:], torch.tensor(goal)), expected, rtol=1e-12)


def test_loss() -> None:
    log_probs, rewards = RANDOM.normal(size=(2, 8))
    loss, info = rwr_loss(torch.tensor(log_probs), torch.tensor(rewards), 0.5)
    weights = np.exp(0.5 * rewards)
    assert np.isclose(float(loss), -np.mean(weights * log_probs), rtol=1e-12)
    assert np.isclose(float(info["weight_most"]), weights.max())
