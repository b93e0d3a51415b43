"""The published checkpoints of VIP, R3M and MVP as weights of our encoders.

The layouts are those of the public loaders (facebookresearch/vip ``load_vip``, facebookresearch/r3m ``load_r3m``,
ir413/mvp ``load_checkpoint``). The files are pickles: only tensors and plain containers are read from them.
"""

import hashlib
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

import torch
from torch import Tensor, nn

from vptr_policy.networks.embedding import VIP_SIZE, Embedding
from vptr_policy.networks.weights import WeightsError, load_encoder_weights


@dataclass(frozen=True)
class Layout:
    """Where in a published checkpoint the encoder lies."""

    entry: str
    """key of the state dict in the file"""
    prefix: str
    """what the names of the encoder's tensors begin with"""
    dropped: str
    """regular expression of names (with the prefix) that are known and not wanted"""
    encoder: str
    """name of our encoder of that shape"""
    embedding: int = 0
    """width of its last linear layer, ``NetworkConfig.embedding``"""


LAYOUTS: Dict[str, Layout] = {
    "vip": Layout("vip", "module.convnet.", "$^", "resnet-50", VIP_SIZE),
    "r3m": Layout("r3m", "module.convnet.", r"module\.(lang_enc|lang_rew)\.", "resnet-50"),
    # a masked autoencoder saved whole still has its decoder; a classifier its head
    "mvp": Layout("model", "", r"mask_token$|decoder_|head\.", "vit-b16"),
}


def load_pretrained(encoder: nn.Module, source: str, path: Path) -> str:
    """Fill ``encoder`` with a published checkpoint; raises WeightsError naming what does not fit.

    Args:
        encoder: what ``make_encoder`` gives for the layout's ``encoder`` and ``embedding``. For VIP it may also be made
            without the embedding: VIP's ``fc`` is left out then.
        source: vip, r3m or mvp.
        path: the file as it was published.

    Returns:
        A description for ``NetworkConfig.pretrained``.
    """
    if source not in LAYOUTS:
        raise WeightsError(f"no published checkpoints of {source!r} are known; expected one of {', '.join(LAYOUTS)}")
    tensors = read_published(source, path)
    if LAYOUTS[source].embedding:
        tensors = _split_embedding(tensors, isinstance(encoder, Embedding))
    try:
        load_encoder_weights(encoder, tensors)
    except WeightsError as error:
        raise WeightsError(f"{path} as a checkpoint of {source}: {error}") from error
    return f"{source}: {Path(path).name}, sha256 {hashlib.sha256(Path(path).read_bytes()).hexdigest()}"


def read_published(source: str, path: Path) -> Dict[str, Tensor]:
    """The encoder's tensors in the file of ``source`` at ``path``, with torchvision's or timm's names."""
    layout = LAYOUTS[source]
    content = _read(path)
    if not isinstance(content, dict) or not isinstance(content.get(layout.entry), dict):
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise WeightsError(f"{path}: expected a dict of tensors under {layout.entry!r} ({source}), found {found}")
    tensors: Dict[str, Tensor] = {}
    for name, tensor in content[layout.entry].items():
        if re.match(layout.dropped, str(name)):
            continue
        if not str(name).startswith(layout.prefix) or not isinstance(tensor, Tensor):
            raise WeightsError(f"{path}: unknown entry {name!r}, expected tensors named {layout.prefix}* ({source})")
        tensors[str(name)[len(layout.prefix) :]] = tensor
    return tensors


def _read(path: Path) -> Any:
    try:
        return torch.load(str(path), map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): expected a checkpoint file") from error
    except pickle.UnpicklingError as error:
        told = re.search(r"GLOBAL (\S+)", str(error))
        reason = f"it calls {told.group(1)}" if told else "its pickle cannot be read"
        raise WeightsError(
            f"{path} is refused: it holds more than tensors and plain containers, or is no checkpoint ({reason}). "
            "Such a file could run any program; get the published one again and compare its hash."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} is damaged or no checkpoint of torch: {error}") from error


def _split_embedding(tensors: Dict[str, Tensor], wanted: bool) -> Dict[str, Tensor]:
    """torchvision's ``fc`` as the projection of an Embedding, or without it."""
    if not wanted:
        return {name: tensor for name, tensor in tensors.items() if not name.startswith("fc.")}
    return {
        name.replace("fc.", "projection.", 1) if name.startswith("fc.") else "encoder." + name: tensor
        for name, tensor in tensors.items()
    }
