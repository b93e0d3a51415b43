"""What happens to pictures before an encoder."""

import numpy as np
import pytest
import torch

from vptr_policy.networks.pictures import normalise_pictures, resize_pictures


def test_pictures_of_the_wanted_size_only_become_floats() -> None:
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    for side in (0, 8):
        assert torch.equal(resize_pictures(images, side), images.float())


def test_halving_averages_with_the_triangle_filter() -> None:
    row = np.arange(8.0) ** 2
    images = torch.tensor(np.broadcast_to(row, (1, 3, 8, 8)).copy())
    weights = np.array([1, 3, 3, 1]) / 8
    expected = [weights @ row[2 * place - 1 : 2 * place + 3] for place in (1, 2)]
    assert np.allclose(resize_pictures(images, 4)[0, 0, 0, 1:3].numpy(), expected, atol=1e-4)


def test_normalisation_is_imagenets() -> None:
    images = torch.rand(1, 3, 2, 2) * 255
    expected = (images.numpy() / 255 - np.reshape([0.485, 0.456, 0.406], (3, 1, 1))) / np.reshape(
        [0.229, 0.224, 0.225], (3, 1, 1)
    )
    assert np.allclose(normalise_pictures(images).numpy(), expected, atol=1e-5)


def test_channels_in_the_wrong_place_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pictures are \(2, 8, 8, 3\), expected \(batch, 3, height, width\)"):
        resize_pictures(torch.zeros(2, 8, 8, 3), 4)
