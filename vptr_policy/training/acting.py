"""Options that a run would silently make nothing of."""

from fractions import Fraction
from pathlib import Path
from typing import Optional

from vptr_policy.data.robot.mixing import FINEST_SHARE
from vptr_policy.training.robot_options import CQLOptions, RobotOptions

OF_TARGET = ("target_share", "finetune_at", "target_success_share", "target_tasks")
OF_SUCCESS = ("success_share", "target_success_share")
OF_VIDEO = ("video", "video_steps", "video_batch")
OF_IMITATION = ("imitate", "bc_loss")
OF_LANGUAGE = ("sentence_model",)
OF_RESIZING = ("image_side",)
OF_EVALUATION = ("evaluate_episodes", "evaluate_seed")
RESIZING = ("resnetv2-50", "resnet-50")
"""Encoders that take pictures of any side."""


def check_acting(options: RobotOptions, learned: Optional[Path] = None) -> None:
    """Raises ValueError where an option that was set (it is not at its default) could not act.

    ``learned`` is where an encoder is that need not be pre-trained.
    """
    resizes = options.encoder in RESIZING or learned is not None  # the given encoder is not read yet
    cloned = isinstance(options, CQLOptions) and options.bc_weight > 0.0
    for names, acts, why, remedy in (
        (OF_TARGET, bool(options.target), "there are no target's data", "give --target DIR"),
        (OF_TARGET, options.source, "with --no-source the target's data are all there are", "give --source"),
        (OF_SUCCESS, options.failures, "failed demonstrations are left out", "give --failures"),
        (OF_VIDEO, bool(options.pretraining), f"{options.PRESET} has no pre-training", "give --pretraining icvf"),
        (OF_VIDEO, learned is None, f"the encoder in {learned} has learned already", "start without it"),
        (OF_IMITATION, cloned, "the actor's loss has no behaviour-cloning term", "give --bc-weight"),
        (OF_LANGUAGE, options.language, "no task is told in words", "give --language"),
        (OF_RESIZING, resizes, f"{options.encoder} has a side of its own", f"take --encoder {' or '.join(RESIZING)}"),
        (OF_EVALUATION, bool(options.evaluate_every), "nothing is evaluated", "give --evaluate-every"),
    ):
        for name in options.changed():
            if name in names and not acts:
                options.expect(name, False, f"nothing, because {why}: leave it out, or {remedy}")
    share = Fraction(options.target_share).limit_denominator(FINEST_SHARE)
    options.expect("target_share", share > 0, f"at least {1 / FINEST_SHARE:g}: no batch would hold any of --target")
