"""What a frozen encoder makes of all frames, computed once where pictures are not varied."""

import os
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vptr_policy.data.robot.transitions import Transitions
from vptr_policy.replacement import writing
from vptr_policy.training.initial import fingerprint_of

ROWS = 256
"""Pictures encoded at a time."""


def embeddings(transitions: Transitions, encoder: nn.Module) -> Iterator[Tensor]:
    """The embeddings (ROWS or fewer, D) of all frames in order, as they are, without augmentation."""
    count = len(transitions.frames)
    for start in tqdm(range(0, count, ROWS), "embedding", unit="batch", dynamic_ncols=True):
        yield embed(transitions, np.arange(start, min(start + ROWS, count)), encoder)


def embed(transitions: Transitions, numbers: np.ndarray, encoder: nn.Module) -> Tensor:
    """The embeddings (n, D) float32 of the frames ``numbers`` (n,), computed where the encoder is."""
    pictures = torch.from_numpy(transitions.frames.take(numbers)).permute(0, 3, 1, 2)
    with torch.no_grad():
        embedded: Tensor = encoder(pictures.to(next(encoder.parameters()).device)).float().cpu()
    return embedded


def frozen_features(transitions: Transitions, encoder: nn.Module, folder: Path) -> np.ndarray:
    """The embeddings of all frames, (N, D) float32, memory-mapped from a file in ``folder`` for encoder and data.

    Raises OSError where there is no room for the file: it is written in order, a map of it would end the process then.
    """
    path = folder / f"features-{fingerprint_of(encoder.state_dict())}-{transitions.fingerprint}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        with writing(path, partial):
            with open(str(partial), "wb") as file:
                for number, part in enumerate(embeddings(transitions, encoder)):
                    if number == 0:
                        shape = (len(transitions.frames), part.shape[1])
                        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                        np.lib.format.write_array_header_1_0(file, header)
                    file.write(part.numpy().astype("<f4").tobytes())
            os.replace(str(partial), str(path))
    features: np.ndarray = np.load(str(path), mmap_mode="r", allow_pickle=False)
    if len(features) != len(transitions.frames):
        raise ValueError(f"{path} holds features of {len(features)} of {len(transitions.frames)} frames; delete it")
    return features
