"""The one resize against independent filters."""

import cv2
import numpy as np
import pytest
from PIL import Image

from vptr_policy.resize import resize


def _scene(height: int, width: int) -> np.ndarray:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC))


def test_a_picture_of_the_right_size_is_returned_as_it_is() -> None:
    image = _scene(128, 128)
    assert resize(image) is image


@pytest.mark.parametrize("shape", [(480, 640), (240, 320), (64, 64), (720, 1280), (131, 127)])
def test_squashes_the_whole_frame_like_an_antialiased_bilinear_filter(shape: tuple) -> None:
    image = _scene(*shape)
    expected = np.asarray(Image.fromarray(image).resize((128, 128), Image.BILINEAR)).astype(int)
    found = resize(image)
    assert found.shape == (128, 128, 3) and found.dtype == np.uint8 and found.flags.c_contiguous
    difference = np.abs(found.astype(int) - expected)
    assert difference.max() <= 2 and difference.mean() < 0.5


def test_corners_keep_their_place_and_channels_their_order() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[:40, :40, 0] = 255
    image[-40:, -40:, 2] = 255
    small = resize(image)
    assert small[2, 2].tolist() == [255, 0, 0] and small[-3, -3].tolist() == [0, 0, 255]


def test_averages_what_is_finer_than_the_result() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize(stripes)[8:-8, 8:-8].astype(int) - 127).max() <= 3
    area = cv2.resize(stripes, (128, 128), interpolation=cv2.INTER_AREA)
    assert abs(float(resize(stripes).mean()) - float(area.mean())) < 1.0


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)],
)
def test_refuses_what_is_no_rgb_picture(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expects an RGB uint8 picture"):
        resize(image)
