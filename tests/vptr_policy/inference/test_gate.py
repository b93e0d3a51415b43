"""The gate: what it measures, and what it lets pass."""

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from torch import Tensor

from vptr_policy.data.recorded import NEUTRAL_STATE, Recording, read_recordings
from vptr_policy.inference.backends import one_hot
from vptr_policy.inference.gate import MOST_FRAMES, Difference, difference, random_samples, recorded_samples

TASKS = one_hot(2)


class Fixed:
    """Acts by a function of the sample's number."""

    name = "fixed"

    def __init__(self, act: Callable[[int], np.ndarray]) -> None:
        self._act = act
        self._count = 0

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        self._count += 1
        return self._act(self._count - 1)


def test_errors_are_shares_of_the_range_and_the_value_is_left_out() -> None:
    exact = Fixed(lambda _: np.array([0.0, 0, 0, 0, 0, 0, 0.5, 3.0]))
    other = Fixed(lambda number: np.array([0.12, 0, 0, 0, 0, 0, 0.5 if number else -0.5, 9.0]))
    found = difference(other, exact, random_samples(TASKS, 4))
    assert found.frames == 4 and found.mean == pytest.approx(0.06 / 6) and found.largest == pytest.approx(0.5)
    assert found.gripper == 0.75 and not found.passes
    assert "mean action error 1.00 % of the range (largest 50.0 %)" in str(found) and "75.0 % of 4" in str(found)


@pytest.mark.parametrize(
    ("mean", "gripper", "passes"),
    [(0.0, 1.0, True), (0.01, 0.99, True), (0.0101, 1.0, False), (0.0, 0.98, False), (float("nan"), 1.0, False)],
)
def test_the_gate_is_one_percent_and_ninety_nine(mean: float, gripper: float, passes: bool) -> None:
    assert Difference(100, mean, 0.2, gripper).passes is passes


def test_recorded_samples_have_the_recorded_states(recordings: Path) -> None:
    read = read_recordings(recordings)
    samples = recorded_samples(read, TASKS)
    assert len(samples) == 4 and samples[0][0].shape == (1, 3, 128, 128)
    assert read[0].states is not None and np.allclose(samples[1][1][0], read[0].states[1])
    assert [int(task.argmax()) for _, _, task in samples] == [0, 1, 0, 1]


def test_of_many_pictures_some_are_looked_at() -> None:
    pictures = [np.full((8, 8, 3), number % 256, np.uint8) for number in range(3 * MOST_FRAMES)]
    samples = recorded_samples([Recording("long", pictures)], TASKS)
    assert len(samples) == MOST_FRAMES and np.allclose(samples[0][1][0], NEUTRAL_STATE)
