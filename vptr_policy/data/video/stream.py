"""Batches of video for pre-training: item i is the batch of update i, a pure function of seed, rank and i.

So it does not matter how many worker processes make the batches, and a training that is resumed sees what it would have
seen. A frame that turns out damaged is named once and counted; its sample is replaced by another one, always the same.
"""

import hashlib
import logging
from pathlib import Path
from typing import Callable, ClassVar, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from vptr_policy.data.augmentation import Augmentation, augment, draw
from vptr_policy.data.damage import DamageLog
from vptr_policy.data.pictures import DamagedPicture
from vptr_policy.data.video.batches import ClipBatch, ContrastBatch, IntentBatch, OrderedBatch
from vptr_policy.data.video.crops import VIP_CROP, Crop, decode_crop, draw_crops
from vptr_policy.data.video.index import ClipIndex, open_clips
from vptr_policy.data.video.report import missing, shortage
from vptr_policy.data.video.sampling import (
    ICVF_GOALS,
    Clips,
    Draw,
    GoalSampling,
    draw_contrasts,
    draw_intents,
    draw_ordered,
    draw_subclips,
)

TRIES = 8
"""Samples in a row that may be damaged before clips are gone through until one is sound."""
HASHED = 1 << 16
"""Frames of an index in memory at a time."""
DRAWS, COLOURS, REPLACEMENTS, STAND_INS = range(4)
"""What the random numbers of an update are for."""
Make = Callable[[Clips, int, np.random.Generator], Draw]
"""Draws a number of samples from clips."""


class ClipStream:
    """Samples of P frames from the clips of some folders; the base of the batches of each objective."""

    LEAST: ClassVar[int] = 3
    """Frames of a clip: shorter ones are left out."""
    CROP: ClassVar[Crop] = Crop()
    """Where none is given."""

    def __init__(
        self,
        folders: Sequence[Path],
        batch: int = 32,
        size: int = 224,
        seed: int = 0,
        rank: int = 0,
        crop: Optional[Crop] = None,
        augmentation: Optional[Augmentation] = None,
    ) -> None:
        if batch < 1 or size < 1 or rank < 0 or seed < 0:
            raise ValueError(f"batch {batch}, size {size}, rank {rank}, seed {seed}: expected 1, 1, 0 and 0 or more")
        self._indices: List[ClipIndex] = [open_clips(folder) for folder in folders]
        self.shortages = [text for text in map(shortage, self._indices) if text]
        self.missing = sum(map(missing, self._indices))
        for text in self.shortages if rank == 0 else ():
            logging.getLogger(__name__).warning("left out: %s", text)
        self._batch, self._size, self._seed, self._rank = batch, size, seed, rank
        self._crop, self._augmentation = crop or self.CROP, augmentation
        lengths = np.concatenate([index.clips["frames"] for index in self._indices])
        self._usable = np.flatnonzero(lengths >= self.LEAST)
        self._starts = np.cumsum([0] + [len(index) for index in self._indices])
        if not len(self._usable):
            raise ValueError(f"no clip of at least {self.LEAST} frames among {len(lengths)}; import longer ones")
        if len(self._usable) < len(lengths):
            short = len(lengths) - len(self._usable)
            logging.getLogger(__name__).warning("left out: %d clips of fewer than %d frames", short, self.LEAST)
        self.clips = Clips(lengths[self._usable])
        self.damaged = DamageLog()
        self.stand_ins = DamageLog()

    @property
    def fingerprint(self) -> str:
        """Identifies the frames of all clips by their sizes and checksums, in their order."""
        digest = hashlib.sha256()
        for index in self._indices:
            digest.update(index.clips["frames"].tobytes())
            for start in range(0, len(index.frames), HASHED):
                digest.update(index.frames[start : start + HASHED].tobytes())
        return digest.hexdigest()[:16]

    def _random(self, purpose: int, step: int, *more: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, purpose, step, self._rank, *more])

    def _samples(self, step: int, make: Make) -> Tuple[List[Tensor], Draw]:
        """P pictures (B, 3, size, size) uint8, and the clips and frames they are of, (B, P) each."""
        random = self._random(DRAWS, step)
        clips, frames = make(self.clips, self._batch, random)
        crops = draw_crops(clips.size, self._crop, random).reshape(*clips.shape, 4)
        pictures = np.empty((clips.shape[1], self._batch, self._size, self._size, 3), np.uint8)
        for row in range(self._batch):
            try:
                pictures[:, row] = self._sample(clips[row], frames[row], crops[row])
            except DamagedPicture as error:
                (clips[row], frames[row]), pictures[:, row] = self._replaced(step, row, make, error)
        return self._varied(pictures, step), (clips, frames)

    def _replaced(self, step: int, row: int, make: Make, damage: DamagedPicture) -> Tuple[Draw, List[np.ndarray]]:
        """The first other sample of a row that is sound: its clips and frames, and its pictures."""
        for number, (clips, frames, crops) in enumerate(self._replacements(step, row, make), 1):
            try:
                pictures = self._sample(clips, frames, crops)
            except DamagedPicture as error:
                damage = error
                continue
            if number >= TRIES:
                text = f"sample {row} of update {step}, {TRIES} in a row were damaged; a sound clip stands in for it"
                self.stand_ins.note((self._rank << 40) + step * self._batch + row, text)
            return (clips, frames), pictures
        raise RuntimeError(f"update {step}: no clip is sound, the last one tried: {damage}") from damage

    def _replacements(self, step: int, row: int, make: Make) -> Iterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Samples to replace that of a row: some of any clips, then one of each clip alone, in random order."""
        for attempt in range(TRIES - 1):
            random = self._random(REPLACEMENTS, step, row, attempt)
            clips, frames = make(self.clips, 1, random)
            yield clips[0], frames[0], draw_crops(clips.shape[1], self._crop, random)
        random = self._random(STAND_INS, step, row)
        for clip in random.permutation(len(self.clips.lengths)):
            _, frames = make(Clips(self.clips.lengths[clip : clip + 1]), 1, random)
            yield np.full_like(frames[0], clip), frames[0], draw_crops(frames.shape[1], self._crop, random)

    def _sample(self, clips: np.ndarray, frames: np.ndarray, crops: np.ndarray) -> List[np.ndarray]:
        """The pictures of one sample: frames of one clip have the crop of the first of them."""
        pictures: Dict[Tuple[int, int], np.ndarray] = {}
        crop_of: Dict[int, np.ndarray] = {}
        places = [(int(clip), int(frame)) for clip, frame in zip(clips, frames)]
        for place, crop in zip(places, crops):
            if place not in pictures:
                pictures[place] = self._picture(*place, crop_of.setdefault(place[0], crop))
        return [pictures[place] for place in places]

    def _picture(self, clip: int, frame: int, crop: np.ndarray) -> np.ndarray:
        number = int(self._usable[clip])
        home = int(np.searchsorted(self._starts, number, "right")) - 1
        index, local = self._indices[home], number - int(self._starts[home])
        try:
            data = index.read(local, [frame])[0]
            return decode_crop(data, crop, self._crop, self._size, index.size)
        except DamagedPicture as error:
            text = f"{index.name(local)}, frame {frame}: {error}"
            self.damaged.note((home << 40) + int(index.clips[local]["first"]) + frame, text)
            raise DamagedPicture(text) from error

    def _varied(self, pictures: np.ndarray, step: int) -> List[Tensor]:
        """Each picture shifted and recoloured by itself, if so asked."""
        count = len(pictures)
        if self._augmentation is None:
            return [torch.from_numpy(part).permute(0, 3, 1, 2) for part in pictures]
        flat = pictures.reshape(-1, *pictures.shape[2:])
        variation = draw(self._augmentation, len(flat), self._random(COLOURS, step))
        return list(augment(flat, np.arange(len(flat)), variation).unflatten(0, (count, self._batch)))


class IntentBatches(ClipStream):
    """Batches for the intent-conditioned value function.

    As V-PTR B.4 has it a crop is drawn for each clip of a sample; and as 5.2 has it, against shortcuts between
    neighbouring frames, each picture is then shifted and its colours changed by itself. The paper gives no amounts:
    those of its robot phases are used, and R3M's and VIP's crop.
    """

    LEAST = 2

    def __init__(
        self,
        folders: Sequence[Path],
        batch: int = 64,
        size: int = 224,
        seed: int = 0,
        rank: int = 0,
        goals: GoalSampling = ICVF_GOALS,
        crop: Optional[Crop] = None,
        augmentation: Optional[Augmentation] = Augmentation(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(folders, batch, size, seed, rank, crop, augmentation)
        self._goals = goals

    def __getitem__(self, step: int) -> IntentBatch:
        """The batch of update ``step``."""
        (now, following, goal, intent), (clips, frames) = self._samples(
            step, lambda clips, count, random: draw_intents(clips, count, self._goals, random)
        )
        numbers = self.clips.first[clips] + frames
        reached, meant = (torch.from_numpy((numbers[:, 0] == numbers[:, p]).astype(np.float32)) for p in (2, 3))
        return IntentBatch(now, following, goal, intent, reached - 1.0, 1.0 - reached, meant - 1.0, 1.0 - meant)


class ClipBatches(ClipStream):
    """Batches for VIP and LSTD: no augmentation but the crop of each clip."""

    CROP = VIP_CROP

    def __getitem__(self, step: int) -> ClipBatch:
        """The batch of update ``step``."""
        return ClipBatch(*self._samples(step, draw_subclips)[0])


class OrderedBatches(ClipStream):
    """Batches for time-contrastive learning (R3M without language): no augmentation but the crop of each clip."""

    def __getitem__(self, step: int) -> OrderedBatch:
        """The batch of update ``step``."""
        return OrderedBatch(*self._samples(step, draw_ordered)[0])


class ContrastBatches(ClipStream):
    """Batches for time-contrastive learning (VIP Eq. 12): no augmentation but the crop of each clip."""

    def __getitem__(self, step: int) -> ContrastBatch:
        """The batch of update ``step``."""
        return ContrastBatch(*self._samples(step, draw_contrasts)[0])
