"""JPEG pictures of clips: made, checked for damage, decoded."""

import contextlib
import os
import tempfile
from typing import Iterator, List

import cv2
import numpy as np

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


def decode_whole(data: bytes) -> np.ndarray:
    """The picture of a file's bytes, as ``decode`` but stricter: where the JPEG library warns, it is damaged.

    The library fills in what it cannot read and says so on stderr only. Not all damage shows: a JPEG has no checksum.
    """
    with _messages() as said:
        image = decode(data)
    for words in (b"Corrupt JPEG", b"Premature end"):
        if words in said[0]:
            raise DamagedPicture("a damaged JPEG ({})".format(said[0].decode(errors="replace").strip().split("\n")[0]))
    return image


def fit(image: np.ndarray, size: int, how: str) -> np.ndarray:
    """A picture as a square of ``size``: its central square (``crop``) or the whole of it (``squash``).

    V-PTR B.4 and VIP D.1 resize and centre-crop.
    """
    from vptr_policy.resize import resize  # only here: it takes torch, whose import takes seconds

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
    image = decode_whole(data)
    if data[:2] == START and image.shape == (size, size, 3):
        return data
    return encode(fit(image, size, how), quality)


@contextlib.contextmanager
def _messages() -> Iterator[List[bytes]]:
    """What is written to file 2 meanwhile, which then goes there too unless it is of the JPEG library."""
    said = [b""]
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            file.seek(0)
            said[0] = file.read()
            if said[0] and b"JPEG" not in said[0]:
                os.write(2, said[0])
