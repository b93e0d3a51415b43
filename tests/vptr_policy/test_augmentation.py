"""Shift and colour jitter against slow calculations."""

import numpy as np
import pytest
import torch

from vptr_policy.data.augmentation import Augmentation, augment, jitter, shift

RANDOM = np.random.default_rng(0)
FRAMES = RANDOM.integers(0, 256, (5, 12, 10, 3), dtype=np.uint8)


@pytest.mark.parametrize("offset", [(0, 0), (4, -4), (-4, 4), (1, 0), (0, -3)])
def test_shift_repeats_the_edge(offset: tuple) -> None:
    padded = np.pad(FRAMES[3], ((4, 4), (4, 4), (0, 0)), "edge")
    expected = padded[4 - offset[0] : 16 - offset[0], 4 - offset[1] : 14 - offset[1]]
    assert np.array_equal(shift(FRAMES, np.array([3]), np.array([offset]))[0], expected)


def test_jitter_is_saturation_then_contrast_then_brightness() -> None:
    factors = RANDOM.uniform(0.7, 1.3, (5, 3)).astype(np.float32)
    found = jitter(torch.from_numpy(FRAMES), torch.from_numpy(factors))
    assert found.shape == (5, 3, 12, 10) and found.is_contiguous(memory_format=torch.channels_last)
    luma = np.array([0.299, 0.587, 0.114])
    for picture, (saturation, contrast, brightness), result in zip(FRAMES, factors, found):
        values = picture.astype(float)
        values = saturation * values + (1 - saturation) * (values @ luma)[..., None]
        values = contrast * values + (1 - contrast) * (values @ luma).mean()
        expected = np.clip(brightness * values, 0, 255)
        assert np.allclose(result.permute(1, 2, 0).numpy(), expected, atol=0.01)


def test_no_jitter_changes_nothing() -> None:
    found = jitter(torch.from_numpy(FRAMES), torch.ones(5, 3))
    assert np.allclose(found.permute(0, 2, 3, 1).numpy(), FRAMES, atol=1e-3)


def test_augmentation_stays_within_its_bounds_and_repeats_with_its_seed() -> None:
    index = np.array([0, 2, 2])
    first = augment(FRAMES, index, Augmentation(), np.random.default_rng(1))
    assert torch.equal(first, augment(FRAMES, index, Augmentation(), np.random.default_rng(1)))
    assert not torch.equal(first[1], first[2]), "the same picture twice is varied twice"
    assert float(first.min()) >= 0 and float(first.max()) <= 255
    plain = augment(FRAMES, index, Augmentation(0, 0, 0, 0), np.random.default_rng(1))
    assert np.allclose(plain.permute(0, 2, 3, 1).numpy(), FRAMES[index], atol=1e-3)
