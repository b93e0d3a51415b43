"""RGB pictures from ROS messages, without cv_bridge."""

from typing import Any

import cv2
import numpy as np

_ORDER = {"rgb8": [0, 1, 2], "bgr8": [2, 1, 0], "rgba8": [0, 1, 2], "bgra8": [2, 1, 0]}


def from_raw(message: Any) -> np.ndarray:
    """RGB uint8 (H, W, 3) of a sensor_msgs/Image, whatever its row padding; raises ValueError on other encodings."""
    if message.encoding not in _ORDER:
        raise ValueError(f"pictures come as {message.encoding!r}, expected one of {', '.join(_ORDER)}")
    channels = 4 if "a" in message.encoding else 3
    if message.step < message.width * channels or len(message.data) < message.height * message.step:
        raise ValueError(
            f"a broken picture: {message.width}x{message.height} {message.encoding} with {len(message.data)} bytes"
        )
    rows = np.frombuffer(message.data, np.uint8, message.height * message.step).reshape(message.height, message.step)
    pixels = rows[:, : message.width * channels].reshape(message.height, message.width, channels)
    return np.ascontiguousarray(pixels[:, :, _ORDER[message.encoding]])


def from_compressed(message: Any) -> np.ndarray:
    """RGB uint8 (H, W, 3) of a sensor_msgs/CompressedImage; raises ValueError when it is damaged."""
    image = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"a compressed picture of {len(message.data)} bytes cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
