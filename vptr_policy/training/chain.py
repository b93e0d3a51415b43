"""The stages of a policy one after the other: an encoder is pre-trained or found, the robot phases go on with it."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional

from vptr_policy.data.video.index import find_shards
from vptr_policy.encoder_checkpoint import read_encoder_card
from vptr_policy.training.acting import check_acting
from vptr_policy.training.distributed import Place
from vptr_policy.training.folder import PROCESSES, STATE, claim, held
from vptr_policy.training.initial import FITTED, InitialEncoder, find_initial
from vptr_policy.training.loop import Evaluate
from vptr_policy.training.presets import options_class
from vptr_policy.training.robot import RobotData, RobotRun
from vptr_policy.training.robot_options import RobotOptions
from vptr_policy.training.video import VideoRun
from vptr_policy.training.video_options import VideoOptions

VIDEO = "video"
SHARED = ("scale", "seed", "threads", "workers", "device", "bfloat16", "log_every", "save_every", "encoder", "width")
"""Options that the pre-training takes over."""


def train_policy(
    options: RobotOptions, data: RobotData, evaluate: Optional[Evaluate] = None, place: Optional[Place] = None
) -> Path:
    """Run what is left of the stages of a run; returns the folder of the chosen checkpoint."""
    place = place or Place()
    check_start(options)
    with held(options.out) if place.leads else nullcontext():
        if place.leads:
            claim(options.out, {**_settled(options), PROCESSES: place.world})
        place.wait()
        initial = _initial(options, place)
        return RobotRun(options, data, evaluate, place, initial).run()


def check_start(options: RobotOptions) -> None:
    """Raises ValueError where what a run is to begin with is not given, or something that it can make nothing of."""
    if _pretrained(options) is None and options.pretraining and not options.video:
        raise ValueError(
            f"{options.PRESET} pre-trains its encoder on video: give --video DIR, or with --pretrained the encoder of "
            "an earlier run or a published checkpoint"
        )
    options.expect(
        "encoder",
        options.encoder != "resnet-50" or bool(options.pretraining) or options.pretrained is not None,
        "a pre-trained one: its batch statistics stay as they are in the robot phases (V-PTR D.3), and random weights "
        "have none; name one with --pretrained, or take resnet-34 or resnetv2-50",
    )
    if options.pretrained is None and not options.pretraining and options.frozen:
        who = "" if "frozen" in options.changed() else f"{options.PRESET} leaves its encoder as it is, and "
        raise ValueError(f"{who}--frozen needs an encoder that has learned something: name one with --pretrained")
    if (options.out / STATE).is_file():
        return  # it has begun, and goes on as it was
    if not options.source and not options.target:
        raise ValueError(
            f"{options.PRESET} --no-source learns from the data of --target alone, and there are none: give --target "
            "DIR, or --source to learn from --data"
        )
    check_acting(options, _pretrained(options))
    for folder in options.video:
        find_shards(folder)


def pretraining(options: RobotOptions) -> VideoOptions:
    """The options of the pre-training within a run: the defaults of its own preset, but for what the run says."""
    shared = {name: getattr(options, name) for name in SHARED}
    steps = options.video_steps or options.steps
    chosen = options_class(options.pretraining, options.scale)(
        video=options.video,  # type: ignore[call-arg]
        out=options.out / VIDEO,
        steps=steps,
        hours=options.hours and options.hours * steps / (steps + options.steps),
        batch=options.video_batch,
        **shared,
    )
    assert isinstance(chosen, VideoOptions)
    return chosen


def _pretrained(options: RobotOptions) -> Optional[Path]:
    """Where the encoder is that need not be pre-trained: the named one, or that of the run that is gone on from."""
    if options.pretrained is None and options.pretraining and options.start is not None:
        learned = options.start / VIDEO
        return learned if learned.is_dir() else None
    return options.pretrained


def _initial(options: RobotOptions, place: Place) -> Optional[InitialEncoder]:
    pretrained = _pretrained(options)
    if pretrained is not None:
        initial = find_initial(pretrained)
        _check_shape(options, pretrained, initial, place)
        return initial
    if options.pretraining:
        checkpoint = VideoRun(pretraining(options), place).run()
        return replace(find_initial(checkpoint), seconds=read_encoder_card(checkpoint).training["seconds"])
    return None


def _settled(options: RobotOptions) -> Dict[str, Any]:
    """The options without those that are a given encoder's, which is not read yet."""
    plain = options.plain()
    given = () if _pretrained(options) is None else FITTED
    return {name: value for name, value in plain.items() if name not in given}


def _check_shape(options: RobotOptions, path: Path, initial: InitialEncoder, place: Place) -> None:
    """Raises ValueError where an option asks for another encoder than the given one; tells where a default would."""
    other = [name for name in ("encoder", "width") if getattr(options, name) != getattr(initial.shape, name)]
    for name in other:
        remedy = f"{getattr(initial.shape, name)} as {path} has it: leave --{name} out, or give another encoder"
        options.expect(name, name not in options.changed(), remedy)
    if other and place.leads:
        told = ", ".join(f"{name} {getattr(initial.shape, name)} (not {getattr(options, name)})" for name in other)
        print(f"{options.out}: as {path} has it: {told}", file=sys.stderr)
