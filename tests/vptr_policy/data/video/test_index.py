"""Random access to clips, and what becomes of damaged shards."""

import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest
from clip_fixture import damage, place, write_clips

from vptr_policy.data.pictures import DamagedPicture, decode
from vptr_policy.data.video import index as module
from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.shards import BLOCK, shard_name, write_json


def _places(folder: Path) -> List[Tuple[int, int]]:
    index = open_clips(folder)
    return [
        place(decode(jpeg))
        for clip in range(len(index))
        for jpeg in index.read(clip, range(int(index.clips[clip]["frames"])))
    ]


def test_each_frame_is_found(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [3, 5, 2], shards=2)
    assert _places(folder) == [(clip, frame) for clip, count in ((0, 3), (2, 2), (1, 5)) for frame in range(count)]
    index = open_clips(folder)
    assert [place(decode(jpeg)) for jpeg in index.read(2, [4, 0, 4])] == [(1, 4), (1, 0), (1, 4)]
    assert index.name(2).endswith("clips-00001.tar: clip c0001")


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_FILES", 2)
    folder = write_clips(tmp_path, [2] * 6, shards=6)
    before = len(os.listdir("/proc/self/fd"))
    index = open_clips(folder)
    for clip in (0, 1, 2, 3, 4, 5, 0, 5):
        assert place(decode(index.read(clip, [1])[0])) == (clip, 1)
    assert len(os.listdir("/proc/self/fd")) <= before + 2 + 2  # two shards, two mapped arrays
    del index
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_goes_to_other_processes_as_a_path(tmp_path: Path) -> None:
    index = open_clips(write_clips(tmp_path, [40] * 10))
    index.read(0, [0])
    data = pickle.dumps(index)
    assert len(data) < 500
    assert pickle.loads(data).read(3, [2]) == index.read(3, [2])


def test_the_index_is_made_anew_when_the_shards_change(tmp_path: Path) -> None:
    assert len(open_clips(write_clips(tmp_path, [2, 2]))) == 2
    assert len(open_clips(write_clips(tmp_path, [2, 2, 2]))) == 3
    assert len(open_clips(write_clips(tmp_path, [2] * 8, shards=2))) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == [shard_name(0), shard_name(1), "index", "index.json"]


def test_an_index_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [2, 2])
    open_clips(folder)
    made = (folder / "index" / "clips.npy").stat().st_mtime_ns
    open_clips(folder)
    assert (folder / "index" / "clips.npy").stat().st_mtime_ns == made


def test_a_shard_that_is_cut_off_gives_the_clips_before(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [3, 3, 3, 3], shards=2)
    path = folder / shard_name(0)
    with open(path, "r+b") as file:
        file.truncate(6000)
    index = open_clips(folder)
    assert len(index) == 3
    assert [entry["name"] for entry in index.skipped] == [shard_name(0)]
    assert "damaged" in index.skipped[0]["why"]


def test_a_shard_that_is_cut_off_between_two_clips_is_no_whole_one(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [3, 3, 3])
    end = int(open_clips(folder).clips[2]["offset"]) - 3 * BLOCK  # its JSON, and the headers of both
    with open(folder / shard_name(0), "r+b") as file:
        file.truncate(end)
    index = open_clips(folder)
    assert len(index) == 2
    (entry,) = index.skipped
    assert entry["name"] == shard_name(0) and "after its first 2 clips: the end of the archive" in entry["why"]


def _shard(path: Path, members: Dict[str, Any]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_clips_that_do_not_add_up_are_named_and_left_out(tmp_path: Path) -> None:
    good = {"frames": 2, "sizes": [3, 4]}
    members = {
        "empty.json": {"frames": 0, "sizes": []},
        "empty.jpegs": b"",
        "good.json": good,
        "good.jpegs": b"abcdefg",
        "short.json": {"frames": 2, "sizes": [3, 5]},
        "short.jpegs": b"abcdefg",
        "wrong.json": {"frames": 3, "sizes": [3, 4]},
        "wrong.jpegs": b"abcdefg",
        "broken.json": b"{",
        "broken.jpegs": b"abcdefg",
        "deep.json": b"[" * 100_000,
        "deep.jpegs": b"abcdefg",
        "negative.json": {"frames": 2, "sizes": [-3, 10]},
        "negative.jpegs": b"abcdefg",
        "alone.json": good,
    }
    for number, sums in enumerate([5, [None, 1], ["x", "y"], [-1, 0], [1], {"0": 1}]):
        members[f"sums{number}.json"], members[f"sums{number}.jpegs"] = {**good, "crc32": sums}, b"abcdefg"
    _shard(tmp_path / shard_name(0), members)
    index = open_clips(tmp_path)
    assert len(index) == 1 and index.read(0, [1, 0]) == [b"defg", b"abc"]
    why = {entry["name"].rpartition(" ")[2]: entry["why"] for entry in index.skipped}
    sums = {f"sums{number}" for number in range(6)}
    assert set(why) == {"empty", "short", "wrong", "broken", "deep", "negative", "alone", *sums}
    assert why["empty"] == "it is empty" and "8" in why["short"]


def test_no_usable_clip_says_why(tmp_path: Path) -> None:
    _shard(tmp_path / shard_name(0), {"empty.json": {"frames": 0, "sizes": []}, "empty.jpegs": b""})
    with pytest.raises(ValueError, match="clip empty: it is empty"):
        open_clips(tmp_path)
    with pytest.raises(FileNotFoundError, match="vptr data import"):
        open_clips(tmp_path / "nothing")


def test_changed_and_missing_bytes_are_damage(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [3, 3])
    index = open_clips(folder)
    row = index.clips[1]
    damage(folder / shard_name(0), int(row["offset"]) + 5, 1)
    with pytest.raises(DamagedPicture, match="checksum"):
        index.read(1, [0])
    assert place(decode(index.read(1, [1])[0])) == (1, 1)
    with open(folder / shard_name(0), "r+b") as file:
        file.truncate(int(row["offset"]) + 10)
    with pytest.raises(DamagedPicture, match="ends within"):
        index.read(1, [1])


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [2])
    write_json(folder / "index.json", {"complete": False})
    with pytest.raises(ValueError, match="interrupted"):
        open_clips(folder)
    (folder / "index.json").unlink()
    (folder / "progress").mkdir()
    with pytest.raises(ValueError, match="interrupted"):
        open_clips(folder)
    (folder / "index.json").write_text("[]")
    with pytest.raises(ValueError, match="expected an object"):
        open_clips(folder)


DAMAGES: Dict[str, Tuple[str, Callable[[bytes], bytes]]] = {
    "empty clips": ("clips.npy", lambda data: b""),
    "empty frames": ("frames.npy", lambda data: b""),
    "cut frames": ("frames.npy", lambda data: data[:-8]),
    "cut header": ("clips.npy", lambda data: data[:40]),
    "header of noise": ("clips.npy", lambda data: data[:20] + bytes(range(128, 188)) + data[80:]),
    "header that does not end": ("clips.npy", lambda data: data.replace(b"}", b" ")),
    "zeros for clips": ("clips.npy", lambda data: data[:128] + bytes(len(data) - 128)),
    "other rows": ("clips.npy", lambda data: data.replace(b"<u8", b"<i8")),
    "a shard that is not there": ("clips.npy", lambda data: data[:128] + b"\7" + data[129:]),
    "an object without keys": ("shards.json", lambda data: b"{}"),
    "no JSON": ("shards.json", lambda data: data[:30]),
    "too deep JSON": ("shards.json", lambda data: b"[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_made_anew_and_named(tmp_path: Path, damage: str, caplog: Any) -> None:
    folder = write_clips(tmp_path, [3, 2])
    places = _places(folder)
    name, change = DAMAGES[damage]
    path = folder / "index" / name
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    assert path.read_bytes() != whole and _places(folder) == places and path.read_bytes() == whole
    (record,) = caplog.records
    assert str(path) in record.getMessage() and "made anew from the shards, which is done now" in record.getMessage()


def test_what_a_killed_process_half_wrote_of_an_index_is_removed(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [2])
    open_clips(folder)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    for name in (f".index.partial-{process.pid}", f".index.partial-{os.getppid()}", f".mine.partial-{process.pid}"):
        (folder / name).mkdir()
        (folder / name / "clips.npy").write_bytes(b"half")
    open_clips(folder)
    left = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    assert left == {f".index.partial-{os.getppid()}", f".mine.partial-{process.pid}"}


def test_an_index_that_cannot_be_written_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [2] * 200)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); import signal; "
    limited += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from pathlib import Path; "
    limited += "from vptr_policy.data.video.index import open_clips; open_clips(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", limited, str(folder)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 1 and b"OSError" in done.stderr, done.stderr
    assert {path.name for path in folder.iterdir()} == {shard_name(0), "index.json"}


def test_a_folder_of_the_name_of_the_index_is_not_replaced(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [2])
    (folder / "index").mkdir()
    (folder / "index" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"index holds notes\.txt, which is not ours"):
        open_clips(folder)
    assert (folder / "index" / "notes.txt").read_text() == "mine"


def test_the_arrays_are_small(tmp_path: Path) -> None:
    index = open_clips(write_clips(tmp_path, [2]))
    assert 72_000 * index.clips.itemsize + 4_300_000 * index.frames.itemsize < 40e6
    assert isinstance(index.frames, np.memmap)
