"""The frame layouts of R3M and VIP, and their faults."""

from pathlib import Path
from typing import List

import pytest
from clip_fixture import place, write_frames

from vptr_policy.data.pictures import decode
from vptr_policy.data.video.sources import (
    PictureOptions,
    Piece,
    Skip,
    frame_folders,
    manifest_clips,
    manifest_layout,
)

OPTIONS = PictureOptions(size=32)


def _what(pieces: List[Piece]) -> list:
    return [piece.kind if isinstance(piece, Skip) else place(decode(piece))[1] for piece in pieces]


def _manifest(folder: Path, *rows: str, columns: str = "path,len,txt") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.csv").write_text("\n".join([columns, *rows]) + "\n")
    return folder


def test_vip_counts_from_0_and_its_path_ends_with_a_slash(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(3), "{:06d}.jpg")
    _manifest(tmp_path, "a/,3,#C C opens a door")
    (clip,), skips = manifest_clips(tmp_path, "vip-frames")
    assert _what(list(clip.pieces(OPTIONS))) == [0, 1, 2] and not skips
    assert clip.text == "#C C opens a door" and manifest_layout(tmp_path) == "vip-frames"


def test_r3m_counts_from_1(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(1, 4), "{:06d}.jpg")
    _manifest(tmp_path, "a,3", columns="path,len")
    (clip,), skips = manifest_clips(tmp_path, "r3m-frames")
    assert _what(list(clip.pieces(OPTIONS))) == [0, 1, 2] and not skips
    assert clip.text == "" and manifest_layout(tmp_path) == "r3m-frames"


def test_paths_may_be_absolute_and_columns_in_any_order(tmp_path: Path) -> None:
    write_frames(tmp_path / "far" / "a", range(1, 3), "{:06d}.jpg")
    folder = _manifest(tmp_path / "near", f"words, 2 ,{tmp_path / 'far' / 'a'}", columns="txt, len ,path")
    (clip,), _ = manifest_clips(folder, "r3m-frames")
    assert _what(list(clip.pieces(OPTIONS))) == [0, 1] and clip.text == "words"


@pytest.mark.parametrize("columns", ["path,length", "file,len", ""])
def test_a_missing_column_is_named(tmp_path: Path, columns: str) -> None:
    with pytest.raises(ValueError, match=r"manifest.csv: no column (path|len)"):
        manifest_clips(_manifest(tmp_path, columns=columns), "r3m-frames")


def test_bad_rows_are_named_by_their_line_and_the_others_stay(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(1, 3), "{:06d}.jpg")
    _manifest(tmp_path, "a,many", "a,nan", "a,inf", "a,1e30", "a,2.5", "a,", ",2", "a", "a,0", "a,-3", "a,2.0")
    clips, skips = manifest_clips(tmp_path, "r3m-frames")
    assert [len(list(clip.pieces(OPTIONS))) for clip in clips] == [2]
    assert [skip.kind for skip in skips] == ["wrong manifest row"] * 8 + ["empty clip"] * 2
    assert skips[0].name == "manifest.csv line 2" and "'many'" in skips[0].why


def test_a_number_that_cannot_be_meant_is_one_gap(tmp_path: Path) -> None:
    write_frames(tmp_path / "0", [0, 1], "{}.png")
    (tmp_path / "0" / "1.png").rename(tmp_path / "0" / "2000000000.png")
    (clip,), _ = frame_folders(tmp_path)
    assert [piece.count if isinstance(piece, Skip) else 0 for piece in clip.pieces(OPTIONS)] == [0, 1_999_999_999, 0]


def test_names_that_no_file_can_have_are_told_and_the_others_stay(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(1, 3), "{:06d}.jpg")
    _manifest(tmp_path, "b\0d,2", f"{'x' * 300},1", f"a,2,{'words' * 30_000}", "a,2")
    assert manifest_layout(tmp_path) == "r3m-frames"
    (broken, long, good), skips = manifest_clips(tmp_path, "r3m-frames")
    assert _what(list(broken.pieces(OPTIONS))) == ["unreadable frame"] * 2
    assert _what(list(long.pieces(OPTIONS))) == ["unreadable frame"]
    assert _what(list(good.pieces(OPTIONS))) == [0, 1]
    assert [(skip.kind, skip.name) for skip in skips] == [("wrong manifest row", "manifest.csv line 4")]
    assert "field larger than" in skips[0].why


def test_a_wrong_length_and_damaged_frames_are_told(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(1, 6), "{:06d}.jpg")
    cut = tmp_path / "a" / "000002.jpg"
    cut.write_bytes(cut.read_bytes()[:200])
    (tmp_path / "a" / "000004.jpg").unlink()
    (tmp_path / "a" / "000004.jpg").mkdir()
    _manifest(tmp_path, "a,7", "a,4")
    (long, short), skips = manifest_clips(tmp_path, "r3m-frames")
    pieces = list(long.pieces(OPTIONS))
    assert _what(pieces) == [0, "corrupt frame", 2, "unreadable frame", 4, "missing frame", "missing frame"]
    assert isinstance(pieces[1], Skip) and pieces[1].name == str(cut)
    assert [skip.kind for skip in skips] == ["wrong length"] and "000005.jpg" in skips[0].why
    assert len(list(short.pieces(OPTIONS))) == 4


def test_a_frame_whose_header_says_another_size_is_told_and_the_others_stay(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", range(3), "{}.jpg")
    frame = tmp_path / "a" / "1.jpg"
    data = frame.read_bytes()
    place = data.index(b"\xff\xc0") + 5
    frame.write_bytes(data[:place] + b"\xff\xdc\xff\xdc" + data[place + 4 :])
    ((clip,), skips) = frame_folders(tmp_path)
    pieces = list(clip.pieces(OPTIONS))
    assert _what(pieces) == [0, "corrupt frame", 2] and not skips
    assert isinstance(pieces[1], Skip) and "65500 x 65500" in pieces[1].why


def test_numbered_folders_hold_numbered_frames(tmp_path: Path) -> None:
    write_frames(tmp_path / "10", range(3), "{}.jpg")
    write_frames(tmp_path / "2", [0, 1, 10, 2], "{}.png")
    (tmp_path / "3").mkdir()
    (tmp_path / "2" / "notes.txt").write_text("")
    clips, skips = frame_folders(tmp_path)
    assert [clip.name for clip in clips] == ["2", "10"]
    kinds = _what(list(clips[0].pieces(OPTIONS)))
    assert kinds == [0, 1, 3, "missing frame", 2]
    gap = list(clips[0].pieces(OPTIONS))[3]
    assert isinstance(gap, Skip) and gap.count == 7 and gap.name.endswith("/2/3.png to 9.png")
    assert [(skip.kind, skip.name) for skip in skips] == [("empty clip", "3")]
