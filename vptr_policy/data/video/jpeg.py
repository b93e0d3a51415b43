"""JPEG pictures of clips: made, checked for damage, decoded."""

import cv2
import numpy as np

from vptr_policy.resize import resize

FITS = ("crop", "squash")
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""Flags by the divisor of the sides; decoding to a part of the size takes less time."""
START, END = b"\xff\xd8", b"\xff\xd9"


class DamagedPicture(ValueError):
    """Bytes that are not a whole picture; the text says what is wrong with them."""


def encode(image: np.ndarray, quality: int) -> bytes:
    """An RGB uint8 picture (H, W, 3) as JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} could not be encoded as JPEG")
    return bytes(data)


def decode(data: bytes, divisor: int = 1) -> np.ndarray:
    """The RGB uint8 picture (H, W, 3) of a file's bytes, its sides divided by 1, 2, 4 or 8.

    Raises:
        DamagedPicture: where they are no picture, or a JPEG that does not end as one.
    """
    if data[:2] == START and END not in data[-4096:]:  # some versions of the decoder fill in what is missing
        raise DamagedPicture(f"a JPEG cut off after {len(data)} bytes")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED[divisor]) if data else None
    if image is None:
        raise DamagedPicture(f"{len(data)} bytes that are not a picture")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, image)


def check(data: bytes) -> None:
    """Raise DamagedPicture for a JPEG whose content is broken, which usual decoders show with a part in grey."""
    import av

    codec = av.CodecContext.create("mjpeg", "r")
    codec.options = {"err_detect": "explode"}
    try:
        pictures = codec.decode(av.Packet(data)) if data else []
    except (av.FFmpegError, ValueError) as error:
        raise DamagedPicture(f"a damaged JPEG of {len(data)} bytes ({error})") from error
    if len(pictures) != 1:
        raise DamagedPicture(f"{len(data)} bytes that are not one JPEG")


def fit(image: np.ndarray, size: int, how: str) -> np.ndarray:
    """A picture as a square of ``size``: its central square (``crop``) or the whole of it (``squash``).

    V-PTR B.4 and VIP D.1 resize and centre-crop.
    """
    if how == "crop":
        height, width = image.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        image = image[top : top + side, left : left + side]
    return resize(np.ascontiguousarray(image), size)


def stored(data: bytes, size: int, how: str, quality: int) -> bytes:
    """A picture file as the JPEG to store: unchanged if it is one of that size already.

    Raises:
        DamagedPicture: where it is damaged.
    """
    is_jpeg = data[:2] == START
    if is_jpeg:
        check(data)
    image = decode(data)
    if is_jpeg and image.shape == (size, size, 3):
        return data
    return encode(fit(image, size, how), quality)
