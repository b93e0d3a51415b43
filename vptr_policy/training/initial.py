"""Where an encoder's first weights come from: our own pre-training, an earlier policy, or a published checkpoint."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Mapping, Union

import torch
from torch import Tensor, nn

from vptr_policy.card import Card
from vptr_policy.checkpoint import WEIGHTS, load_checkpoint
from vptr_policy.checkpoint_folder import CheckpointError, checkpoint_folder
from vptr_policy.encoder_checkpoint import EncoderCard, is_encoder, load_encoder_tensors, read_encoder_card
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.pretrained import LAYOUTS, load_pretrained, read_published
from vptr_policy.networks.weights import WeightsError, load_encoder_weights

ENCODER_FIELDS = ("encoder", "width", "symmetric_padding", "embedding")
"""What of a network's shape is its encoder's."""
FITTED = (*ENCODER_FIELDS, "image_side")
"""What a network that begins with an encoder may have from it."""


@dataclass(frozen=True)
class InitialEncoder:
    """Weights of an encoder, and the shape it has."""

    tensors: Dict[str, Tensor]
    shape: NetworkConfig
    described: str
    """for a card"""
    seconds: float = 0.0
    """of the run's own time that its pre-training took"""
    made: Mapping[str, Any] = field(default_factory=dict)
    """algorithm, data and training of its own card; nothing of a published file"""

    @property
    def mark(self) -> str:
        """Identifies the weights, wherever they came from."""
        return fingerprint_of(self.tensors)

    def fit(self, network: NetworkConfig) -> NetworkConfig:
        """A network with this encoder; the side to which pictures are resized is the network's, if it has one."""
        shape = {name: getattr(self.shape, name) for name in ENCODER_FIELDS}
        side = network.image_side or self.shape.image_side
        return replace(network, pretrained=self.described, image_side=side, **shape)

    def load(self, encoder: nn.Module) -> None:
        """Give these weights to an encoder of this shape."""
        load_encoder_weights(encoder, self.tensors)


def fingerprint_of(tensors: Mapping[str, Tensor]) -> str:
    """Identifies tensors by their names and values."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        plain = tensors[name].detach().cpu().contiguous()
        found.update(f"{name} {plain.dtype} {tuple(plain.shape)}\n".encode())
        found.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()[:16]


def find_initial(path: Path) -> InitialEncoder:
    """The encoder of a run, of a checkpoint, or of a file that VIP, R3M or MVP published.

    Raises CheckpointError or WeightsError, both ValueErrors, where there is none.
    """
    if path.is_file():
        return _published(path)
    try:
        folder = checkpoint_folder(path)
    except CheckpointError as error:
        message = f"{path}: no encoder here, expected a run, a checkpoint or a file of VIP, R3M or MVP"
        raise WeightsError(message) from error
    if is_encoder(folder):
        card = read_encoder_card(folder)
        mark = card.files["encoder.safetensors"]["sha256"]
        described = f"{card.algorithm['name']}: {folder}, sha256 {mark}"
        return InitialEncoder(load_encoder_tensors(folder), card.network, described, made=_made(card))
    actor, policy = load_checkpoint(folder)
    described = f"{policy.algorithm['name']}: {folder}, sha256 {policy.files[WEIGHTS]['sha256']}"
    return InitialEncoder(actor.encoder.state_dict(), policy.network, described, made=_made(policy))


def _made(card: Union[Card, EncoderCard]) -> Dict[str, Any]:
    return {"algorithm": card.algorithm, "data": card.data, "training": card.training}


def _published(path: Path) -> InitialEncoder:
    problems = []
    for source, layout in LAYOUTS.items():
        try:
            read_published(source, path)
        except WeightsError as error:
            problems.append(str(error))
            continue
        shape = NetworkConfig(1, layout.encoder, embedding=layout.embedding)
        encoder = make_encoder(shape)
        described = load_pretrained(encoder, source, path)
        return InitialEncoder(encoder.state_dict(), shape, described)
    raise WeightsError("{} is none of the published checkpoints: {}".format(path, "; ".join(problems)))
