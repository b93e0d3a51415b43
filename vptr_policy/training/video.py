"""A run of an encoder on video: phase 1 of V-PTR, and the pre-training of what it is compared with."""

import hashlib
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

import torch

from vptr_policy.algorithms.embedding_learner import EmbeddingLearner, EmbeddingSettings
from vptr_policy.algorithms.icvf_learner import ICVFLearner, ICVFSettings
from vptr_policy.algorithms.learner import Learner
from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.damage import count_met
from vptr_policy.data.video.crops import VIP_CROP, Crop
from vptr_policy.data.video.index import about
from vptr_policy.data.video.sampling import ICVF_GOALS, VIDEO_GOALS
from vptr_policy.data.video.stream import ClipBatches, ClipStream, ContrastBatches, IntentBatches, OrderedBatches
from vptr_policy.encoder_checkpoint import EncoderCard, save_encoder
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.embedding import Embedding
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.icvf import ICVF
from vptr_policy.training.distributed import Place
from vptr_policy.training.folder import PROCESSES, claim, held
from vptr_policy.training.loop import Loop
from vptr_policy.training.provenance import made_by
from vptr_policy.training.state import TrainingState
from vptr_policy.training.video_options import EmbeddingOptions, ICVFOptions, VideoOptions

VideoBatches = Union[IntentBatches, ClipBatches, OrderedBatches, ContrastBatches]
GOALS = {"icvf": ICVF_GOALS, "video": VIDEO_GOALS}


class VideoRun:
    """An encoder learned from clips, kept in ``options.out``."""

    def __init__(self, options: VideoOptions, place: Optional[Place] = None) -> None:
        self._options = options
        self._place = place or Place()
        torch.manual_seed(options.seed)
        network, self.learner, settings = _learner(options)
        self.source = self._place.first(lambda: video_source(options, self._place))
        self._card = EncoderCard({"name": options.PRESET, **settings}, network)
        damage = {"damaged_frames": self.source.damaged, "replaced_by_sound_clips": self.source.stand_ins}
        self.loop = Loop(self.learner, options, options.out, self._save, None, self._place, damage=damage)

    def run(self) -> Path:
        """Train to the end; returns the folder of the checkpoint."""
        with held(self._options.out) if self._place.leads else nullcontext():
            if self._place.leads:
                facts = {PROCESSES: self._place.world, **identify_clips(self.source)}
                claim(self._options.out, {**self._options.plain(), **facts})
            self._place.wait()
            return self.loop.run(self.source)

    def _save(self, folder: Path, state: TrainingState, figures: Mapping[str, Any]) -> None:
        described = describe_clips(self.source, self._options.video)
        card = replace(
            self._card,
            data={**described, **{name: count_met(met) for name, met in state.met.items()}},
            training=made_by(self._options, state),
            metrics=dict(figures),
        )
        encoder = state.learner.exports()["encoder"]
        if isinstance(encoder, Embedding) and not card.network.embedding:
            encoder = encoder.encoder
        save_encoder(folder, {"encoder": encoder}, card)


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
        loss=options.loss,
        discount=options.discount,
        negatives=options.negatives,
        joint_negatives=options.joint_negatives,
        l1=options.l1,
        l2=options.l2,
        learning_rate=options.learning_rate,
    )
    encoder = make_encoder(network)
    embedding = encoder if isinstance(encoder, Embedding) else Embedding(encoder, 0)
    return network, EmbeddingLearner(embedding, of_embedding), asdict(of_embedding)


def video_source(options: VideoOptions, place: Place) -> VideoBatches:
    """The batches of a run on video: of the frames that its objective looks at."""
    share = place.share(options.batch)
    crop = Crop(options.crop)
    if isinstance(options, ICVFOptions):
        augmentation = Augmentation.of(options.shift, options.colour)
        goals = GOALS[options.goals]
        return IntentBatches(options.video, share, options.side, options.seed, place.rank, goals, crop, augmentation)
    assert isinstance(options, EmbeddingOptions)
    if options.loss in ("vip", "lstd"):
        crop = replace(VIP_CROP, least=options.crop)
        return ClipBatches(options.video, share, options.side, options.seed, place.rank, crop)
    kind = ContrastBatches if options.loss == "tcn" else OrderedBatches
    return kind(options.video, share, options.side, options.seed, place.rank, crop)


def identify_clips(source: ClipStream) -> Dict[str, str]:
    """What tells that a run is resumed with the clips it began with: their frames, and their lengths.

    The lengths are all that runs knew of which began before there was a fingerprint of the frames.
    """
    lengths = hashlib.sha256(source.clips.lengths.tobytes()).hexdigest()[:16]
    return {"data_fingerprint": lengths, "frames_fingerprint": source.fingerprint}


def describe_clips(source: ClipStream, folders: Sequence[Path]) -> Dict[str, Any]:
    """What a card says of clips: where they are, what made them, how many, what is missing, what identifies them."""
    clips = source.clips
    return {
        "folders": [str(folder) for folder in folders],
        "commands": [about(folder).get("command", "unknown") for folder in folders],
        "fingerprint": source.fingerprint,
        "clips": len(clips.lengths),
        "frames": int(clips.first[-1]),
        "missing_clips": source.missing,
        "missing_why": source.shortages,
    }
