"""Procedural textures of the hand's scenes, grey or faintly coloured: their materials tint them."""

from functools import lru_cache
from typing import Callable, Dict

import cv2
import numpy as np

SIZE = 192

Grid = np.ndarray


def _noise(rng: np.random.Generator, *cells: int) -> Grid:
    """Smooth tileable noise (SIZE, SIZE) of mean 0 and spread about 1, over one or two numbers of cells."""
    rows, columns = (cells[0], cells[-1])
    grid = rng.normal(size=(rows, columns))
    padded = np.pad(grid, 1, mode="wrap").astype(np.float32)
    scaled = cv2.resize(
        padded, (SIZE * (columns + 2) // columns, SIZE * (rows + 2) // rows), interpolation=cv2.INTER_CUBIC
    )
    top, left = scaled.shape[0] // (rows + 2), scaled.shape[1] // (columns + 2)
    return scaled[top : top + SIZE, left : left + SIZE].astype(float)


def _grey(shade: Grid) -> np.ndarray:
    return np.repeat((255 * shade).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _steps(count: int) -> Grid:
    """Which of ``count`` equal parts each pixel of a row lies in."""
    return np.arange(SIZE) * count // SIZE


def _board(rng: np.random.Generator) -> np.ndarray:
    """Fine grain of one wide board."""
    return _grey(0.80 + 0.05 * _noise(rng, 2, 32) + 0.03 * _noise(rng, 4, 64))


def _slats(rng: np.random.Generator) -> np.ndarray:
    """Weathered slats with dark gaps."""
    planks = 6
    shade = 0.76 + 0.06 * rng.normal(size=planks)[_steps(planks)][None, :] + 0.05 * _noise(rng, 3, 48)
    shade[:, np.arange(SIZE) % (SIZE // planks) < 4] *= 0.35
    return _grey(shade)


def _parquet(rng: np.random.Generator) -> np.ndarray:
    """Short strips, each row shifted."""
    shade = 0.78 + 0.03 * _noise(rng, 4, 48)
    for column in range(6):
        for row in range(3):
            top = (row * 64 + (column % 2) * 32) % SIZE
            rows = np.arange(top, top + 64) % SIZE
            shade[rows[:, None], np.arange(column * 32, column * 32 + 32)[None, :]] *= rng.uniform(0.86, 1.06)
            shade[rows[0], column * 32 : column * 32 + 32] *= 0.6
        shade[:, column * 32] *= 0.6
    return _grey(shade)


def _marble(rng: np.random.Generator) -> np.ndarray:
    veins = np.abs(np.sin(3.0 * _noise(rng, 3) + 1.5 * _noise(rng, 8)))
    return _grey(0.97 - 0.22 * np.exp(-6.0 * veins) + 0.02 * _noise(rng, 16))


def _concrete(rng: np.random.Generator) -> np.ndarray:
    return _grey(0.78 + 0.05 * _noise(rng, 4) + 0.04 * _noise(rng, 24) + 0.04 * rng.normal(size=(SIZE, SIZE)))


def _brushed(rng: np.random.Generator) -> np.ndarray:
    return _grey(0.82 + 0.04 * _noise(rng, 96, 2) + 0.02 * _noise(rng, 8))


def _grass(rng: np.random.Generator) -> np.ndarray:
    """Blades of several greens; not tinted."""
    shade = 0.6 + 0.14 * _noise(rng, 48) + 0.10 * _noise(rng, 12) + 0.10 * rng.normal(size=(SIZE, SIZE))
    return (shade[..., None] * np.array((120, 190, 70))).clip(0, 255).astype(np.uint8)


def _gingham(rng: np.random.Generator) -> np.ndarray:
    """A check of a coloured stripe over another."""
    stripe = (_steps(6) % 2).astype(float)
    shade = 1.0 - 0.33 * stripe[:, None] - 0.33 * stripe[None, :]
    weave = 0.02 * rng.normal(size=(SIZE, SIZE))
    channels = [np.ones_like(shade), shade, shade]
    return (255 * (np.stack(channels, axis=2) * 0.95 + weave[..., None])).clip(0, 255).astype(np.uint8)


def _linen(rng: np.random.Generator) -> np.ndarray:
    return _grey(0.86 + 0.04 * _noise(rng, 96, 12) + 0.04 * _noise(rng, 12, 96))


def _persian(rng: np.random.Generator) -> np.ndarray:
    """Diamonds and borders of a woven rug in three tones."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    diamond = (np.abs(rows % 48 - 24) + np.abs(columns % 48 - 24)) // 6 % 4
    tones = np.array([(0.85, 0.75, 0.60), (1.0, 0.42, 0.36), (0.45, 0.40, 0.65), (1.0, 0.90, 0.72)])
    image = tones[diamond] * (0.92 + 0.05 * rng.normal(size=(SIZE, SIZE, 1)))
    return (255 * image).clip(0, 255).astype(np.uint8)


def _stripes(rng: np.random.Generator) -> np.ndarray:
    """Broad stripes of a woven mat."""
    tone = np.array([1.0, 0.72, 0.9, 0.55, 0.9, 0.72])[_steps(6)]
    return _grey(0.92 * tone[None, :] + 0.03 * rng.normal(size=(SIZE, SIZE)))


def _foam(rng: np.random.Generator) -> np.ndarray:
    """Four squares of a play mat in pastel colours."""
    tones = np.array([(1.0, 0.62, 0.55), (0.60, 0.80, 1.0), (0.98, 0.90, 0.50), (0.62, 0.92, 0.62)])
    half = (np.arange(SIZE) * 2 // SIZE)[:, None] * 2 + (np.arange(SIZE) * 2 // SIZE)[None, :]
    image = tones[half] * (0.95 + 0.02 * rng.normal(size=(SIZE, SIZE, 1)))
    seam = np.arange(SIZE) % (SIZE // 2) < 2
    image[seam] *= 0.75
    image[:, seam] *= 0.75
    return (255 * image).clip(0, 255).astype(np.uint8)


def _hexagons(rng: np.random.Generator) -> np.ndarray:
    """Small mosaic tiles with light joints."""
    shade = np.full((SIZE, SIZE), 0.95)
    for row in range(12):
        for column in range(12):
            left = column * 16 + (row % 2) * 8
            columns = np.arange(left + 1, left + 15) % SIZE
            shade[row * 16 + 1 : row * 16 + 15, columns] = 0.74 + 0.05 * rng.normal()
    return _grey(shade)


def _pegboard(rng: np.random.Generator) -> np.ndarray:
    shade = 0.85 + 0.02 * rng.normal(size=(SIZE, SIZE))
    rows, columns = np.mgrid[:SIZE, :SIZE]
    shade[(rows % 24 - 12) ** 2 + (columns % 24 - 12) ** 2 < 12] = 0.2
    return _grey(shade)


def _bricks(rng: np.random.Generator) -> np.ndarray:
    shade = 0.72 + 0.05 * _noise(rng, 32)
    for row in range(8):
        for column in range(4):
            left = column * 48 + (row % 2) * 24
            columns = np.arange(left, left + 48) % SIZE
            shade[row * 24 : row * 24 + 24, columns] *= rng.uniform(0.85, 1.12)
            shade[row * 24 : row * 24 + 24, columns[:2]] = 0.95
        shade[row * 24 : row * 24 + 2] = 0.95
    return _grey(shade)


def _plaster(rng: np.random.Generator) -> np.ndarray:
    return _grey(0.90 + 0.02 * _noise(rng, 6) + 0.015 * rng.normal(size=(SIZE, SIZE)))


def _hedge(rng: np.random.Generator) -> np.ndarray:
    shade = 0.45 + 0.20 * _noise(rng, 24) + 0.16 * _noise(rng, 64)
    return (shade[..., None] * np.array((90, 160, 70))).clip(0, 255).astype(np.uint8)


_MAKERS: Dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "board": _board,
    "slats": _slats,
    "parquet": _parquet,
    "marble": _marble,
    "concrete": _concrete,
    "brushed": _brushed,
    "grass": _grass,
    "gingham": _gingham,
    "linen": _linen,
    "persian": _persian,
    "stripes": _stripes,
    "foam": _foam,
    "hexagons": _hexagons,
    "pegboard": _pegboard,
    "bricks": _bricks,
    "plaster": _plaster,
    "hedge": _hedge,
}

SURFACES = tuple(_MAKERS)
"""The names of the textures."""


@lru_cache(maxsize=None)
def surface_png(name: str) -> bytes:
    """A texture as a PNG file, always the same bytes."""
    image = _MAKERS[name](np.random.default_rng(list(_MAKERS).index(name)))
    done, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError(f"OpenCV could not encode the texture {name} as PNG")
    return bytes(data)
