"""The systems of the paper by name: each is a set of defaults of the options, at two scales."""

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Dict, Type

from vptr_policy.meant import meant
from vptr_policy.training.options import SCALES, LoopOptions
from vptr_policy.training.robot_options import BCOptions, CQLOptions, RWROptions
from vptr_policy.training.video_options import EmbeddingOptions, ICVFOptions

Defaults = Dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """One command of `vptr train`."""

    options: Type[LoopOptions]
    help: str
    small: Defaults = field(default_factory=dict)
    """at both scales, where the paper's does not say otherwise"""
    paper: Defaults = field(default_factory=dict)
    """at the paper's scale"""


ROBOT_PAPER: Defaults = {"steps": 400_000, "hidden": (256, 256, 256), "workers": 8, "save_every": 5000}
CQL_PAPER: Defaults = {**ROBOT_PAPER, "learning_rate": 1e-4, "critic_learning_rate": 3e-4}
V_PTR: Defaults = {"pretraining": "icvf", "alpha": 5.0}
V_PTR_PAPER: Defaults = {
    **CQL_PAPER, "encoder": "resnetv2-50", "video_steps": 2_000_000, "hidden": (1024, 1024, 1024),
}  # fmt: skip
"""Hidden layers as in the public code; the paper prints 256."""
PTR_PAPER: Defaults = {**CQL_PAPER, "encoder": "resnet-34", "bottleneck": 256, "finetune_at": 160_000}
BC_PAPER: Defaults = {
    **ROBOT_PAPER, "encoder": "resnet-34", "bottleneck": 256, "learning_rate": 3e-4, "warm_up": 2000, "dropout": 0.1,
    "loss": "unit-gaussian", "batch": 256,
}  # fmt: skip
EMBEDDED: Defaults = {"encoder": "resnet-50", "video_steps": 1_000_000, "video_batch": 32}
"""What VIP and TCN pre-train, as their own presets do."""
VIP_PAPER: Defaults = {**CQL_PAPER, **EMBEDDED}
RWR_PAPER: Defaults = {**ROBOT_PAPER, **EMBEDDED, "steps": 20_000, "hidden": (256, 256), "warm_up": 0}
LANGUAGE: Defaults = {"language": True}
VIDEO_PAPER: Defaults = {"side": 224, "workers": 8, "save_every": 5000}
EMBEDDING_PAPER: Defaults = {
    "steps": 1_000_000, "encoder": "resnet-50", "batch": 32, "learning_rate": 1e-4, "schedule": "constant",
    "warm_up": 0, **VIDEO_PAPER,
}  # fmt: skip

PRESETS: Dict[str, Preset] = {
    "v-ptr": Preset(
        CQLOptions, "V-PTR: ICVF on video, multi-task CQL on robot data, fine-tuning", V_PTR, V_PTR_PAPER
    ),
    "v-ptr-language": Preset(
        CQLOptions, "V-PTR that is told its task in words", {**V_PTR, **LANGUAGE}, V_PTR_PAPER
    ),
    "v-ptr-no-phase-2": Preset(
        CQLOptions, "V-PTR without phase 2: ICVF on video, then CQL on the target's data alone",
        {**V_PTR, "source": False}, V_PTR_PAPER,
    ),
    "ptr": Preset(CQLOptions, "PTR: multi-task CQL and fine-tuning, without video", {"alpha": 10.0}, PTR_PAPER),
    "ptr-language": Preset(CQLOptions, "PTR that is told its task in words", {"alpha": 10.0, **LANGUAGE}, PTR_PAPER),
    "bc": Preset(BCOptions, "behaviour cloning", {}, BC_PAPER),
    "bc-language": Preset(BCOptions, "behaviour cloning that is told its task in words", LANGUAGE, BC_PAPER),
    "r3m-bc": Preset(
        BCOptions, "R3M+BC: behaviour cloning from R3M's encoder (--pretrained), or time-contrastive learning on video",
        {"pretraining": "tcn"}, {**BC_PAPER, **EMBEDDED, "bottleneck": 0},
    ),
    "mvp-bc": Preset(
        BCOptions, "MVP+BC: behaviour cloning on MVP's frozen encoder (--pretrained)",
        {"frozen": True}, {**BC_PAPER, "encoder": "vit-b16", "bottleneck": 0},
    ),
    "vip-cql": Preset(
        CQLOptions, "VIP+CQL: multi-task CQL from VIP's encoder (--pretrained), or VIP on video",
        {"pretraining": "vip", "alpha": 5.0}, VIP_PAPER,
    ),
    "vip-frozen-cql": Preset(
        CQLOptions, "VIP frozen+CQL: the same with the encoder left as it is",
        {"pretraining": "vip", "alpha": 5.0, "frozen": True}, VIP_PAPER,
    ),
    "vip-reward": Preset(
        RWROptions, "VIP reward: regression weighted by the progress that VIP's embedding sees",
        {"pretraining": "vip", "frozen": True}, RWR_PAPER,
    ),
    "cql": Preset(CQLOptions, "multi-task CQL from random weights", {}, CQL_PAPER),
    "icvf": Preset(
        ICVFOptions, "pre-train an encoder: intent-conditioned values on video", {},
        {"steps": 2_000_000, "encoder": "resnetv2-50", "learning_rate": 1e-4, **VIDEO_PAPER},
    ),
    "vip": Preset(EmbeddingOptions, "pre-train an encoder: value-implicit pre-training on video", {}, EMBEDDING_PAPER),
    "tcn": Preset(
        EmbeddingOptions, "pre-train an encoder: time-contrastive learning on video (R3M without language)",
        {"loss": "r3m", "l1": 1e-5, "l2": 1e-5, "embedding": 0}, EMBEDDING_PAPER,
    ),
    "lstd": Preset(
        EmbeddingOptions, "pre-train an encoder: least-squares temporal differences on video", {"loss": "lstd"},
        EMBEDDING_PAPER,
    ),
}  # fmt: skip


@lru_cache(maxsize=None)
def options_class(name: str, scale: str = "small") -> Type[LoopOptions]:
    """The options of a preset, whose defaults are those of the scale; raises ValueError naming the nearest."""
    for value, known, what in ((name, list(PRESETS), "preset"), (scale, list(SCALES), "scale")):
        if value not in known:
            raise ValueError(f"no {what} {value!r}{meant(value, known) or ';'} Known: {', '.join(known)}")
    preset = PRESETS[name]
    defaults = {**preset.small, **(preset.paper if scale == "paper" else {})}
    types = {entry.name: entry.type for entry in fields(preset.options)}
    space: Dict[str, Any] = {
        "__annotations__": {option: types[option] for option in defaults},
        "__doc__": preset.help[0].upper() + preset.help[1:] + ".",
        "__module__": preset.options.__module__,
        "PRESET": name,
        **defaults,
    }
    return dataclass(frozen=True)(type(preset.options.__name__, (preset.options,), space))
