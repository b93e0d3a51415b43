"""Pictures as message fields and as JPEG."""

import io

import numpy as np
import pytest

from robot_bridge.images import ImageFields, decode_image, encode_jpeg, from_fields, to_fields

RGB = np.array([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]], dtype=np.uint8)


def test_fields_follow_the_definition_of_the_message():
    fields = to_fields(RGB)
    assert fields == ImageFields(2, 2, "rgb8", 0, 6, bytes(range(1, 13)))


def test_fields_of_a_view_that_is_not_contiguous():
    assert to_fields(RGB[:, ::-1]).data == bytes([4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9])


@pytest.mark.parametrize(
    "encoding, pixels",
    [
        ("rgb8", [1, 2, 3, 4, 5, 6]),
        ("bgr8", [3, 2, 1, 6, 5, 4]),
        ("rgba8", [1, 2, 3, 99, 4, 5, 6, 99]),
        ("bgra8", [3, 2, 1, 99, 6, 5, 4, 99]),
    ],
)
def test_every_encoding_gives_rgb_and_row_padding_is_dropped(encoding, pixels):
    step = len(pixels) + 5
    data = bytes(pixels + [255] * 5) * 2
    image = from_fields(ImageFields(2, 2, encoding, 0, step, data))
    assert image.flags.c_contiguous
    np.testing.assert_array_equal(image, np.stack([RGB[0], RGB[0]]))


@pytest.mark.parametrize("big, data", [(0, [0x34, 0x12, 0x78, 0x56]), (1, [0x12, 0x34, 0x56, 0x78])])
def test_sixteen_bit_keeps_the_upper_byte_of_either_endianness(big, data):
    image = from_fields(ImageFields(1, 2, "mono16", big, 4, bytes(data)))
    np.testing.assert_array_equal(image, [[[0x12] * 3, [0x56] * 3]])


def test_eight_bit_ignores_the_endianness_flag():
    np.testing.assert_array_equal(from_fields(ImageFields(1, 2, "rgb8", 1, 6, bytes(range(1, 7)))), RGB[:1])


@pytest.mark.parametrize(
    "fields, said",
    [
        (ImageFields(1, 1, "yuv422", 0, 2, b"ab"), "yuv422"),
        (ImageFields(2, 2, "rgb8", 0, 6, bytes(11)), "11 bytes"),
        (ImageFields(2, 2, "rgb8", 0, 5, bytes(12)), "step 5"),
        (ImageFields(0, 2, "rgb8", 0, 6, b""), "broken"),
    ],
)
def test_broken_messages_are_named(fields, said):
    with pytest.raises(ValueError, match=said):
        from_fields(fields)


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)])
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="RGB uint8"):
        to_fields(image)


def test_jpeg_keeps_red_red():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    data = encode_jpeg(red, 95)
    assert data[:2] == b"\xff\xd8"
    back = decode_image(data)
    assert np.abs(back.astype(int) - red).max() <= 4


def test_jpeg_agrees_with_another_library():
    from PIL import Image

    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8)[None, :, None], (32, 1, 3))
    ramp[..., 2] = 30
    theirs = np.asarray(Image.open(io.BytesIO(encode_jpeg(ramp, 100))).convert("RGB")).astype(int)
    assert np.abs(theirs - ramp).max() <= 6


def test_what_is_no_picture_is_named():
    with pytest.raises(ValueError, match="3 bytes"):
        decode_image(b"abc")
    with pytest.raises(ValueError, match="0 bytes"):
        decode_image(b"")
