"""A run of an encoder on video: phase 1 of V-PTR, and the pre-training of what it is compared with."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

import torch

from vptr_policy.algorithms.embedding_learner import EmbeddingLearner, EmbeddingSettings
from vptr_policy.algorithms.icvf_learner import ICVFLearner, ICVFSettings
from vptr_policy.algorithms.learner import Learner
from vptr_policy.encoder_checkpoint import EncoderCard, save_encoder
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.embedding import Embedding
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.icvf import ICVF
from vptr_policy.training.distributed import Place
from vptr_policy.training.folder import claim
from vptr_policy.training.loop import Loop
from vptr_policy.training.provenance import made_by
from vptr_policy.training.state import TrainingState
from vptr_policy.training.stream import Source
from vptr_policy.training.video_options import EmbeddingOptions, ICVFOptions, VideoOptions


class VideoRun:
    """An encoder learned from clips, kept in ``options.out``."""

    def __init__(self, options: VideoOptions, place: Optional[Place] = None) -> None:
        self._options = options
        self._place = place or Place()
        torch.manual_seed(options.seed)
        network, self.learner, settings = _learner(options)
        self.source, described = video_source(options, self._place)
        self._card = EncoderCard({"name": options.PRESET, **settings}, network, described)
        self.loop = Loop(self.learner, options, options.out, self._save, None, self._place)

    def run(self) -> Path:
        """Train to the end; returns the folder of the checkpoint."""
        if self._place.leads:
            claim(self._options.out, self._options.plain())
        self._place.wait()
        return self.loop.run(self.source)

    def _save(self, folder: Path, state: TrainingState, figures: Mapping[str, Any]) -> None:
        card = replace(self._card, training=made_by(self._options, state), metrics=dict(figures))
        save_encoder(folder, state.learner.exports(), card)


def _learner(options: VideoOptions) -> Tuple[NetworkConfig, Learner, Dict[str, Any]]:
    """The shape of the encoder, the learner on it, and its settings for a card."""
    network = NetworkConfig(1, options.encoder, width=options.width, batch_statistics=options.encoder == "resnet-50")
    if isinstance(options, ICVFOptions):
        settings = ICVFSettings(
            expectile=options.expectile,
            discount=options.discount,
            pessimistic=options.pessimistic,
            baseline=options.baseline,
            target_rate=options.target_rate,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
        )
        icvf = ICVF(make_encoder(network), options.heads, options.layers, options.dropout, options.form)
        return network, ICVFLearner(icvf, settings), asdict(settings)
    assert isinstance(options, EmbeddingOptions)
    network = replace(network, embedding=options.embedding)
    of_embedding = EmbeddingSettings(
        options.loss, options.discount, options.negatives, options.l1, options.l2, options.learning_rate
    )
    encoder = make_encoder(network)
    embedding = encoder if isinstance(encoder, Embedding) else Embedding(encoder, 0)
    return network, EmbeddingLearner(embedding, of_embedding), asdict(of_embedding)


def video_source(options: VideoOptions, _: Place) -> Tuple[Source, Dict[str, Any]]:
    """The batches of a run on video, and what a card says of their data."""
    raise ValueError(f"{options.video}: reading clips for training comes with the next change")
