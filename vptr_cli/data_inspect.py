"""`vptr data info`, `view` and `check` for demonstrations of the robot."""

import sys
from json import dumps
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from tyro.conf import Positional

from vptr_cli.demonstrations import choose_demonstrations, expect_there
from vptr_cli.formats import Format
from vptr_cli.limits import expect
from vptr_policy.counting import counted


def info_shards(source: Positional[Path], report: Optional[Path] = None, json: bool = False) -> int:
    """Robot demonstrations: tasks, steps, successes, ranges of actions and states, fingerprint.

    Args:
        source: folder of shard-*.tar.
        report: folder for an overview with pictures (index.html and PNGs): contact sheet, actions, workspace, lengths.
        json: print one JSON object.
    """
    from vptr_policy.data.robot.summary import summarise

    return _info(source, summarise(source), report, json)


def info_episodes(source: Positional[Path], report: Optional[Path] = None, json: bool = False) -> int:
    """Recorded episodes: the same, and how many were discarded, not judged or not finished.

    Args:
        source: folder of the episodes.
        report: folder for an overview with pictures (index.html and PNGs): contact sheet, actions, workspace, lengths.
        json: print one JSON object.
    """
    from vptr_policy.data.robot.summary import summarise_episodes

    return _info(source, summarise_episodes(source), report, json)


def view(
    source: Positional[Path],
    names: Optional[Sequence[str]] = None,
    out: Optional[Path] = None,
    pictures: int = 10,
    camera: int = 0,
) -> int:
    """Draw demonstrations as film strips over their actions, with the masked steps shaded.

    Args:
        source: folder of shards or of recorded episodes, or one episode.
        names: which demonstrations; default the first one.
        out: folder for NAME.png and NAME.svg; default runs/view.
        pictures: in a strip.
        camera: of episodes, whose pictures are shown.
    """
    expect("pictures", pictures, 2)
    from vptr_policy.data.overview.film_strip import draw_strip
    from vptr_policy.data.robot.masks import MaskFile, mask_of, read_masks
    from vptr_policy.data.robot.sources import is_shards

    items = choose_demonstrations(source, names or (), camera)
    masks = read_masks(source) if is_shards(source) else MaskFile()
    out = out or Path("runs", "view")
    out.mkdir(parents=True, exist_ok=True)
    for item in items:
        trajectory = item.read()
        file = item.name.replace("/", "-").strip(".") or "episode"
        draw_strip(out, file, trajectory, mask_of(item, masks, len(trajectory.action)).runs, pictures)
        print(f"{item.name}: {out / file}.png")
    return 0


def check(source: Positional[Path], camera: int = 0, json: bool = False) -> int:
    """Look for what is wrong with demonstrations, and name it; exit status 1 where something is.

    Frozen and slow cameras, dropped frames, time jumps, actions, turns and labels that the states do not follow,
    actions outside of the Bridge box, inverted grippers, duplicates to 1 mm, tasks and labels that cannot be right,
    damaged or black pictures. One demonstration is in memory at a time.

    Args:
        source: folder of shards or of recorded episodes.
        camera: of episodes, whose pictures are looked at.
        json: print a JSON object a finding.
    """
    expect_there(source)
    from tqdm import tqdm

    from vptr_policy.data.quality.inspection import inspect
    from vptr_policy.data.robot.sources import demonstrations

    kinds: Dict[str, int] = {}
    names = set()
    total = 0

    def every() -> Any:
        nonlocal total
        for item in demonstrations(source, camera, damaged=True):
            total += 1
            yield item

    for finding in inspect(tqdm(every(), "checking", unit="demonstration", dynamic_ncols=True)):
        kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
        names.add(finding.name)
        tqdm.write(dumps(finding.row()) if json else finding.line(), file=sys.stdout)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing found"
    whole = counted(total, "demonstration")
    print(f"{whole}, {len(names)} with findings: {told}", file=sys.stderr if json else sys.stdout)
    return 1 if kinds else 0


def _info(source: Path, found: Dict[str, Any], report: Optional[Path], json: bool) -> int:
    from vptr_policy.data.robot.summary import table

    if report is not None:
        found["report"] = str(_write_report(source, found, report))
    print(dumps(found) if json else table(found))
    if report is not None and not json:
        print(f"report: {found['report']}")
    return 0


def _write_report(source: Path, found: Dict[str, Any], out: Path) -> Path:
    from robot_bridge.recording.idle import idle_steps
    from vptr_policy.data.overview import figures
    from vptr_policy.data.overview.page import write_page
    from vptr_policy.data.overview.sample import draw

    out.mkdir(parents=True, exist_ok=True)
    sample, total = draw(source, idle_steps)
    drawings = {
        "Some demonstrations": figures.draw_sheet, "Actions": figures.draw_actions,
        "Workspace": figures.draw_coverage, "Lengths and idle steps": figures.draw_lengths,
    }  # fmt: skip
    drawn = [(title, out / name) for title, draw_one in drawings.items() for name in draw_one(out, sample)]
    of = f"{len(sample)} of {counted(total, 'demonstration')}"
    note = f"The pictures are of {of}, drawn at random; the table is of all."
    write_page(out / "index.html", found, note, drawn)
    return out / "index.html"


def _shards(source: Path) -> bool:
    return next(source.glob("shard-*.tar"), None) is not None


def _episodes(source: Path) -> bool:
    if not source.is_dir() or _shards(source):
        return False
    logs = ("steps.jsonl", "*/steps.jsonl", "*/*/steps.jsonl", "*/*/*/steps.jsonl")
    return any(next(source.glob(log), None) is not None for log in logs)


INFOS: Dict[str, Format] = {"shards": Format(info_shards, _shards), "episodes": Format(info_episodes, _episodes)}
COMMANDS: Dict[str, Any] = {"view": view, "check": check}
