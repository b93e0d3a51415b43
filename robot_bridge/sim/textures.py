"""Procedural textures of the kitchens, as PNG files in memory for MuJoCo's asset dictionary."""

import struct
import zlib
from functools import lru_cache
from typing import Dict, Tuple

import numpy as np

SIZE = 256


def _png(image: np.ndarray) -> bytes:
    """An RGB uint8 image (H, W, 3) as a PNG file."""
    height, width, _ = image.shape
    rows = b"".join(b"\x00" + image[row].tobytes() for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _wood(base: Tuple[int, int, int], contrast: float, seed: int) -> np.ndarray:
    """Planks with grain running along the first axis."""
    rng = np.random.default_rng(seed)
    across, along = np.meshgrid(np.linspace(0, 1, SIZE), np.linspace(0, 1, SIZE))
    waves = sum(
        np.sin(2 * np.pi * (across * rng.integers(3, 28) + rng.uniform() + 0.4 * np.sin(2 * np.pi * along)))
        * rng.uniform(0.3, 1.0)
        for _ in range(7)
    )
    shade = 1.0 + contrast * waves / 4.0
    planks = 4
    shade += contrast * rng.uniform(-1, 1, planks)[(across * planks).astype(int).clip(0, planks - 1)]
    shade[:, :: SIZE // planks] *= 0.80
    return (np.array(base) * shade[..., None]).clip(0, 255).astype(np.uint8)


def _terrazzo(base: Tuple[int, int, int], seed: int) -> np.ndarray:
    """Small chips of three colours scattered over a plain ground."""
    rng = np.random.default_rng(seed)
    image = np.broadcast_to(np.array(base, dtype=np.uint8), (SIZE, SIZE, 3)).copy()
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for _ in range(130):
        row, column = rng.integers(0, SIZE, 2)
        colour = ((235, 245, 240), (120, 185, 165), (205, 175, 130))[rng.integers(3)]
        image[(rows - row) ** 2 + (columns - column) ** 2 < rng.integers(3, 22)] = colour
    return image


def _tiles(tile: Tuple[int, int, int], other: Tuple[int, int, int], seed: int) -> np.ndarray:
    """Two by two glazed tiles with white joints."""
    rng = np.random.default_rng(seed)
    image = np.empty((64, 64, 3))
    for row in range(2):
        for column in range(2):
            colour = np.array(tile if (row + column) % 2 else other) * rng.uniform(0.96, 1.04)
            image[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = colour
    image[::32] = image[1::32] = 246
    image[:, ::32] = image[:, 1::32] = 246
    return image.clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=None)
def texture_files() -> Dict[str, bytes]:
    """PNG files by name, always the same and in the same order."""
    return {
        "oak.png": _png(_wood((150, 108, 72), 0.10, 1)),
        "beech.png": _png(_wood((226, 190, 142), 0.06, 2)),
        "terrazzo.png": _png(_terrazzo((150, 208, 186), 3)),
        "tiles_blue.png": _png(_tiles((150, 200, 226), (190, 222, 238), 4)),
        "tiles_pink.png": _png(_tiles((244, 190, 186), (250, 222, 206), 5)),
    }


def textures() -> str:
    """MJCF of the textures."""
    return "".join(
        f'<texture name="{name[:-4]}" type="2d" file="{name}" content_type="image/png"/>' for name in texture_files()
    )
