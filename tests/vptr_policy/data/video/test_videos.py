"""Raw videos: the right frames at the right rate, whatever is wrong with the file."""

import struct
from pathlib import Path
from typing import List

import numpy as np
import pytest
from clip_fixture import GREEN_STEP, write_video

from vptr_policy.data.pictures import decode
from vptr_policy.data.video.sources import PictureOptions, Piece, Skip
from vptr_policy.data.video.videos import VideoFile, is_video, video_files


def _pieces(path: Path, fps: float) -> List[Piece]:
    return list(VideoFile(path.name, str(path), 1).pieces(PictureOptions(size=32, fps=fps)))


def _numbers(pieces: List[Piece]) -> List[int]:
    return [round(float(decode(piece)[..., 1].mean()) / GREEN_STEP) for piece in pieces if isinstance(piece, bytes)]


@pytest.mark.parametrize(
    ("fps", "expected"),
    [(5.0, range(0, 40, 2)), (10.0, range(40)), (30.0, range(40)), (4.0, [0, 3, 5, 8, 10, 13, 15, 18, 20])],
)
def test_frames_are_taken_at_the_rate(tmp_path: Path, fps: float, expected: List[int]) -> None:
    write_video(tmp_path / "a.mp4", 40)
    pieces = _pieces(tmp_path / "a.mp4", fps)
    assert len(pieces) == {4.0: 16}.get(fps, len(expected))
    assert np.abs(np.subtract(_numbers(pieces)[: len(expected)], expected)).max() <= 1  # the codec blurs colours
    shape = decode(pieces[0]).shape if isinstance(pieces[0], bytes) else None
    assert shape == (32, 32, 3)


def test_a_video_whose_times_go_back_is_cut_there_and_goes_on(tmp_path: Path) -> None:
    write_video(tmp_path / "once.ts", 40)
    once = (tmp_path / "once.ts").read_bytes()
    (tmp_path / "twice.ts").write_bytes(once + once)
    pieces = _pieces(tmp_path / "twice.ts", 5.0)
    numbers = _numbers(pieces)
    assert len(numbers) == 40 and np.abs(np.subtract(numbers, [*range(0, 40, 2)] * 2)).max() <= 1
    (jump,) = (piece for piece in pieces if isinstance(piece, Skip))
    assert pieces.index(jump) == 20 and jump.kind == "time jump" and jump.name == "twice.ts" and "back to" in jump.why


def test_files_without_a_video_are_named(tmp_path: Path) -> None:
    (tmp_path / "junk.mp4").write_bytes(b"no video at all" * 100)
    write_video(tmp_path / "whole.mp4", 40)
    data = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])  # the table of an mp4 stands at its end
    for name in ("junk.mp4", "cut.mp4", "missing.mp4"):
        (skip,) = _pieces(tmp_path / name, 10.0)
        assert isinstance(skip, Skip) and (skip.kind, skip.name) == ("unreadable video", name)


def test_what_comes_before_the_damage_is_kept_and_the_damage_told(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", 100)
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])
    pieces = _pieces(tmp_path / "a.mkv", 10.0)
    assert 20 < len(pieces) < 80 and all(isinstance(piece, bytes) for piece in pieces[:-1])
    assert isinstance(pieces[-1], Skip) and pieces[-1].kind == "damaged video" and "of 10.0 s" in pieces[-1].why


def test_a_turned_video_stands_upright(tmp_path: Path) -> None:
    import av

    path = tmp_path / "telephone.mp4"
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32, 0] = image[:, 32:, 2] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    one = 1 << 16
    upright = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)  # shown turned clockwise by a quarter
    data = path.read_bytes()
    track = data.rindex(upright)
    path.write_bytes(data[:track] + turned + data[track + len(upright) :])
    (piece,) = _pieces(path, 10.0)
    assert isinstance(piece, bytes)
    red, _, blue = decode(piece)[:8].reshape(-1, 3).mean(0)
    assert red > 200 and blue < 60, "the left side of a picture turned clockwise comes to the top"


def test_videos_are_found_in_folders_by_name(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.MP4", "a.mkv", "deep/c.webm", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty.avi").write_bytes(b"")
    (tmp_path / "gone.avi").symlink_to(tmp_path / "nowhere.avi")
    files, skips = video_files(tmp_path)
    assert [file.name for file in files] == ["a.mkv", "b.MP4", "deep/c.webm"]
    assert {skip.name: skip.why for skip in skips} == {"empty.avi": "the file is empty", "gone.avi": "it is no file"}
    assert is_video(tmp_path) and is_video(tmp_path / "b.MP4") and not is_video(tmp_path / "notes.txt")
    assert [file.name for file in video_files(tmp_path / "a.mkv")[0]] == ["a.mkv"]
