"""Encoded pictures of others: checked for damage and decoded; the one place where their bytes become pixels."""

import contextlib
import os
import struct
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, List, Optional, Sequence, Tuple, TypeVar

import cv2
import numpy as np

REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""Flags by the divisor of the sides; decoding to a part of the size takes less time."""
START, END = b"\xff\xd8", b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 2**26
"""8192 x 8192; a damaged or malicious header asks for gigabytes."""
WARNINGS = (b"Corrupt JPEG", b"Premature end")
"""What the JPEG library writes about damage that it fills in."""

Made = TypeVar("Made")


class DamagedPicture(ValueError):
    """Bytes that are not a whole picture; the text says what is wrong with them."""


def decode(data: bytes, divisor: int = 1) -> np.ndarray:
    """The RGB uint8 picture (H, W, 3) of a file's bytes, its sides divided by 1, 2, 4 or 8.

    Raises:
        DamagedPicture: where they are no picture, a JPEG that does not end as one, or larger than any camera's.
    """
    if data[:2] == START and END not in data[-4096:]:  # some versions of the decoder fill in what is missing
        raise DamagedPicture(f"a JPEG cut off after {len(data)} bytes")
    height, width = sides(data) or (0, 0)
    if height * width > MOST_PIXELS:
        raise DamagedPicture(f"a picture of {width} x {height} pixels, expected at most {MOST_PIXELS} in all")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED[divisor]) if data else None
    except cv2.error as error:
        raise DamagedPicture(f"{len(data)} bytes that OpenCV does not decode ({error.err})") from error
    if image is None:
        raise DamagedPicture(f"{len(data)} bytes that are not a picture")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, image)


def decode_whole(data: bytes, divisor: int = 1) -> np.ndarray:
    """The picture of a file's bytes, as ``decode`` but stricter: where the JPEG library warns, it is damaged.

    The library fills in what it cannot read and says so on stderr only. Not all damage shows: a JPEG has no checksum.
    """
    with _messages() as said:
        image = decode(data, divisor)
    if any(words in said[0] for words in WARNINGS):
        raise DamagedPicture("damaged ({})".format(said[0].decode(errors="replace").strip().split("\n")[0]))
    return image


def make_whole(make: Callable[[bytes], Made], pictures: Sequence[bytes]) -> List[Made]:
    """What ``make`` decodes of each picture, in two threads; one that is damaged is named by its number.

    stderr is of the process, not of a thread: it is listened to once for all, and where something was wrong the
    pictures are gone through one by one.

    Raises:
        DamagedPicture: as ``decode_whole``.
    """
    try:
        with _messages() as said, ThreadPoolExecutor(2) as pool:
            made = list(pool.map(make, pictures))
        if not any(words in said[0] for words in WARNINGS):
            return made
    except DamagedPicture:
        pass  # it is found below, with its number
    for number, data in enumerate(pictures):
        try:
            decode_whole(data)
        except DamagedPicture as error:
            raise DamagedPicture(f"picture {number}: {error}") from error
    return list(map(make, pictures))


def sides(data: bytes) -> Optional[Tuple[int, int]]:
    """Height and width [px] as the header of a JPEG or PNG says; None where there is none."""
    if data[:8] == PNG and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return height, width
    place = 2
    while data[:2] == START and place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return height, width
        if marker == 0xFF:  # filling
            place += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:
            place += 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None


def encode_png(image: np.ndarray) -> bytes:
    """An RGB uint8 picture (H, W, 3) as PNG, which keeps it to the pixel; raises ValueError where it is none."""
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[2] != 3
        or not image.size
    ):
        raise ValueError(
            f"a picture is {getattr(image, 'dtype', type(image))} {getattr(image, 'shape', '')}, expected RGB uint8"
        )
    done, data = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"OpenCV could not encode a picture of shape {image.shape}")
    return bytes(data)


@contextlib.contextmanager
def _messages() -> Iterator[List[bytes]]:
    """What is written to file 2 meanwhile, which then goes there too unless it is of the libraries."""
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
            if said[0] and b"JPEG" not in said[0] and b"libpng error" not in said[0]:
                os.write(2, said[0])
