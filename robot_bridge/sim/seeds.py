"""Seeds of episodes: separate streams for separate purposes, so that evaluation never meets a training scene."""

import zlib

import numpy as np


def episode_seed(stream: str, seed: int, number: int) -> int:
    """The 32-bit seed of the ``number``-th episode of the run ``seed`` in ``stream``, e.g. ``generate``, ``rollout``.

    It depends on nothing else: neither on the order nor on the number of workers.
    """
    if seed < 0 or number < 0:
        raise ValueError(f"seed is {seed}, episode number is {number}: expected both to be 0 or more")
    sequence = np.random.SeedSequence([zlib.crc32(stream.encode()), seed, number])
    return int(sequence.generate_state(1)[0])
