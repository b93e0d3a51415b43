"""`vptr data import` and `vptr data info` for action-free video."""

import json as json_format
import shlex
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional

import tyro

from vptr_cli import progress
from vptr_cli.formats import Format
from vptr_cli.limits import worker_count
from vptr_policy.counting import counted

SHOWN = 10
"""Skipped things named at the end of an import; all of them are in a file."""


@dataclass(frozen=True)
class ClipOptions:
    """How clips are made."""

    min_frames: int = 10
    """shorter clips, and shorter left-overs of a long one, are left out"""
    max_frames: int = 150
    """longer ones are cut into clips of this length"""
    size: int = 224
    """side of the stored square frames [px]"""
    fit: str = "crop"
    """crop (the central square, as in the papers) or squash (the whole frame)"""
    quality: int = 90
    """of the JPEGs, 1 to 100; frames that are JPEGs of this size already are kept as they are"""
    shard_mib: float = 256.0
    """size of a shard [MiB], roughly"""
    workers: Optional[int] = None
    """processes; default one a core"""
    json: bool = False
    """print one JSON object as the last line"""


def videos(
    source: tyro.conf.Positional[Path],
    out: Path,
    fps: float = 5.0,
    clip: ClipOptions = ClipOptions(max_frames=60),
) -> int:
    """Raw videos without actions, cut into clips.

    Run the command again to go on after an interruption. What cannot be read is skipped, named and counted.

    Args:
        source: a video, or a folder with videos in it and in its folders.
        out: folder of the shards and their index.json.
        fps: frames taken a second; 5 are the robot's steps of 0.2 s. A slower video gives all of its frames.
        clip: how clips are made.
    """
    from vptr_policy.data.video.videos import video_files

    return _import("videos", source, video_files(_there(source)), out, clip, fps)


def vip_frames(
    source: tyro.conf.Positional[Path],
    out: Path,
    clip: ClipOptions = ClipOptions(),
) -> int:
    """Frames as VIP reads them: manifest.csv with path,len and frames PATH000000.jpg ... (PATH ends with a slash).

    Args:
        source: folder of the manifest; its paths may be relative to it.
        out: folder of the shards and their index.json.
        clip: how clips are made.
    """
    return _import_manifest("vip-frames", source, out, clip)


def r3m_frames(
    source: tyro.conf.Positional[Path],
    out: Path,
    clip: ClipOptions = ClipOptions(),
) -> int:
    """Frames as R3M reads them: manifest.csv with path,len,txt and frames PATH/000001.jpg ...

    Args:
        source: folder of the manifest; its paths may be relative to it.
        out: folder of the shards and their index.json.
        clip: how clips are made.
    """
    return _import_manifest("r3m-frames", source, out, clip)


def frame_folders(
    source: tyro.conf.Positional[Path],
    out: Path,
    clip: ClipOptions = ClipOptions(),
) -> int:
    """Folders 0, 1, ... of frames 0.png (or .jpg), 1.png ...: VIP's layout of custom data.

    Args:
        source: folder of the folders.
        out: folder of the shards and their index.json.
        clip: how clips are made.
    """
    from vptr_policy.data.video.sources import frame_folders

    return _import("frame-folders", source, frame_folders(_there(source)), out, clip)


def clips(
    source: tyro.conf.Positional[Path],
    sheet: Optional[Path] = None,
    rows: int = 8,
    seed: int = 0,
    verify: bool = False,
    json: bool = False,
) -> int:
    """Clips of action-free video: counts, lengths, what was left out.

    Args:
        source: folder of the shards.
        sheet: picture to write (.png): frames of some clips, a row for each.
        rows: clips on the sheet.
        seed: which clips are on the sheet.
        verify: decode every frame, and name those that are damaged.
        json: print one JSON object as the last line.
    """
    from vptr_policy.data.video.index import open_clips
    from vptr_policy.data.video.report import describe

    index = open_clips(_there(source))
    report = describe(index)
    print(_text(report))
    if verify:
        report["damaged"] = _verify(index)
    if sheet is not None:
        _write_sheet(index, sheet, rows, seed)
    if json:
        print(json_format.dumps(report))
    return 1 if report.get("damaged") else 0


def _there(source: Path) -> Path:
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    return source


def _import_manifest(layout: str, source: Path, out: Path, options: ClipOptions) -> int:
    from vptr_policy.data.video.sources import manifest_clips, manifest_layout

    found = manifest_clips(_there(source), layout)
    other = manifest_layout(source)
    if other and other != layout:
        raise ValueError(f"{source}: its first frames are not where {layout} has them: say --format {other}")
    return _import(layout, source, found, out, options)


def _import(layout: str, source: Path, found: Any, out: Path, options: ClipOptions, fps: Optional[float] = None) -> int:
    """Do the jobs of an import in worker processes, with a progress bar and a summary."""
    from robot_bridge.sim.workers import Tally, run_jobs
    from vptr_policy.data.video.importer import Import, ImportPlan, write_shard
    from vptr_policy.data.video.sources import PictureOptions

    pictures = PictureOptions(options.size, options.fit, options.quality, *([] if fps is None else [fps]))
    plan = ImportPlan(pictures, options.min_frames, options.max_frames, options.shard_mib)
    start, processes = time.monotonic(), worker_count(options.workers)
    sources, skips = found
    with Import(sources, skips, plan, out, _command(layout, source, out, options, fps)) as work:
        jobs = work.open()
        tallies = (Tally(max(work.shards, 1)), Tally(max(work.shards, 1)))
        left = sum(len(job[1]) for job in jobs)
        with progress.bar("import", work.sources, "source", work.sources - left) as bar:
            report = partial(_show, bar, bar.n, tallies, start)
            workers = min(processes, max(len(jobs), 1))
            for _ in run_jobs(write_shard, jobs, workers, report, tallies):
                report()
        index = work.finish()
    print("{clips} clips, {frames} frames, {bytes} bytes of {sources} sources".format(**index))
    _print_skipped(index["skipped"], out)
    print(f"{source} -> {out}" + (f", {time.monotonic() - start:.0f} s" if jobs else ": it was there already"))
    if options.json:
        print(json_format.dumps(index))
    return 0


def _command(layout: str, source: Path, out: Path, options: ClipOptions, fps: Optional[float]) -> str:
    """The command line that makes these clips."""
    words = ["vptr", "data", "import", str(source), "--format", layout, "--out", str(out)]
    words += [] if fps is None else ["--fps", str(fps)]
    for name in ("min_frames", "max_frames", "size", "fit", "quality", "shard_mib"):
        words += ["--" + name.replace("_", "-"), str(getattr(options, name))]
    return shlex.join(words)


def _show(bar: Any, before: int, tallies: Any, start: float) -> None:
    sources, frames = (tally.total() for tally in tallies)
    bar.set_postfix_str(f"{frames} frames, {frames / (time.monotonic() - start):.0f} a second", refresh=False)
    bar.update(before + sources - bar.n)


def _print_skipped(counts: Dict[str, int], out: Path) -> None:
    """Counts by kind and the first of them by name, on stderr where they stand out of a log."""
    if not counts:
        return
    listed = ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in sorted(counts.items()))
    print(f"skipped: {listed}", file=sys.stderr)
    with open(out / "skipped.jsonl", encoding="utf-8") as file:
        skips = [json_format.loads(line) for _, line in zip(range(SHOWN), file)]
    for skip in skips:
        more = f" (and {skip['count'] - 1} after it)" if skip["count"] > 1 else ""
        print(f"  {skip['kind']}: {skip['name']}: {skip['why']}{more}", file=sys.stderr)
    print(f"  all of them: {out / 'skipped.jsonl'}", file=sys.stderr)


def _text(report: Dict[str, Any]) -> str:
    """The report in lines, with a histogram of the lengths."""
    lines = [
        "{folder}: {clips}, {frames} frames, {bytes} bytes in {shards}, {size} px".format(
            **{**report, **{name: counted(report[name], name[:-1]) for name in ("clips", "shards")}}
        ),
        "made by: {command}".format(**report),
    ]
    most = max(row["clips"] for row in report["lengths"])
    for row in report["lengths"]:
        bar = "#" * round(40 * row["clips"] / most)
        lines.append("{:>5}-{:<5} frames {:>8} {}".format(row["from"], row["to"], row["clips"], bar).rstrip())
    lines += [f"skipped: {count} {kind}" for kind, count in sorted(report["skipped"].items())]
    lines += ["left out: {name}: {why}".format(**entry) for entry in report["unusable"]]
    lines += ["missing: {missing} clips that were made cannot be used".format(**report)] if report["missing"] else []
    return "\n".join(lines)


def _verify(index: Any) -> List[str]:
    from tqdm import tqdm

    from vptr_policy.data.video.report import damage

    found: List[str] = []
    for name in damage(index, lambda numbers: tqdm(numbers, "verify", unit="clip", dynamic_ncols=True)):
        found.append(name)
        print(f"damaged: {name}", file=sys.stderr)
    print(f"{len(found)} damaged frames")
    return found


def _write_sheet(index: Any, path: Path, rows: int, seed: int) -> None:
    from robot_bridge.sim.sheet import contact_sheet, write_png
    from vptr_policy.data.video.report import film_strips

    write_png(str(path), contact_sheet(film_strips(index, rows, seed)))
    print(path)


def _is_videos(source: Path) -> bool:
    from vptr_policy.data.video.videos import is_video

    return is_video(source)


def _is_layout(layout: str, source: Path) -> bool:
    from vptr_policy.data.video.sources import manifest_layout

    return source.is_dir() and manifest_layout(source) == layout


def _is_frame_folders(source: Path) -> bool:
    return any((source / "0" / ("0" + suffix)).is_file() for suffix in (".png", ".jpg"))


def _is_clips(source: Path) -> bool:
    return any(source.glob("clips-*.tar"))


IMPORTS: Dict[str, Format] = {
    "videos": Format(videos, _is_videos),
    "vip-frames": Format(vip_frames, partial(_is_layout, "vip-frames")),
    "r3m-frames": Format(r3m_frames, partial(_is_layout, "r3m-frames")),
    "frame-folders": Format(frame_folders, _is_frame_folders),
}
INFOS: Dict[str, Format] = {"clips": Format(clips, _is_clips)}
