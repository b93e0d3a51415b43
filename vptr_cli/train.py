"""`vptr train`: train a policy, or an encoder on video, by one of the presets."""

import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from vptr_cli.demonstrations import open_demonstrations
from vptr_cli.errors import one_line
from vptr_cli.threads import wait_passively
from vptr_policy.training.options import LoopOptions
from vptr_policy.training.presets import PRESETS, options_class
from vptr_policy.training.robot_options import RobotOptions

MORE = """The same command again resumes where it was, also after a kill. The run folder gets config.json,
metrics.jsonl, tensorboard/, checkpoints/ and, at the end, the chosen one in checkpoint/; pre-training on video goes to
video/ in it. With --evaluate-every the policy with the highest success in simulated episodes is chosen.
`--scale paper --help` shows the paper's values. With `torchrun --nproc-per-node N -m vptr_cli train ...` N processes
share each batch.
"""


class PresetCommand:
    """A command of `vptr train`, whose defaults depend on --scale."""

    def __init__(self, name: str) -> None:
        self._name = name
        summary = PRESETS[name].help
        self.__doc__ = f"{summary[0].upper()}{summary[1:]}.\n\n{MORE}"

    def select(self, arguments: List[str]) -> Tuple[Callable[..., int], str, List[str]]:
        """The function whose options have the defaults of the asked scale, and the arguments for it."""
        from typing_extensions import Annotated
        from tyro.conf import arg

        chosen = options_class(self._name, _scale(arguments))

        def run(options: Any) -> int:
            return train(options)

        run.__annotations__["options"] = Annotated[chosen, arg(name="")]  # no box of their own in the help
        run.__doc__ = self.__doc__
        return run, "", arguments


def train(options: LoopOptions) -> int:
    """Train by the options of a preset; returns the exit status."""
    wait_passively()
    from robot_bridge.sim.shards import ShardError
    from vptr_policy.training.distributed import Place, joined
    from vptr_policy.training.loop import TrainingDiverged
    from vptr_policy.training.video import VideoRun
    from vptr_policy.training.video_options import VideoOptions

    place = Place()
    try:
        with joined() as place:
            for doubt in _doubts(options) if place.leads else ():
                print(f"vptr train {options.PRESET}: {doubt}", file=sys.stderr)
            if isinstance(options, VideoOptions):
                chosen = VideoRun(options, place).run()
            else:
                assert isinstance(options, RobotOptions)
                chosen = _train_policy(options, place)
    except (OSError, ShardError, TrainingDiverged, ValueError) as error:
        print(f"vptr train {options.PRESET}: {one_line(error)}", file=sys.stderr)
        return 1
    if place.leads:
        print("{}: {}".format("policy" if isinstance(options, RobotOptions) else "encoder", chosen))
    return 0


def _doubts(options: LoopOptions) -> Iterator[str]:
    """What is not wrong, but hardly meant."""
    from vptr_policy.training.device import choose_device

    if options.warm_up > options.steps:
        yield f"--warm-up is {options.warm_up}, more than --steps {options.steps}: --learning-rate is never reached"
    if options.scale == "paper" and choose_device(options.device).type == "cpu":
        yield "--scale paper on a CPU takes months with its own options: it is meant for a GPU"


def _train_policy(options: RobotOptions, place: Any) -> Path:
    from vptr_policy.training.chain import check_start, train_policy
    from vptr_policy.training.robot import RobotData

    def open_all() -> RobotData:
        learned = options.data if options.source or not options.target else ()
        sources, made = open_demonstrations(learned, options.cache)
        targets, made_targets = open_demonstrations(options.target, options.cache)
        home = options.cache or (options.data or options.target)[0] / ".cache"
        return RobotData(sources, targets, {"sources": made, "targets": made_targets}, home)

    check_start(options)  # before pictures are decoded
    data = place.first(open_all)
    if place.leads:
        _tell_left_out(data.provenance)
    judged = data.targets or data.sources
    tasks = sorted({task for cache in judged for task in cache.tasks})
    return train_policy(options, data, _evaluation(options, tasks), place)


def _tell_left_out(provenance: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Say of each folder how many of its demonstrations a split keeps from being learned from."""
    for made in (folder for folders in provenance.values() for folder in folders):
        if made.get("validation"):
            told = f"demonstrations left out: kept for validation: {made['validation']}"
            print(f"{made['folder']}: {told}", file=sys.stderr)


def _evaluation(options: RobotOptions, tasks: Sequence[str]) -> Optional[Callable[[Path], Dict[str, float]]]:
    """Rolls a checkpoint out in the simulator: the success rate of each task, and their mean as ``success``."""
    if not options.evaluate_every:
        return None
    from eval_protocol.rollout import RolloutPlan, rollout
    from robot_bridge.sim.tasks import GROUPS

    unknown = [task for task in tasks if task not in GROUPS["all"]]
    if unknown:
        raise ValueError("--evaluate-every rolls out in the simulator, which has no task {}".format(", ".join(unknown)))

    def evaluate(checkpoint: Path) -> Dict[str, float]:
        rates: Dict[str, float] = {}
        for task in tasks:
            plan = RolloutPlan(str(checkpoint), task, episodes=options.evaluate_episodes, seed=options.evaluate_seed)
            episodes: Any = list(rollout(plan, len(os.sched_getaffinity(0))))
            rates[f"success/{task}"] = sum(episode.success for episode in episodes) / len(episodes)
        return {"success": sum(rates.values()) / len(rates), **rates}

    return evaluate


def _scale(arguments: Sequence[str]) -> str:
    """The value of --scale, which chooses the defaults of all other options; small where it is not given."""
    for place, word in enumerate(arguments):
        if word.startswith("--scale="):
            return word[len("--scale=") :]
        if word == "--scale" and place + 1 < len(arguments):
            return arguments[place + 1]
    return "small"


COMMANDS: Dict[str, Any] = {name: PresetCommand(name) for name in PRESETS}
