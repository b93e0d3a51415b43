"""Shards are looked into, and a trajectory that is not what its readers rely on is named, once."""

import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest
from demonstrations import make

from robot_bridge.sim.shards import ShardWriter, Trajectory, read_shard, shard_name
from vptr_policy.data.robot.parts import Skipped
from vptr_policy.data.robot.shards import entries, parts
from vptr_policy.data.robot.summary import summarise

WRONG: List[Any] = [
    [1, 2],
    7,
    {},
    {"task": "a"},
    {"success": True},
    {"task": "", "success": True},
    {"task": "a", "success": "no"},
    {"task": "a", "success": 1},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three demonstrations."""
    with ShardWriter(tmp_path / shard_name(0)) as shard:
        for number in range(3):
            shard.add(Trajectory(**vars(make(number, 2))))
    return tmp_path


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Another content for a member of the shard."""
    path = folder / shard_name(0)
    with tarfile.open(str(path)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    assert name in members
    with tarfile.open(str(path), "w") as tar:
        for known, data in {**members, name: content}.items():
            member = tarfile.TarInfo(known)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize("info", WRONG)
def test_who_does_not_say_task_and_outcome_is_named(folder: Path, info: Any) -> None:
    rewrite(folder, "d001.json", json.dumps(info).encode())
    for read in (summarise, lambda path: list(entries(path))):
        with pytest.raises(ValueError, match=r"shard-00000\.tar: d001: its .*`vptr data import --format shards`"):
            read(folder)


def test_the_others_are_imported(folder: Path) -> None:
    rewrite(folder, "d001.json", b'{"task": "a", "success": "no"}')
    (part,) = parts(folder, 8)
    first, left_out, last = part.read()
    assert isinstance(left_out, Skipped) and "its success is 'no', expected true or false" in left_out.reason
    assert not isinstance(first, Skipped) and not isinstance(last, Skipped)
    assert [first.key, last.key] == ["d000", "d002"] and first.jpegs == next(read_shard(folder / shard_name(0))).jpegs


def test_what_is_nested_too_deep_to_be_written_again_is_left_out(folder: Path) -> None:
    deep = b'{"task": "a", "success": true, "metadata": ' + b"[" * 900 + b"]" * 900 + b"}"
    rewrite(folder, "d001.json", deep)
    (part,) = parts(folder, 8)
    (left_out,) = [item for item in part.read() if isinstance(item, Skipped)]
    assert "nested more than 50 deep" in left_out.reason
    rewrite(folder, "d001.json", deep.replace(b"[" * 900, b"[" * 200000))
    with pytest.raises(ValueError, match="not a whole shard"):
        list(entries(folder))


@pytest.mark.parametrize("array", [np.zeros(0), np.zeros((2, 6)), np.array([["a"] * 7] * 2), np.zeros((2, 7), int)])
def test_arrays_of_another_form_are_named(folder: Path, array: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    for content in (stream.getvalue(), b""):
        rewrite(folder, "d001.label.npy", content)
        (_, entry, _) = entries(folder)
        for read in (entry.read, entry.arrays):
            with pytest.raises(ValueError, match=r"(expected rows of 7|an array is damaged)"):
                read()


def packed(**arrays: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(shape: Tuple[int, ...], content: bytes) -> bytes:
    """An array whose header tells of a shape, whatever follows."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue() + content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (npy((2**24,), bytes(2**27)), "it unpacks to 13.* bytes, expected at most 67108864"),
        (npy((2**50,), bytes(24)), "its header asks for 9007199254740992 bytes, it has 24"),
        (npy((-3,), bytes(24)), "its header asks for -24 bytes"),
        (b"no array", "damaged"),
    ],
)
def test_extras_that_ask_for_too_much_memory_are_damage(tmp_path: Path, content: bytes, said: str) -> None:
    made = vars(make(0, 2))
    with ShardWriter(tmp_path / shard_name(0)) as shard:
        shard.add(Trajectory(**{**made, "extras": {"stamp_s": np.zeros(3)}}))
    (entry,) = entries(tmp_path)
    assert list(entry.extras()) == ["stamp_s"]
    path = tmp_path / "extras.npz"
    path.write_bytes(packed(stamp_s=content))
    bad = replace(entry, path=path, members={"extras.npz": (0, path.stat().st_size)})
    with pytest.raises(ValueError, match=f"extras.npz of {entry.key} is damaged .*{said}"):
        bad.extras()


def test_an_array_that_is_larger_than_its_bytes_is_damage(folder: Path) -> None:
    entry = next(entries(folder))
    offset, size = entry.members["state.npy"]
    content = bytearray(entry.path.read_bytes())
    content[offset : offset + size] = npy((10**12, 7), bytes(size))[:size]
    entry.path.write_bytes(bytes(content))
    (first, *others) = parts(folder, 3)[0].read()
    assert isinstance(first, Skipped) and "its header asks for 56000000000000 bytes" in first.reason
    assert not any(isinstance(other, Skipped) for other in others)
