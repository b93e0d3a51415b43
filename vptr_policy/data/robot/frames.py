"""The decoded frames of several data sets as if they were one array."""

from typing import Any, Sequence, Tuple, Union

import numpy as np

Key = Union[int, np.integer, Tuple[Any, ...]]


class Frames:
    """Arrays (N_i, height, width, 3) uint8, memory-mapped or not, indexed one after the other.

    ``frames[i]`` and ``frames[i, rows, columns]`` are views like those of one array of N = sum of N_i frames.
    """

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self._parts = tuple(parts)
        self._starts = np.cumsum([0] + [len(part) for part in parts])
        sizes = {part.shape[1:] for part in parts}
        if len(sizes) != 1:
            raise ValueError(f"the data sets hold frames of the sizes {sorted(sizes)}, expected one size")
        self.shape: Tuple[int, ...] = (int(self._starts[-1]), *self._parts[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Key) -> np.ndarray:
        index, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        part = int(np.searchsorted(self._starts, index, "right")) - 1
        return self._parts[part][(index - self._starts[part], *rest)]

    def take(self, index: np.ndarray) -> np.ndarray:
        """The frames of the numbers ``index`` (n,), copied: (n, height, width, 3)."""
        out = np.empty((len(index), *self.shape[1:]), np.uint8)
        for picture, number in zip(out, index):
            picture[...] = self[number]
        return out
