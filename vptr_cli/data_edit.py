"""`vptr data trim` and `split`: what is learned from, decided beside the data, which stay as they are."""

from pathlib import Path
from typing import Any, Dict

from tyro.conf import Positional

from vptr_cli.limits import expect


def trim(
    source: Positional[Path],
    shortest_run: int = 7,
    protected: int = 5,
    unclutched: bool = False,
    clear: bool = False,
    camera: int = 0,
) -> int:
    """Mask idle steps, which would teach a policy to stand still; training and exports leave masked steps out.

    openpi's rule: no joint's velocity changes by 1e-3 rad/s, and nothing is commanded, for at least seven steps.
    Steps near an opening or closing gripper are never masked. Nothing is deleted: the masks are written to masks.json,
    of shards in their folder, of an episode in its own, and replaced by the next run.

    Args:
        source: folder of shards or of recorded episodes.
        shortest_run: idle steps in a row that are masked.
        protected: steps before and after a gripper event that are never masked.
        unclutched: mask steps with the clutch released too, gripper events excepted.
        clear: take all masks away instead.
        camera: of episodes.
    """
    expect("shortest-run", shortest_run, 1)
    expect("protected", protected, 0)
    from tqdm import tqdm

    from robot_bridge.recording.idle import IdleRule, describe
    from vptr_policy.data.robot.masks import Mask, MaskFile, from_flags, write_episode_mask, write_masks
    from vptr_policy.data.robot.sources import EpisodeItem, demonstrations

    rule = IdleRule(shortest_run=shortest_run, protected=protected)
    file = MaskFile({**describe(rule), "unclutched": unclutched})
    steps = masked = 0
    for item in tqdm(demonstrations(source, camera), "trimming", unit="demonstration", dynamic_ncols=True):
        trajectory = item.read()
        flags = _idle(trajectory, rule, unclutched)
        mask = Mask(len(flags)) if clear else from_flags(flags)
        if isinstance(item, EpisodeItem):
            write_episode_mask(item.folder, mask, file.rule)
        else:
            file.masks[item.name] = mask
        steps, masked = steps + len(flags), masked + int(mask.flags().sum())
    if file.masks:
        write_masks(source, file)
    print(f"{source}: {masked} of {steps} steps are masked ({masked / max(steps, 1):.1%})")
    return 0


def split(source: Positional[Path], val_share: float = 0.1, seed: int = 0) -> int:
    """Draw which demonstrations are for validation, task by task; training leaves them out.

    The draw depends on the seed, the tasks and the names of their demonstrations only. It is written to split.json
    beside the data; exports follow it. Delete the file to train on everything again.

    Args:
        source: folder of shards or of recorded episodes.
        val_share: share of each task's demonstrations; of two or more one stays on each side.
        seed: of the draw.
    """
    expect("seed", seed, 0)
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.sources import demonstrations

    names = [(str(item.info["task"]), item.name) for item in demonstrations(source)]
    drawn = partition.draw(names, seed, val_share)
    partition.write(source, drawn)
    counts: Dict[str, list] = {}
    for task, name in names:
        counts.setdefault(task, [0, 0])[int(name in drawn.val)] += 1
    width = max(map(len, counts))
    for task, (train, val) in sorted(counts.items()):
        print(f"{task.ljust(width)}  {train:>6} train  {val:>6} val")
    print(f"{source / partition.FILE}: {len(drawn.train)} train, {len(drawn.val)} val")
    return 0


def _idle(trajectory: Any, rule: Any, unclutched: bool) -> Any:
    from robot_bridge.recording.format import CLUTCH, JOINT_SPEEDS
    from robot_bridge.recording.idle import idle_steps, near_gripper_events

    flags = idle_steps(trajectory.action, trajectory.state, trajectory.extras.get(JOINT_SPEEDS), rule)
    clutch = trajectory.extras.get(CLUTCH)
    if unclutched and clutch is not None:
        flags |= (clutch < 0.5) & ~near_gripper_events(trajectory.action[:, 6], trajectory.state[:, 6], rule)
    return flags


COMMANDS: Dict[str, Any] = {"trim": trim, "split": split}
