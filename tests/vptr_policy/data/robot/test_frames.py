"""Frames of several data sets."""

import numpy as np
import pytest

from vptr_policy.data.robot.frames import Frames


def test_they_are_indexed_as_one_array() -> None:
    random = np.random.default_rng(0)
    parts = [random.integers(0, 255, (count, 6, 5, 3)).astype(np.uint8) for count in (3, 1, 4)]
    whole = np.concatenate(parts)
    frames = Frames(parts)
    assert len(frames) == 8 and frames.shape == whole.shape
    for number in range(8):
        assert np.array_equal(frames[number], whole[number])
        assert np.array_equal(frames[number, 1:4, 2:], whole[number, 1:4, 2:])
    assert np.array_equal(frames.take(np.array([7, 0, 3, 3])), whole[[7, 0, 3, 3]])
    assert np.shares_memory(frames[3], parts[1])
    for number in (-1, 8):
        with pytest.raises(IndexError, match=f"frame {number} of 8"):
            frames[number]
    with pytest.raises(ValueError, match="expected one size"):
        Frames([parts[0], np.zeros((2, 4, 4, 3), np.uint8)])
