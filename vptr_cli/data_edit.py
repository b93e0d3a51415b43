"""`vptr data trim`, `split` and `recover`: what is learned from, decided without changing what was recorded."""

from pathlib import Path
from typing import Any, Dict, Sequence

from tyro.conf import Positional

from vptr_cli.demonstrations import expect_there
from vptr_cli.limits import expect
from vptr_policy.counting import counted


def trim(
    source: Positional[Path],
    shortest_run: int = 7,
    protected: int = 5,
    unclutched: bool = False,
    clear: bool = False,
    camera: int = 0,
) -> int:
    """Mask idle steps, which teach a policy to stand still: training leaves them out, exports carry the masks.

    openpi's rule: no joint's velocity changes by 1e-3 rad/s, and nothing is commanded, for at least seven steps; before
    the first motion fewer do. Steps near an opening or closing gripper are never masked. Nothing is deleted: the masks
    are written to masks.json, of shards in their folder, of an episode in its own, and replaced by the next run.
    Damaged demonstrations are named and left as they are; the exit status is 1 then.

    Args:
        source: folder of shards or of recorded episodes.
        shortest_run: idle steps in a row that are masked, but for those before the first motion.
        protected: steps before and after a gripper event that are never masked.
        unclutched: mask steps with the clutch released too, gripper events excepted.
        clear: take all masks away instead.
        camera: of episodes.
    """
    expect("shortest-run", shortest_run, 1)
    expect("protected", protected, 0)
    from tqdm import tqdm

    from robot_bridge.recording.idle import IdleRule, describe
    from vptr_cli.damaged import Damaged
    from vptr_policy.data.robot.masks import Mask, MaskFile, from_flags, write_episode_mask, write_masks
    from vptr_policy.data.robot.sources import EpisodeItem, demonstrations

    rule = IdleRule(shortest_run=shortest_run, protected=protected)
    file = MaskFile({**describe(rule), "unclutched": unclutched})
    steps = masked = 0
    damaged = Damaged()
    expect_there(source)
    items = demonstrations(source, camera, damaged=True)
    for item in tqdm(items, "trimming", unit="demonstration", dynamic_ncols=True):
        trajectory = damaged.read(item)
        if trajectory is None:
            continue
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
    return damaged.status("have no new masks")


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

    expect_there(source)
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


def recover(
    source: Positional[Path],
    keep: Sequence[str] = (),
    discard: Sequence[str] = (),
    failed: bool = False,
) -> int:
    """List the episodes that a killed recorder or a full disk left, or that nobody judged; keep or discard them.

    What is kept ends with what was seen last; what is discarded is marked so, and nothing is deleted. Refused while a
    recorder writes there.

    Args:
        source: folder of the recorded episodes, as the recorder was given it.
        keep: names of episodes to keep, as successes.
        discard: names of episodes to discard.
        failed: keep them as failures.
    """
    from robot_bridge.recording.store import EpisodeStore

    if not source.is_dir():
        raise ValueError(f"{source}: no such folder")
    with EpisodeStore(source) as store:
        for name in [*keep, *discard]:
            if name not in {_name(left.folder, source) for left in store.unfinished()}:
                raise ValueError(
                    f"{name} is no unfinished episode of {source}; without --keep and --discard all are listed"
                )
        for name in keep:
            store.keep(source / name, not failed)
        for name in discard:
            store.discard(source / name, "after it was left unfinished")
        left = store.unfinished()
        for one in left:
            print(f"{_name(one.folder, source)}: {counted(one.steps, 'whole step')} of {one.task}")
        print(f"{len(keep)} kept, {len(discard)} discarded, {len(left)} to be decided")
    return 0


def _name(folder: Path, source: Path) -> str:
    return str(folder.relative_to(source))


def _idle(trajectory: Any, rule: Any, unclutched: bool) -> Any:
    from robot_bridge.recording.format import CLUTCH, JOINT_SPEEDS
    from robot_bridge.recording.idle import idle_steps, near_gripper_events

    flags = idle_steps(trajectory.action, trajectory.state, trajectory.extras.get(JOINT_SPEEDS), rule)
    clutch = trajectory.extras.get(CLUTCH)
    if unclutched and clutch is not None:
        flags |= (clutch < 0.5) & ~near_gripper_events(trajectory.action[:, 6], trajectory.state[:, 6], rule)
    return flags


COMMANDS: Dict[str, Any] = {"trim": trim, "split": split, "recover": recover}
