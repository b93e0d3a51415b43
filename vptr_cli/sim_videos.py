"""`vptr sim videos`: action-free videos of a simulated human hand."""

import os
import sys
import time
from pathlib import Path
from typing import Any, Optional, Tuple


def videos(
    out: Path,
    clips: int = 2000,
    size: int = 128,
    seed: int = 0,
    workers: Optional[int] = None,
    activities: Tuple[str, ...] = (),
    shard_size: int = 50,
) -> int:
    """Record videos of a simulated human hand that does many things, as seen by its owner: data for phase 1.

    Nothing in them is shared with the robot's data: neither embodiment nor objects, scenes or camera. The clips are
    shards as those of `vptr data import`. The same options give the same bytes, whatever the number of workers; run
    the command again to finish an interrupted folder.

    Args:
        out: folder of the shards and their index.json.
        clips: how many clips of 10 to 150 frames, 46 on average.
        size: side of the pictures [px]; 128 suits the small encoder, 224 the large ones.
        seed: of everything in them.
        workers: processes; default one a core.
        activities: what the hand does, e.g. pour open; default everything.
        shard_size: clips of a shard.
    """
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    from robot_bridge.sim.hand.videos import Progress, VideoPlan, record

    plan = VideoPlan(clips, seed, size, tuple(activities), shard_size)
    start = time.monotonic()
    with _bar(plan.clips) as bar:

        def show(progress: Progress) -> None:
            rate = progress.frames / max(time.monotonic() - start, 1e-9)
            bar.set_postfix_str(f"{progress.frames} frames, {rate:.0f} frames/s", refresh=False)
            bar.update(progress.kept + progress.clips - bar.n)

        index = record(plan, out, workers or os.cpu_count() or 1, show)
    for name, row in sorted(index["activities"].items()):
        print("{}: {attempted} times, {achieved} achieved".format(name, **row))
    size_mb = index["bytes"] / 1e6
    print(
        f"{index['clips']} clips, {index['frames']} frames, {size_mb:.0f} MB in {out}, {time.monotonic() - start:.0f} s"
    )
    return 0


def _bar(total: int) -> Any:
    from tqdm import tqdm

    wait_s = 0.3 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, desc="videos", unit="clip", mininterval=wait_s, dynamic_ncols=True)
