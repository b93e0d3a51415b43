"""Pictures as numpy arrays, as the fields of a sensor_msgs/Image, and as JPEG."""

from typing import Dict, NamedTuple, Tuple

import cv2
import numpy as np

_CHANNELS: Dict[str, Tuple[int, int, Tuple[int, int, int]]] = {
    "rgb8": (3, 1, (0, 1, 2)),
    "bgr8": (3, 1, (2, 1, 0)),
    "rgba8": (4, 1, (0, 1, 2)),
    "bgra8": (4, 1, (2, 1, 0)),
    "mono8": (1, 1, (0, 0, 0)),
    "8UC1": (1, 1, (0, 0, 0)),
    "rgb16": (3, 2, (0, 1, 2)),
    "bgr16": (3, 2, (2, 1, 0)),
    "mono16": (1, 2, (0, 0, 0)),
}
"""Encoding -> channels, bytes a channel, which channels are red, green and blue."""


class ImageFields(NamedTuple):
    """The fields of a sensor_msgs/Image, without its header: rows of ``step`` bytes, padding included."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: bytes


def check_rgb(image: np.ndarray) -> np.ndarray:
    """Return the RGB uint8 (H, W, 3) image made contiguous; raise ValueError where it is something else."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"a picture must be RGB uint8 (H, W, 3) and not empty, got {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)


def to_fields(image: np.ndarray) -> ImageFields:
    """Fields of the rgb8 message that carries an RGB uint8 (H, W, 3) image."""
    image = check_rgb(image)
    height, width = image.shape[:2]
    return ImageFields(height, width, "rgb8", 0, 3 * width, image.tobytes())


def from_fields(fields: ImageFields) -> np.ndarray:
    """RGB uint8 (H, W, 3) image of a message's fields; 16 bit channels keep their upper byte.

    Raises ValueError on an unknown encoding and on data that is not ``height`` rows of ``step`` bytes.
    """
    if fields.encoding not in _CHANNELS:
        raise ValueError(f"image encoding {fields.encoding!r} is not understood; publish one of {sorted(_CHANNELS)}")
    channels, depth, order = _CHANNELS[fields.encoding]
    row = fields.width * channels * depth
    if fields.height < 1 or fields.width < 1 or fields.step < row or len(fields.data) < fields.height * fields.step:
        raise ValueError(
            f"image message is broken: {fields.width}x{fields.height} {fields.encoding} needs {fields.height} rows of "
            f"at least {row} bytes, it says step {fields.step} and carries {len(fields.data)} bytes"
        )
    rows = np.frombuffer(fields.data, np.uint8, fields.height * fields.step).reshape(fields.height, fields.step)
    pixels = rows[:, :row].reshape(fields.height, fields.width, channels, depth)
    upper = pixels[..., 0 if fields.is_bigendian else depth - 1]
    return np.ascontiguousarray(upper[..., list(order)])


def encode_jpeg(image: np.ndarray, quality: int) -> bytes:
    """JPEG file of an RGB uint8 (H, W, 3) image at quality 1..100."""
    done, data = cv2.imencode(".jpg", check_rgb(image)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"OpenCV could not encode a picture of shape {image.shape} as JPEG at quality {quality}")
    return data.tobytes()


def decode_image(data: bytes) -> np.ndarray:
    """RGB uint8 (H, W, 3) picture of a JPEG or PNG file; raises ValueError where it is neither."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise ValueError(f"{len(data)} bytes are not a JPEG or PNG picture: the file is cut short or of another kind")
    return np.ascontiguousarray(image[..., ::-1])
