"""`vptr sim teleoperate`: demonstrations by an emulated person at the controllers."""

import time
from pathlib import Path
from typing import Optional

from vptr_cli import progress
from vptr_cli.limits import expect


def teleoperate(
    out: Path,
    task: str = "knife_in_pot",
    goal: int = 44,
    seed: int = 0,
    preset: str = "bridge",
    language: str = "",
    protocol: Optional[Path] = None,
) -> int:
    """Record demonstrations of an emulated person who drives the simulated arm with a headset's controllers.

    What a person with a Quest does through `collect.launch`, in simulated time and without ROS: the same teleoperator,
    servo and recorder. The arm starts where, and the object lies where, fewest successes have been recorded. Run the
    command again to go on, also after a kill.

    Args:
        out: folder of the episodes.
        task: one of `vptr sim tasks`.
        goal: how many successes there are to be in the end.
        seed: of scenes, tremble and misses of the hand.
        preset: of the teleoperator: bridge (looks at the hand 5 times a second) or smooth.
        language: the task in words; default those of its name.
        protocol: YAML of the start poses; default the paper's.
    """
    from eval_protocol.lab import PROTOCOL, load_lab
    from robot_bridge.recording.recorder import Recorder
    from robot_bridge.recording.store import EpisodeStore
    from robot_bridge.recording.variety import Variety
    from robot_bridge.share import share_path
    from robot_bridge.sim.tasks import find_task
    from robot_bridge.sim.teleoperated import TeleoperatedCollection
    from robot_bridge.teleop.settings import PRESETS

    expect("goal", goal, 1)
    find_task(task)
    if preset not in PRESETS:
        raise ValueError("--preset is {!r}, expected one of {}".format(preset, ", ".join(PRESETS)))
    lab = load_lab(protocol or share_path(PROTOCOL))
    starts = {name: (*pose.pose(), pose.gripper) for name, pose in lab.poses.items()}
    begun = time.monotonic()
    about = {"operator": "emulated", "preset": preset, "seed": seed}
    with EpisodeStore(out) as store:
        recorder = Recorder(store, variety=Variety(tuple(starts), goal=goal), about=about, sync=False)
        words, settings = language or task.replace("_", " "), PRESETS[preset]
        collection = TeleoperatedCollection(store, recorder, task, words, starts, seed, settings)
        with collection, progress.bar(task, goal, "demonstration", recorder.hint(task).total) as bar:
            for demonstration in collection:
                bar.set_postfix_str(f"{demonstration.verdict}, {demonstration.review.figures.words()}", refresh=False)
                bar.update(recorder.hint(task).total - bar.n)
        tally = store.tally(task)
    print(f"{tally.successes} successes, {tally.failures} failures in {out}, {time.monotonic() - begun:.0f} s")
    return 0
