"""The paper's experiment in simulation (V-PTR C.2, Fig. 8): which axis of generalisation gains from video.

1500 source trajectories over six objects from a scripted policy of mixed quality, three target sets of a few
demonstrations that are diverse along one axis each, V-PTR and PTR and BC with the same budget, tested on unseen kinds.
Phase 2 of a method is trained once and serves its three axes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from vptr_cli.experiments.parts import Part, generated, trained
from vptr_cli.experiments.results import is_evaluated
from vptr_policy.checkpoint_folder import CHOSEN

AXES = ("targets", "containers", "distractors")
METHODS = ("v-ptr", "ptr", "bc")
VARIANTS = ("unseen", "train")
SEED = 300
"""Of the test scenes."""
FEW = 10
"""Demonstrations of a target set in the paper's simulation."""
AVERAGING = "0.995"
"""Of the weights of every method's actor, over some 200 updates: phase 3 has a thousand, and must not be averaged with
what came before it. (The papers' methods average nothing; behaviour cloning alone would be better off by it.)"""
WARM_UP = "200"
"""Updates in which the learning rate rises."""


@dataclass(frozen=True)
class Size:
    """How much of everything; the budget of updates is the same for all methods."""

    clips: int
    source: int
    video_steps: int
    steps: int
    finetune_at: int
    episodes: int
    limit: int
    """of an episode [steps]; the paper's 40"""
    width: int
    video_batch: int
    batch: int
    more: Tuple[str, ...] = ()
    """further words of what simulates: data and evaluations"""


SIZES: Dict[str, Size] = {
    "full": Size(2000, 1500, 5000, 7000, 6000, 100, 40, 24, 32, 64),
    "small": Size(120, 160, 250, 400, 200, 20, 40, 16, 16, 32),
    "smoke": Size(4, 6, 4, 8, 4, 1, 5, 8, 2, 8, ("--workers", "1")),
}


@dataclass(frozen=True)
class Setting:
    """What is varied between runs of the experiment."""

    name: str
    help: str
    source: str = "mixed"
    """mixed (about 30 % success) or success (as many, all of them successes of the same scripted policy)"""
    demonstrations: int = FEW
    target_share: float = 0.7
    """tau; the paper prints .7 for simulation, which its own text and its code read differently"""
    alpha: float = 5.0
    """of V-PTR and PTR alike (V-PTR C.2), though PTR has 10 elsewhere"""
    bc_weight: float = 0.0
    late_bc_weight: Optional[float] = None
    """of phase 3 where it is another than of phase 2, which may be shared then"""
    shipped: bool = False
    """As the shipped policy is trained: targets are kept to what returns can be, Q is not pushed below the returns seen
    (the paper's public code), the temperature starts low, successes are six tenths of the source's rows, phase 2 trains
    the actor by cloning alone, it learns faster and its weights are averaged. Behaviour cloning gets the same rate and
    averaging, and leaves failures out. All imitate the commanded, disturbed action: all that a robot records."""
    more_video: float = 1.0
    """Factor of the length of phase 1."""
    fewer: int = 1
    """Divides the number of source trajectories."""
    width: float = 1.0
    """Factor of the width of all networks' encoders, which is a multiple of 8."""
    encoder: str = ""
    """Of all networks; empty: the small convolutional one, the only one that has a width."""


def _cloning(name: str, text: str, late_bc_weight: Optional[float] = 100.0, **more: Any) -> Setting:
    return Setting(name, text, alpha=1.0, bc_weight=20.0, late_bc_weight=late_bc_weight, shipped=True, **more)


SETTINGS: Tuple[Setting, ...] = (
    Setting("paper", "mixed source data, 10 demonstrations, tau .7 as the target's share, alpha 5"),
    Setting("source-share", "as paper, tau .7 read as the source's share", target_share=0.3),
    _cloning("cloning", "the first shipped policy's recipe: a behaviour-cloning term, a bounded critic, alpha 1", None),
    _cloning("cloning-100", "as cloning, with five times the weight of cloning in phase 3"),
    _cloning("demonstrations-44", "as cloning-100, with 44 demonstrations, as on the robot", demonstrations=44),
    _cloning("success", "as cloning-100, with source data of successes only", source="success"),
    _cloning("longer-video", "as cloning-100, with phase 1 three times as long", more_video=3.0),
    _cloning("few-source", "as cloning-100, with a tenth of the source data, where video should matter most", fewer=10),
    _cloning("narrow", "as cloning-100, with encoders of two thirds of the width", width=2 / 3),
    _cloning("wide", "as cloning-100, with encoders a third wider", width=4 / 3),
    _cloning("resnetv2-50", "as cloning-100, with V-PTR's ResNetV2-50: for a GPU", encoder="resnetv2-50"),
)


def find_setting(name: str) -> Setting:
    """The setting of that name; raises ValueError naming them all."""
    for setting in SETTINGS:
        if setting.name == name:
            return setting
    raise ValueError("no setting {!r}; known: {}".format(name, ", ".join(s.name for s in SETTINGS)))


class Generalization:
    """The parts of the experiment in the folder ``out``; settings share what they have in common.

    ``video`` is a folder of clips for phase 1 in place of the generated ones, such as Ego4D's.
    """

    def __init__(self, out: Path, setting: Setting, size: Size, seed: int = 0, video: Optional[Path] = None) -> None:
        self.out, self.setting, self.size, self.seed = out, setting, size, seed
        self.video = None if video is None else video.resolve()

    @property
    def name(self) -> str:
        """Of its results and summary."""
        return f"{self.setting.name}{self._given()}-seed{self.seed}"

    @property
    def results(self) -> Path:
        """The file of results of this setting."""
        return self.out / "results" / f"{self.name}.jsonl"

    def parts(self) -> List[Part]:
        """All parts in order."""
        phase_2 = [self._phase_2(method) for method in METHODS]
        phase_3 = [self._phase_3(method, axis) for method in METHODS for axis in AXES]
        return [*self._data(), self._video(), *phase_2, *phase_3, *(self._evaluation(axis) for axis in AXES)]

    def policy(self, method: str, axis: str) -> Path:
        """The run folder of a method that was fine-tuned on an axis."""
        setting = self.setting
        weight = "" if setting.late_bc_weight is None or method == "bc" else f"-late{setting.late_bc_weight:g}"
        learned = self._learned(method) + weight
        return self._run(f"phase3-{learned}-tau{setting.target_share:g}-{setting.demonstrations}-{axis}")

    def _data(self) -> List[Part]:
        size, demonstrations = self.size, self.setting.demonstrations
        count = max(size.source // self.setting.fewer, 1)
        source = ["--group", "source", "--until", str(count), "--max-steps", "40", "--seed", "0", "--quality", "mixed"]
        source += ["--keep", "successes"] if self.setting.source == "success" else []
        parts = [self._generated(self._source(), ("sim", "generate", *source))]
        if self.video is None:
            parts.insert(0, self._generated("video", ("sim", "videos", "--clips", str(size.clips))))
        needed = [(axis, demonstrations) for axis in AXES]
        for axis, count in needed if demonstrations == FEW else [(AXES[0], FEW), *needed]:
            words = ("--task", f"axis_{axis}", "--until", str(count), "--keep", "successes", "--seed", "200")
            parts.append(self._generated(self._target(axis, count), ("sim", "generate", *words)))
        return parts

    def _generated(self, name: str, words: Tuple[str, ...]) -> Part:
        return generated(f"data-{name}", (*words, *self.size.more), self._folder(name))

    def _video(self) -> Part:
        size, run = self.size, self._run(self._video_name())
        words = ["--video", str(self.video or self._folder("video")), *self._shape(), "--batch", str(size.video_batch)]
        words += ["--steps", str(round(size.video_steps * self.setting.more_video))]
        return self._trained("icvf", words, run, ("data-video",) if self.video is None else ())

    def _phase_2(self, method: str) -> Part:
        """Until fine-tuning begins. The target is there for its number of tasks alone, and the same in all settings."""
        run, target = self._run(f"phase2-{self._learned(method)}"), self._target(AXES[0], FEW)
        words = [*self._robot(method, target), "--steps", str(self.size.finetune_at)]
        needs = (f"data-{self._source()}", f"data-{target}", *self._after_video(method))
        return self._trained(method, words, run, needs)

    def _phase_3(self, method: str, axis: str) -> Part:
        run, setting = self.policy(method, axis), self.setting
        before = self._run(f"phase2-{self._learned(method)}")
        target = self._target(axis, setting.demonstrations)
        words = [*self._robot(method, target), "--steps", str(self.size.steps), "--start", str(before)]
        words += ["--target-share", str(setting.target_share)]
        if setting.late_bc_weight is not None and method != "bc":
            words[words.index("--bc-weight") + 1] = str(setting.late_bc_weight)
        return self._trained(method, words, run, (before.name, f"data-{target}"))

    def _trained(self, preset: str, words: List[str], run: Path, needs: Tuple[str, ...]) -> Part:
        return trained(preset, run.name, words, run, self.seed, needs)

    def _evaluation(self, axis: str) -> Part:
        runs, task = [self.policy(method, axis) for method in METHODS], f"axis_{axis}"
        words = ("sim", "evaluate", "--policy", *map(str, runs), "--task", task, "--variant", *VARIANTS)
        more = ("--episodes", str(self.size.episodes), "--steps", str(self.size.limit), "--seed", str(SEED))
        policies, size = [run / CHOSEN for run in runs], self.size
        return Part(
            f"evaluate-{self.setting.name}{self._given()}-{axis}",
            (*words, *more, "--out", str(self.results), *self.size.more),
            None,
            tuple(run.name for run in runs),
            lambda: is_evaluated(self.results, policies, [task], VARIANTS, size.episodes, SEED, size.limit),
        )

    def _robot(self, method: str, target: str) -> List[str]:
        setting, size = self.setting, self.size
        words = ["--data", str(self._folder(self._source())), "--target", str(self._folder(target))]
        words += ["--finetune-at", str(size.finetune_at), "--batch", str(size.batch), *self._shape()]
        words += ["--schedule", "constant", "--learning-rate", "1e-3" if setting.shipped else "3e-4"]
        words += ["--averaging", AVERAGING, "--warm-up", WARM_UP, "--weight-decay", "0"]
        if method == "bc":
            return words + ["--action", "action"]
        words += ["--alpha", str(setting.alpha), "--bc-weight", str(setting.bc_weight)]
        if setting.shipped:
            words += ["--bound-targets", "--bound-by-returns", "--initial-temperature", "0.05", "--imitate", "action"]
            words += ["--success-share", "0.6"] if setting.source == "mixed" else []
            words += ["--actor-warm-up", str(size.finetune_at)]
        return words + (["--pretrained", str(self._run(self._video_name()))] if method == "v-ptr" else [])

    def _shape(self) -> List[str]:
        if self.setting.encoder:
            return ["--encoder", self.setting.encoder]
        return ["--width", str(max(8, 8 * round(self.size.width * self.setting.width / 8)))]

    def _after_video(self, method: str) -> Tuple[str, ...]:
        return (self._run(self._video_name()).name,) if method == "v-ptr" else ()

    def _video_name(self) -> str:
        factor = self.setting.more_video
        return ("phase1" if factor == 1.0 else f"phase1-x{factor:g}") + self._given() + self._capacity()

    def _given(self) -> str:
        """The name of clips that were not generated."""
        return "" if self.video is None else f"-of-{self.video.name}"

    def _capacity(self) -> str:
        factor, encoder = self.setting.width, self.setting.encoder
        return ("" if factor == 1.0 else f"-width{factor:.2g}") + (f"-{encoder}" if encoder else "")

    def _source(self) -> str:
        """Name of the source data: their quality, and how many times fewer than all they are."""
        setting = self.setting
        return f"source-{setting.source}" + (f"-{setting.fewer}th" if setting.fewer != 1 else "")

    def _target(self, axis: str, demonstrations: int) -> str:
        return f"target-{axis}-{demonstrations}"

    def _learned(self, method: str) -> str:
        """What tells phase 2 of a method in this setting from that in others, which may share it."""
        setting = self.setting
        words = [method, self._source()[len("source-") :]]
        if method == "bc":
            words += ["shipped"] if setting.shipped else []
        else:
            words += [f"alpha{setting.alpha:g}", f"bc{setting.bc_weight:g}", *(["shipped"] if setting.shipped else [])]
        if method == "v-ptr" and setting.more_video != 1.0:
            words.append(f"x{setting.more_video:g}")
        return "-".join(words) + (self._given() if method == "v-ptr" else "") + self._capacity()

    def _folder(self, name: str) -> Path:
        return self.out / "data" / name

    def _run(self, name: str) -> Path:
        return self.out / "runs" / f"{name}-seed{self.seed}"
