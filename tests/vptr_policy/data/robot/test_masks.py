"""Masked steps and validation are left out of training; the data themselves are never touched."""

import json
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from robot_bridge.sim.shards import ShardWriter, Trajectory
from vptr_cli.demonstrations import open_demonstrations
from vptr_policy.data.pictures import encode_png
from vptr_policy.data.robot import partition
from vptr_policy.data.robot.masks import Mask, MaskFile, from_flags, read_masks, write_masks
from vptr_policy.data.robot.transitions import TransitionOptions, assemble

PICTURE = encode_png(np.zeros((8, 8, 3), np.uint8))


def write(folder: Path, lengths: List[int]) -> None:
    folder.mkdir()
    with ShardWriter(folder / "shard-00000.tar") as shard:
        for number, steps in enumerate(lengths):
            rows = (
                np.full((steps, 7), 0.001 * number, np.float32) + 0.0001 * np.arange(steps, dtype=np.float32)[:, None]
            )
            state = np.zeros((steps + 1, 7), np.float32)
            info = {"task": "ab"[number % 2], "success": True}
            shard.add(Trajectory(f"t{number}", info, state, rows, rows, rows, [PICTURE] * (steps + 1)))
    tasks = {"a": {"trajectories": 1}}
    (folder / "index.json").write_text(json.dumps({"shards": {"shard-00000.tar": {}}, "tasks": tasks}))


def transitions(folder: Path, **options: Any) -> Any:
    caches, made = open_demonstrations([folder], None)
    return assemble(caches, TransitionOptions(**options)), made[0]


def test_masked_steps_are_not_learned_from_and_returns_stay(tmp_path: Path) -> None:
    write(tmp_path / "data", [5, 3, 6])
    before = (tmp_path / "data" / "shard-00000.tar").read_bytes()
    whole, _ = transitions(tmp_path / "data")
    write_masks(tmp_path / "data", MaskFile({}, {"t0": Mask(5, ((1, 3),)), "t2": Mask(6, ((0, 1), (5, 6)))}))
    found, made = transitions(tmp_path / "data")
    kept = [0, 3, 4, 5, 6, 7, 9, 10, 11, 12]
    for name in ("now", "next", "actions", "rewards", "masks", "returns", "task", "trajectory"):
        assert np.array_equal(getattr(found, name), getattr(whole, name)[kept]), name
    assert made["masked_steps"] == 4 and "validation" not in made
    assert found.fingerprint != whole.fingerprint
    assert (tmp_path / "data" / "shard-00000.tar").read_bytes() == before
    assert len(open_demonstrations([tmp_path / "data"], None, whole=True)[0][0].rows["valid"]) == 17
    write_masks(tmp_path / "data", MaskFile())
    assert len(transitions(tmp_path / "data")[0]) == 14


def test_the_action_that_is_masked_is_left_out_with_the_latency_shift_too(tmp_path: Path) -> None:
    write(tmp_path / "data", [5])
    write_masks(tmp_path / "data", MaskFile({}, {"t0": Mask(5, ((0, 2),))}))
    found, _ = transitions(tmp_path / "data", latency_shift=True)
    assert found.now.tolist() == [3, 4]  # actions 2 and 3, each with the observation one step later


def test_validation_is_not_trained_on(tmp_path: Path) -> None:
    write(tmp_path / "data", [4] * 10)
    names = [("ab"[number % 2], f"t{number}") for number in range(10)]
    drawn = partition.draw(names, 3, 0.2)
    partition.write(tmp_path / "data", drawn)
    found, made = transitions(tmp_path / "data")
    assert made["validation"] == 2 and len(found) == 32
    assert {f"t{number}" for number in found.trajectory.tolist()} == drawn.train
    assert partition.read(tmp_path / "data") == drawn


def test_masks_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "data", [5])
    for masks, said in (
        ({"t0": Mask(6, ((0, 1),))}, "the mask of t0 is of 6 steps, it has 5"),
        ({"t9": Mask(5, ((0, 1),))}, "masks t9, which is not there"),
    ):
        write_masks(tmp_path / "data", MaskFile({}, masks))
        with pytest.raises(ValueError, match=said):
            transitions(tmp_path / "data")
    for text in ("[]", "{", '{"format": "vptr-masks-1", "demonstrations": {"t0": {"steps": 5, "masked": [[3, 1]]}}}'):
        (tmp_path / "data" / "masks.json").write_text(text)
        with pytest.raises(ValueError, match="run `vptr data trim` again"):
            read_masks(tmp_path / "data")
    (tmp_path / "data" / "masks.json").unlink()
    (tmp_path / "data" / "split.json").write_text('{"format": "vptr-split-1"}')
    with pytest.raises(ValueError, match="run `vptr data split` again"):
        transitions(tmp_path / "data")


def test_flags_and_runs_are_the_same() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        flags = random.random(random.integers(1, 30)) < 0.5
        assert np.array_equal(from_flags(flags).flags(), flags)
    for runs in (((0, 6),), ((2, 2),), ((-1, 2),), ((0, 2), (1, 3))):
        with pytest.raises(ValueError, match="rising"):
            Mask(5, runs)


def test_a_split_is_drawn_by_seed_and_task_alone() -> None:
    names = [(task, f"{task}{number}") for task in ("a", "b", "c") for number in range(20)]
    one = partition.draw(names, 0, 0.1)
    assert one == partition.draw(names[::-1], 0, 0.1) != partition.draw(names, 1, 0.1)
    for task in "abc":
        assert sum(name.startswith(task) for name in one.val) == 2
    more = partition.draw([*names, *(("d", f"d{number}") for number in range(5))], 0, 0.1)
    assert {name for name in more.val if name[0] != "d"} == one.val and len(more.val) == 7
    assert partition.draw([("a", "x")], 0, 0.5).val == frozenset()
    assert len(partition.draw([("a", "x"), ("a", "y")], 0, 0.01).val) == 1
    assert one.side("new") == "train"
    with pytest.raises(ValueError, match="share of validation is 1"):
        partition.draw(names, 0, 1.0)
