"""`vptr data import` and `vptr data info` for video, from files to a contact sheet."""

import json
import shlex
from pathlib import Path
from typing import Any, Dict, List

import cv2
import pytest
from clip_fixture import damage, write_clips, write_frames, write_video

from vptr_cli.main import main
from vptr_policy.data.video.shards import shard_name

SMALL = ["--size", "32", "--min-frames", "2", "--workers", "1"]


def _import(source: Path, out: Path, *words: str) -> int:
    return main(["data", "import", str(source), "--out", str(out), *SMALL, *words])


def _last_line(capsys: Any) -> Dict[str, Any]:
    result: Dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return result


def test_videos_become_clips_that_info_describes(tmp_path: Path, capsys: Any) -> None:
    source = tmp_path / "videos"
    source.mkdir()
    write_video(source / "a.mp4", 50)
    write_video(source / "b.mp4", 9)
    (source / "junk.mp4").write_bytes(b"junk")
    assert _import(source, tmp_path / "out", "--max-frames", "20", "--json") == 0
    printed = capsys.readouterr()
    index = json.loads(printed.out.splitlines()[-1])
    assert (index["clips"], index["frames"], index["sources"]) == (3, 30, 3)
    assert index["skipped"] == {"unreadable video": 1}
    assert "skipped: 1 unreadable video" in printed.err and "junk.mp4: after 0 frames" in printed.err
    sheet = tmp_path / "sheet.png"
    assert main(["data", "info", str(tmp_path / "out"), "--sheet", str(sheet), "--verify", "--json"]) == 0
    printed = capsys.readouterr()
    assert "bytes in 1 shard, " in printed.out
    assert "3 clips, 30 frames" in printed.out and "skipped: 1 unreadable video" in printed.out
    report = json.loads(printed.out.splitlines()[-1])
    assert report["damaged"] == [] and report["lengths"][0]["clips"] == 2
    assert cv2.imread(str(sheet)).shape[0] == 3 * (112 + 26)


@pytest.mark.parametrize(("layout", "name", "first"), [("vip-frames", "a/", 0), ("r3m-frames", "a", 1)])
def test_frames_of_a_manifest_are_recognised(tmp_path: Path, capsys: Any, layout: str, name: str, first: int) -> None:
    write_frames(tmp_path / "in" / "a", range(first, first + 4), "{:06d}.jpg")
    (tmp_path / "in" / "manifest.csv").write_text(f"path,len\n{name},4\n")
    assert _import(tmp_path / "in", tmp_path / "out", "--json") == 0
    index = _last_line(capsys)
    assert (index["clips"], index["frames"], index["skipped"]) == (1, 4, {})
    again = shlex.split(index["command"].replace(str(tmp_path / "out"), str(tmp_path / "again")))
    assert again[0] == "vptr" and main(again[1:]) == 0
    assert (tmp_path / "again" / shard_name(0)).read_bytes() == (tmp_path / "out" / shard_name(0)).read_bytes()
    capsys.readouterr()
    other = "r3m-frames" if layout == "vip-frames" else "vip-frames"
    assert _import(tmp_path / "in", tmp_path / "wrong", "--format", other) == 1
    assert f"say --format {layout}" in capsys.readouterr().err


def test_folders_are_recognised_and_done_only_once(tmp_path: Path, capsys: Any) -> None:
    write_frames(tmp_path / "in" / "0", range(4))
    assert _import(tmp_path / "in", tmp_path / "out") == 0
    capsys.readouterr()
    assert _import(tmp_path / "in", tmp_path / "out") == 0
    assert "it was there already" in capsys.readouterr().out


def test_another_folder_of_the_same_names_is_not_there_already(tmp_path: Path, capsys: Any) -> None:
    for source, clip in (("a", 0), ("b", 5)):
        write_frames(tmp_path / source / "0", range(4), clip=clip)
    assert _import(tmp_path / "a", tmp_path / "out") == 0
    assert _import(tmp_path / "b", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "there already" not in said.out and f"data import {tmp_path / 'a'}" in said.err


@pytest.mark.parametrize("layout", ["r3m-frames", "vip-frames"])
def test_a_folder_without_a_manifest_is_told_what_was_expected(tmp_path: Path, capsys: Any, layout: str) -> None:
    assert _import(tmp_path, tmp_path / "out", "--format", layout) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}: no manifest.csv in it; {layout} expects one with path,len" in said
    assert _import(tmp_path / "gone", tmp_path / "out", "--format", layout) == 1
    assert "gone: no such file or folder" in capsys.readouterr().err


def test_no_workers_are_no_default(tmp_path: Path, capsys: Any) -> None:
    write_frames(tmp_path / "in" / "0", range(4))
    assert _import(tmp_path / "in", tmp_path / "out", "--workers", "0") == 1
    assert "--workers is 0, expected at least 1" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("rows", ["path,frames\na,4", "path,len\na,four", "path,len\ngone,4", ""])
def test_an_import_of_nothing_fails_and_says_why(tmp_path: Path, capsys: Any, rows: str) -> None:
    (tmp_path / "manifest.csv").write_text(rows + "\n")
    assert _import(tmp_path, tmp_path / "out", "--format", "r3m-frames") == 1
    said = capsys.readouterr().err
    assert "manifest.csv" in said or "missing frame" in said


def test_info_fails_where_frames_are_damaged(tmp_path: Path, capsys: Any) -> None:
    folder = write_clips(tmp_path / "clips", [3, 3])
    damage(folder / shard_name(0), 2048)
    assert main(["data", "info", str(folder), "--verify"]) == 1
    assert "1 damaged frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["data", "import", "nowhere", "--out", "x"], "nowhere: no such file"),
        (["data", "import", ".", "--format", "video", "--out", "x"], "Did you mean 'videos'?"),
        (["data", "info", "nowhere"], "nowhere: no such file"),
    ],
)
def test_mistakes_are_explained(words: List[str], said: str, capsys: Any) -> None:
    assert main(words) == 1
    assert said in capsys.readouterr().err
