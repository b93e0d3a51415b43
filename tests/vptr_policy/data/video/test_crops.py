"""Random resized crops."""

import numpy as np
import pytest
from clip_fixture import noise

from vptr_policy.data.video.crops import VIP_CROP, Crop, decode_crop, draw_crops
from vptr_policy.data.video.jpeg import encode

WHOLE = np.array([1.0, 1.0, 0.0, 0.0])


def test_areas_and_aspects_are_in_their_ranges() -> None:
    crops = draw_crops(20_000, Crop(), np.random.default_rng(0))
    area, aspect = crops[:, 0] * crops[:, 1], crops[:, 1] / crops[:, 0]
    assert crops.min() >= 0.0 and crops.max() <= 1.0
    assert 0.2 <= area.min() < 0.21 and area.max() > 0.97
    assert 0.75 <= aspect.min() < 0.76 and 1.32 < aspect.max() <= 1.3334
    grid = np.linspace(0.2, 1.0, 10_000)
    fitting = np.minimum(-np.log(grid) / np.log(4 / 3), 1.0)  # of crops of an area, those whose sides are within
    assert area.mean() == pytest.approx((grid * fitting).sum() / fitting.sum(), abs=0.005)
    assert crops[:, 2:].mean() == pytest.approx(0.5, abs=0.01)


def test_crops_that_never_fit_show_the_whole_frame() -> None:
    crops = draw_crops(100, Crop(0.9999, 1000.0), np.random.default_rng(0))
    assert (crops[:, :2] == 1.0).mean() > 0.9
    assert (draw_crops(3, Crop(1.0), np.random.default_rng(0))[:, :2] == 1.0).all()


def test_the_crop_is_where_it_was_drawn() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[8:16, 24:40] = 255
    data = encode(image, 100)
    seen = decode_crop(data, np.array([0.2, 0.4, 8 / 32.5, 0.999]), Crop(), 20, 40)
    assert seen.shape == (20, 20, 3) and seen.min() > 230
    assert decode_crop(data, WHOLE, Crop(), 40, 40)[:8].max() < 30


def test_the_centre_of_a_crop_is_what_enlarging_and_cropping_shows() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[4:60, 4:60] = 255
    data = encode(image, 100)
    assert decode_crop(data, WHOLE, VIP_CROP, 32, 64).min() > 230
    assert decode_crop(data, WHOLE, Crop(), 32, 64).min() < 20


def test_decoding_less_shows_the_same() -> None:
    x, y = np.meshgrid(np.arange(256), np.arange(256))
    data = encode(np.stack([x, y, (x + y) // 2], -1).astype(np.uint8), 95)
    crop = np.array([0.9, 0.8, 0.3, 0.6])
    whole, less = (decode_crop(data, crop, Crop(), 96, stored).astype(int) for stored in (0, 256))
    assert np.abs(whole - less).max() <= 4
    assert decode_crop(encode(noise(0, 256), 95), WHOLE, Crop(), 8, 256).shape == (8, 8, 3)


@pytest.mark.parametrize("values", [(0.0, 1.3, 1.0), (1.1, 1.3, 1.0), (0.2, 0.9, 1.0), (0.2, 1.3, 0.0)])
def test_crops_that_cannot_be_are_refused(values: tuple) -> None:
    with pytest.raises(ValueError, match="expected least"):
        Crop(*values)
