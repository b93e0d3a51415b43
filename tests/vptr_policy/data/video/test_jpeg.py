"""JPEGs are checked for damage, and stored as squares."""

from typing import Any

import cv2
import numpy as np
import pytest
from clip_fixture import noise

from vptr_policy.data.video.jpeg import DamagedPicture, decode, decode_whole, encode, fit, stored


def test_a_picture_comes_back_in_rgb() -> None:
    image = np.zeros((40, 30, 3), np.uint8)
    image[..., 0] = 200
    assert np.abs(decode(encode(image, 95)).astype(int) - image).max() < 6
    assert decode(encode(noise(0, 64), 95), 2).shape == (32, 32, 3)


@pytest.mark.parametrize("bad", [b"", b"no picture", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(bad: bytes) -> None:
    with pytest.raises(DamagedPicture):
        decode(bad)


def test_a_cut_jpeg_is_refused_wherever_it_is_cut() -> None:
    data = encode(noise(1), 90)
    for end in (len(data) // 3, len(data) // 2, len(data) - 2):
        with pytest.raises(DamagedPicture):
            decode(data[:end])


def test_damage_that_decoders_paint_over_is_found(capfd: Any) -> None:
    data = encode(noise(2), 90)
    decode_whole(data)
    broken = data[: len(data) // 2] + data[len(data) // 2 + 300 :]
    assert decode(broken).shape == (32, 32, 3)
    capfd.readouterr()
    with pytest.raises(DamagedPicture, match="damaged JPEG"):
        stored(broken, 32, "crop", 90)
    assert capfd.readouterr().err == ""


def test_progressive_and_grey_jpegs_are_whole() -> None:
    for flags, image in (([cv2.IMWRITE_JPEG_PROGRESSIVE, 1], noise(3)), ([], noise(3)[..., 0])):
        done, data = cv2.imencode(".jpg", image, flags)
        assert done
        assert decode_whole(bytes(data)).shape == (32, 32, 3)


def test_the_central_square_or_the_whole_frame_is_kept() -> None:
    image = np.zeros((10, 30, 3), np.uint8)
    image[:, 10:20] = 255
    assert fit(image, 10, "crop").min() == 255
    squashed = fit(image, 10, "squash")
    assert squashed.shape == (10, 10, 3) and squashed[:, 0].max() == 0 and squashed[:, 4].min() == 255


def test_a_jpeg_of_the_right_size_is_kept_to_the_byte_and_others_are_resized() -> None:
    data = encode(noise(4, 32), 50)
    assert stored(data, 32, "crop", 90) == data
    assert decode(stored(data, 16, "crop", 90)).shape == (16, 16, 3)
    png = bytes(cv2.imencode(".png", noise(5, 32))[1])
    assert decode(stored(png, 32, "crop", 90)).shape == (32, 32, 3)
    with pytest.raises(DamagedPicture):
        stored(png[: len(png) // 2], 32, "crop", 90)
