"""What a frozen encoder makes of all frames, computed once where pictures are not varied."""

import os
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vptr_policy.data.robot.transitions import Transitions
from vptr_policy.training.initial import fingerprint_of

ROWS = 256
"""Pictures encoded at a time."""


def embeddings(transitions: Transitions, encoder: nn.Module) -> Iterator[Tensor]:
    """The embeddings (ROWS or fewer, D) of all frames in order, as they are, without augmentation."""
    frames = transitions.frames
    device = next(encoder.parameters()).device
    for start in tqdm(range(0, len(frames), ROWS), "embedding", unit="batch", dynamic_ncols=True):
        pictures = torch.from_numpy(frames.take(np.arange(start, min(start + ROWS, len(frames)))))
        with torch.no_grad():
            yield encoder(pictures.permute(0, 3, 1, 2).to(device)).float().cpu()


def frozen_features(transitions: Transitions, encoder: nn.Module, folder: Path) -> np.ndarray:
    """The embeddings of all frames, (N, D) float32, memory-mapped from a file in ``folder`` for encoder and data."""
    path = folder / f"features-{fingerprint_of(encoder.state_dict())}-{transitions.fingerprint}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial, written, start = path.with_suffix(".partial.npy"), None, 0
        for part in embeddings(transitions, encoder):
            if written is None:
                shape = (len(transitions.frames), part.shape[1])
                written = np.lib.format.open_memmap(str(partial), "w+", np.float32, shape)
            written[start : start + len(part)] = part.numpy()
            start += len(part)
        assert written is not None  # there are transitions
        written.flush()
        os.replace(str(partial), str(path))
    features: np.ndarray = np.load(str(path), mmap_mode="r", allow_pickle=False)
    if len(features) != len(transitions.frames):
        raise ValueError(f"{path} holds features of {len(features)} of {len(transitions.frames)} frames; delete it")
    return features
