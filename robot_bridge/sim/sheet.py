"""Contact sheets: rows of pictures with a caption each, as one picture."""

from typing import List, Sequence, Tuple

import cv2
import numpy as np

CAPTION_PX = 26
GAP_PX = 4
PAPER = 250
INK = (40, 40, 40)


def contact_sheet(rows: Sequence[Tuple[str, Sequence[np.ndarray]]]) -> np.ndarray:
    """Rows of (caption, RGB uint8 pictures of one size) under each other; shorter rows are left blank at their end."""
    if not rows or not all(pictures for _, pictures in rows):
        raise ValueError("a contact sheet needs at least one picture in each row")
    height, width = rows[0][1][0].shape[:2]
    columns = max(len(pictures) for _, pictures in rows)
    strips = [_strip(caption, pictures, (height, width), columns) for caption, pictures in rows]
    return np.concatenate(strips)


def evenly(pictures: Sequence[np.ndarray], count: int) -> List[np.ndarray]:
    """``count`` of the pictures at even distances, with the first and the last."""
    if count < 1 or not pictures:
        raise ValueError(f"cannot choose {count} of {len(pictures)} pictures")
    chosen = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).round().astype(int)
    return [pictures[index] for index in chosen]


def write_png(path: str, image: np.ndarray) -> None:
    """Write an RGB uint8 picture; raises ValueError where OpenCV cannot."""
    if not cv2.imwrite(path, cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise ValueError(f"cannot write a picture to {path}: does the folder exist, and is the ending .png or .jpg?")


def _strip(caption: str, pictures: Sequence[np.ndarray], size: Tuple[int, int], columns: int) -> np.ndarray:
    height, width = size
    strip = np.full((CAPTION_PX + height, columns * (width + GAP_PX) - GAP_PX, 3), PAPER, dtype=np.uint8)
    cv2.putText(strip, caption, (6, CAPTION_PX - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    for column, picture in enumerate(pictures):
        if picture.shape != (height, width, 3):
            raise ValueError(f"a picture has shape {picture.shape}, expected {(height, width, 3)}")
        left = column * (width + GAP_PX)
        strip[CAPTION_PX:, left : left + width] = picture
    return strip
