"""Which action of a step is learned from, and the two corrections of recorded data: achieved motion and latency."""

import numpy as np

ACTIONS = ("label", "action", "executed", "achieved")
"""``label``: what the expert meant, the one to imitate. ``action``: what was commanded, noise included; a policy too
commands, and what the servo makes of it is part of the world, so that Q is a function of this: the choice for
reinforcement. ``executed``: what the servo made of it. ``achieved``: the motion that was measured, the gripper kept,
from which V-PTR's release learns."""


def achieved(states: np.ndarray, next_states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Actions (n, 7) with the motion replaced by the difference of the states (n, 7), the gripper kept.

    Angles are differences of Euler angles as in the release, here wrapped into [-pi, pi): without that a gripper that
    turns past pi would be labelled with a turn of 2 pi the other way.
    """
    motion = next_states[:, :6].astype(np.float64) - states[:, :6]
    motion[:, 3:] = (motion[:, 3:] + np.pi) % (2.0 * np.pi) - np.pi
    return np.concatenate([motion, actions[:, 6:]], axis=1).astype(np.float32)
