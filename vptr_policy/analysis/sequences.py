"""Sequences of frames that end at a goal: the beginnings of video clips, and successful episodes of a robot."""

from pathlib import Path
from typing import Iterator, List, Optional, Protocol, Tuple

import numpy as np

from vptr_policy.analysis.rollouts import WITHOUT, Rollout, read_rollouts
from vptr_policy.data.pictures import DamagedPicture, decode
from vptr_policy.data.video.index import open_clips

FEWEST = 3
"""Frames that a distance curve needs to have a step before the one that reaches the goal."""

NamedFrames = Tuple[str, List[np.ndarray]]
"""What to call a sequence, and its T frames (H, W, 3) RGB uint8."""


class Sequences(Protocol):
    """Sequences of a data folder, read one at a time."""

    name: str
    kind: str
    """video or robot"""
    skipped: List[str]
    """what could not be used, known after reading"""

    def __len__(self) -> int:
        """How many are read at most."""

    def __iter__(self) -> Iterator[NamedFrames]:
        """Read them."""


class ClipSequences:
    """The first ``frames`` frames of clips that have as many; shorter clips are left out (VIP G.6: 50 frames)."""

    kind = "video"

    def __init__(self, name: str, folder: Path, frames: int, count: Optional[int], seed: int) -> None:
        """Choose up to ``count`` clips at random; raises ValueError where no clip is long enough."""
        self.name, self._frames = name, max(frames, FEWEST)
        self.skipped: List[str] = []
        self._clips = open_clips(folder)
        lengths = np.asarray(self._clips.clips["frames"])
        long_enough = np.flatnonzero(lengths >= self._frames)
        if not len(long_enough):
            raise ValueError(
                f"{folder}: none of its {len(lengths)} clips has {self._frames} frames, the longest has "
                f"{int(lengths.max())}; ask for fewer with --frames"
            )
        self._chosen = np.sort(np.random.default_rng(seed).permutation(long_enough)[:count])

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[NamedFrames]:
        for clip in self._chosen.tolist():
            try:
                frames = [decode(jpeg) for jpeg in self._clips.read(clip, range(self._frames))]
            except DamagedPicture as error:
                self.skipped.append(f"{self._clips.name(clip)}: {error}")
                continue
            yield f"clip {clip}", frames


class RobotSequences:
    """Whole episodes that did not fail: their last picture shows the goal."""

    kind = "robot"

    def __init__(self, name: str, folder: Path, count: Optional[int], seed: int) -> None:
        """Choose up to ``count`` episodes of each task; raises ValueError where none can be used."""
        self.name = name
        self.skipped: List[str] = []
        self._read = lambda: read_rollouts(folder, WITHOUT, (), count, seed, self.skipped.append)
        self._length = sum(1 for rollout in self._read() if not self._wrong(rollout))
        if not self._length:
            raise ValueError(f"{folder}: no episode that did not fail and has at least {FEWEST} frames")

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[NamedFrames]:
        self.skipped.clear()
        for rollout in self._read():
            wrong = self._wrong(rollout)
            if wrong:
                self.skipped.append(f"{rollout.name}: {wrong}")
                continue
            yield f"{rollout.task.replace('_', ' ')} ({rollout.name})", [seen.image for seen in rollout.observations]

    def _wrong(self, rollout: Rollout) -> str:
        if rollout.success is False:
            return "it failed: its last picture is no goal"
        return f"{len(rollout.observations)} frames" if len(rollout.observations) < FEWEST else ""
