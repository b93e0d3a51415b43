"""Imports: what is cut where, what is left out, and what is there after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import pytest
from clip_fixture import picture, place, write_frames

from vptr_cli.main import main
from vptr_policy.data.pictures import decode
from vptr_policy.data.video.importer import Import, ImportPlan, write_shard
from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.jpeg import encode
from vptr_policy.data.video.sources import PictureOptions, Piece, Skip, frame_folders
from vptr_policy.data.video.videos import VideoFile

REPOSITORY = Path(__file__).resolve().parents[4]
PLAN = ImportPlan(PictureOptions(size=32), min_frames=3, max_frames=6, shard_mib=0.1)


class Uncounted:
    def add(self, slot: int, amount: int = 1) -> None:
        pass


@dataclass(frozen=True)
class Made:
    """A source of numbered frames with gaps at None."""

    name: str
    numbers: Tuple[object, ...]
    text: str = "words"
    weight: int = 50_000

    def files(self) -> Iterator[str]:
        return iter(())

    def pieces(self, options: PictureOptions) -> Iterator[Piece]:
        for number in self.numbers:
            if isinstance(number, int):
                yield encode(picture(1, number, options.size), 95)
            else:
                yield Skip("corrupt frame", f"{self.name}/frame", "broken")


def _run(out: Path, sources: Sequence[Any], skips: Sequence[Skip] = (), plan: ImportPlan = PLAN) -> Dict[str, Any]:
    with Import(sources, skips, plan, out, "a test") as work:
        for job in work.open():
            write_shard(Uncounted(), Uncounted(), *job)
        return work.finish()


def _clips(out: Path) -> List[List[int]]:
    index = open_clips(out)
    counts = [int(count) for count in index.clips["frames"]]
    return [[place(decode(jpeg))[1] for jpeg in index.read(clip, range(n))] for clip, n in enumerate(counts)]


def _skips(out: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in (out / "skipped.jsonl").read_text().splitlines()]


def test_long_sources_are_cut_and_short_leftovers_counted(tmp_path: Path) -> None:
    sources = [Made("long", tuple(range(15))), Made("rest", tuple(range(14))), Made("short", (0, 1)), Made("none", ())]
    index = _run(tmp_path, sources, [Skip("empty clip", "x", "len is 0")])
    assert [len(clip) for clip in _clips(tmp_path)] == [6, 6, 3, 6, 6]
    assert _clips(tmp_path)[1] == [6, 7, 8, 9, 10, 11]
    assert (index["clips"], index["frames"], index["sources"]) == (5, 27, 4)
    assert index["skipped"] == {"empty clip": 1, "short leftover": 1, "short clip": 1}
    assert [skip["source"] for skip in _skips(tmp_path)] == ["", "rest", "short"]
    assert index == json.loads((tmp_path / "index.json").read_text()) and index["complete"] is True


def test_clips_are_cut_at_damaged_frames_which_are_one_entry_a_run(tmp_path: Path) -> None:
    gap = None
    index = _run(tmp_path, [Made("a", (0, 1, 2, gap, gap, gap, 6, 7, gap, 9, 10, 11, 12)), Made("b", (gap, 1, 2, 3))])
    assert _clips(tmp_path) == [[0, 1, 2], [9, 10, 11, 12], [1, 2, 3]]
    assert index["skipped"] == {"corrupt frame": 5, "short leftover": 1}
    kinds = [(skip["kind"], skip["source"], skip["count"]) for skip in _skips(tmp_path)]
    assert kinds == [
        ("corrupt frame", "a", 3),
        ("short leftover", "a", 1),
        ("corrupt frame", "a", 1),
        ("corrupt frame", "b", 1),
    ]


def test_a_clip_says_what_it_is_of(tmp_path: Path) -> None:
    _run(tmp_path, [Made("a", (0, 1, None, 3, 4, 5, 6))])
    from vptr_policy.data.video.shards import scan, shard_paths

    ((key, info, _, _),) = scan(shard_paths(tmp_path)[0])
    assert key == "00000-00000"
    assert {name: info[name] for name in ("source", "start", "text", "frames")} == {
        "source": "a",
        "start": 3,
        "text": "words",
        "frames": 4,
    }


def test_sources_fill_shards_in_order(tmp_path: Path) -> None:
    _run(tmp_path, [Made(str(number), tuple(range(number, number + 3))) for number in range(7)])
    assert sorted(path.name for path in tmp_path.glob("*.tar")) == [f"clips-{n:05d}.tar" for n in range(3)]
    assert [clip[0] for clip in _clips(tmp_path)] == list(range(7))


def test_nothing_to_import_is_an_error_that_can_be_put_right(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no clip could be imported \(short clip a: 2 frames"):
        _run(tmp_path, [Made("a", (0, 1))])
    with pytest.raises(ValueError, match="there is nothing to import"):
        _run(tmp_path / "other", [])
    assert _run(tmp_path, [Made("a", (0, 1, 2))])["clips"] == 1


def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    _run(tmp_path, [Made("a", (0, 1, 2))])
    with pytest.raises(ValueError, match="holds other data"):
        _run(tmp_path, [Made("b", (0, 1, 2))])
    with pytest.raises(ValueError, match="holds other data"):
        _run(tmp_path, [Made("a", (0, 1, 2))], plan=ImportPlan())
    assert len(_clips(tmp_path)) == 1


def test_an_import_begun_with_other_options_is_not_mixed(tmp_path: Path) -> None:
    with Import([Made("a", (0, 1, 2))], [], PLAN, tmp_path, "") as work:
        work.open()
    with pytest.raises(ValueError, match="other sources or options"):
        _run(tmp_path, [Made("a", (0, 1, 2))], plan=ImportPlan(PictureOptions(size=32), 2, 6))


def test_partial_files_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("film.mkv.partial", "clips-00000.tar.partial", "index.json.partial"):
        (tmp_path / name).write_text("half")
    _run(tmp_path, [Made("a", (0, 1, 2))])
    assert [path.name for path in tmp_path.glob("*.partial")] == ["film.mkv.partial"]


def test_two_imports_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    sources = [Made("a", (0, 1, 2))]
    with Import(sources, [], PLAN, tmp_path, "") as first:
        first.open()
        with pytest.raises(ValueError, match="another import into this folder is running"):
            _run(tmp_path, sources)
    assert _run(tmp_path, sources)["clips"] == 1


def test_an_import_that_is_finished_is_not_done_again(tmp_path: Path) -> None:
    sources = [Made("a", (0, 1, 2))]
    first = _run(tmp_path, sources)
    with Import(sources, [], PLAN, tmp_path, "another command") as work:
        assert work.open() == [] and work.finish() == first


def _folders(source: Path, first: int) -> List[Any]:
    """Three folders of frames that are told apart by their pictures alone."""
    for clip in range(3):
        write_frames(source / str(clip), range(4), "{}.png", first + clip)
    return frame_folders(source)[0]


def _clip_numbers(out: Path) -> List[int]:
    index = open_clips(out)
    return [place(decode(index.read(clip, [0])[0]))[0] for clip in range(len(index))]


def test_other_pictures_of_the_same_names_and_counts_are_another_import(tmp_path: Path) -> None:
    out, mine, other = tmp_path / "out", _folders(tmp_path / "a", 0), _folders(tmp_path / "b", 5)
    _run(out, mine)
    with pytest.raises(ValueError, match=r"other files of these names.*made by: a test\): name another folder"):
        _run(out, other)
    assert _clip_numbers(out) == [0, 1, 2]
    assert _run(out, mine)["clips"] == 3, "its own are there already"


def test_an_import_that_was_interrupted_goes_on_with_the_same_pictures_only(tmp_path: Path) -> None:
    out, mine, other = tmp_path / "out", _folders(tmp_path / "a", 0), _folders(tmp_path / "b", 5)
    with Import(mine, [], PLAN, out, "the first") as work:
        write_shard(Uncounted(), Uncounted(), *work.open()[0])
    with pytest.raises(ValueError, match="made by: the first"):
        _run(out, other)
    linked = tmp_path / "link"
    linked.symlink_to(tmp_path / "a")
    _run(out, frame_folders(linked)[0])
    assert _clip_numbers(out) == [0, 1, 2]


def test_files_that_changed_since_are_not_there_already(tmp_path: Path) -> None:
    mine = _folders(tmp_path / "a", 0)
    _run(tmp_path / "out", mine)
    write_frames(tmp_path / "a" / "1", range(4), "{}.png", 9)
    with pytest.raises(ValueError, match="before they changed"):
        _run(tmp_path / "out", mine)


def _forget_content(path: Path) -> None:
    """Make a file as it was before imports told their content."""
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in stored.items() if name != "content"}))


def test_imports_of_before_are_there_and_go_on(tmp_path: Path) -> None:
    mine, done, begun = _folders(tmp_path / "a", 0), tmp_path / "done", tmp_path / "begun"
    first = _run(done, mine)
    _forget_content(done / "index.json")
    with Import(mine, [], PLAN, done, "") as work:
        assert work.open() == [] and work.finish()["mark"] == first["mark"]
    with Import(mine, [], PLAN, begun, "") as work:
        work.open()
    _forget_content(begun / "progress" / "import.json")
    assert _run(begun, mine)["content"] == first["content"]


def _everything(folder: Path) -> Dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "taken", ["progress/thesis.txt", "progress/00001.json", "index/notes.txt", "index", "progress", "skipped.jsonl"]
)
def test_a_folder_that_holds_something_else_under_our_names_is_refused_untouched(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("years of work")
    with pytest.raises(ValueError, match=f"{taken.partition('/')[0]} .* not ours.*move it away"):
        _run(tmp_path, [Made("a", (0, 1, 2))])
    assert _everything(tmp_path) == {taken: b"years of work"}


def test_an_import_leaves_other_files_beside_it_alone(tmp_path: Path) -> None:
    theirs = {"movie.mkv.partial": b"film", "clips-of-mine.tar.partial": b"mine", "notes/progress/lock": b"x"}
    for name, content in theirs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "clips-00007.tar.partial").write_bytes(b"half a shard of ours")
    assert _run(tmp_path, [Made("a", (0, 1, 2))])["clips"] == 1
    (tmp_path / "progress").mkdir()
    (tmp_path / "progress" / "thesis.txt").write_bytes(b"years of work")
    assert _run(tmp_path, [Made("a", (0, 1, 2))])["clips"] == 1, "it was there already"
    found = _everything(tmp_path)
    assert {name: found[name] for name in theirs} == theirs and found["progress/thesis.txt"] == b"years of work"
    assert "clips-00007.tar.partial" not in found


def test_a_refused_import_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("not of clips")
    with pytest.raises(ValueError, match="holds other data"):
        _run(tmp_path, [Made("a", (0, 1, 2))])
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


@pytest.mark.parametrize(
    "options",
    [{"min_frames": 0}, {"min_frames": 7, "max_frames": 6}, {"shard_mib": 0.0}]
    + [{"pictures": PictureOptions(**bad)} for bad in ({"size": 0}, {"fit": "tea"}, {"quality": 0}, {"fps": 0.0})],
)
def test_plans_that_cannot_be_are_refused(options: Dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        ImportPlan(**options)


def test_a_source_that_breaks_the_job_leaves_no_shard(tmp_path: Path) -> None:
    class Bug(VideoFile):
        def pieces(self, options: PictureOptions) -> Iterator[Piece]:
            yield encode(picture(0, 0), 95)
            raise MemoryError

    with pytest.raises(MemoryError):
        _run(tmp_path, [Bug("a", "a", 1)], plan=ImportPlan(PictureOptions(size=32), 1, 1))
    assert list(tmp_path.glob("clips*")) == []


COUNT = 200
FRAMES = 6


def _words(source: Path, out: Path, workers: int) -> List[str]:
    options = ["--size", "32", "--min-frames", "2", "--shard-mib", "0.05", "--workers", str(workers)]
    return ["data", "import", str(source), "--out", str(out), *options]


def _made(out: Path) -> Dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.glob("clips-*.tar")}


def _kill_midway(source: Path, out: Path) -> None:
    """Begin an import in two workers, and kill it when some shards are there."""
    command = [sys.executable, "-m", "vptr_cli", *_words(source, out, 2)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60.0
    while len(list((out / "progress").glob("0*.json"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    running.wait()
    made = -1
    while made != len(_made(out)):  # the workers end when they see that their parent has
        made = len(_made(out))
        time.sleep(0.5)


def test_an_import_killed_midway_goes_on_where_it_was(tmp_path: Path, capsys: Any) -> None:
    source, out, whole = tmp_path / "source", tmp_path / "out", tmp_path / "whole"
    for clip in range(COUNT):
        write_frames(source / str(clip), range(FRAMES), "{}.jpg", clip % 12)
    _kill_midway(source, out)
    made = _made(out)
    assert 5 <= len(made) < COUNT // 2, "it was to be killed midway"
    with pytest.raises(ValueError, match="interrupted"):
        open_clips(out)

    assert main(_words(source, out, 1)) == 0
    assert f"{COUNT} clips, {FRAMES * COUNT} frames" in capsys.readouterr().out
    kept = [name for name, when in made.items() if _made(out)[name] == when]
    assert len(kept) >= 5, "shards that were finished are not made again"
    others = {path.name for path in out.iterdir() if path.suffix != ".tar"}
    assert others == {"index", "index.json", "skipped.jsonl"}

    assert main(_words(source, whole, 1)) == 0
    assert sorted(_made(whole)) == sorted(_made(out))
    for path in whole.glob("clips-*.tar"):
        assert path.read_bytes() == (out / path.name).read_bytes()
