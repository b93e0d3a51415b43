"""Bridge numpy: what the published code writes is read, and what we write it can read."""

import os
import pickle
import pickletools
from pathlib import Path
from typing import Any, Dict, List

import bridge_fixture as fixture
import cv2
import numpy as np
import pytest

from vptr_policy.data.robot.bridge_numpy import export, parts, split
from vptr_policy.data.robot.parts import Skipped
from vptr_policy.data.robot.restricted import ForbiddenGlobal
from vptr_policy.data.robot.trajectory import Trajectory
from vptr_policy.resize import resize


def published(recorded: fixture.Recorded, cameras: int = 1) -> Dict[str, Any]:
    """A trajectory as the published converter leaves it: rows of float64 arrays, lists of dicts."""
    small = [[cv2.resize(picture, (128, 128)) for picture in pictures] for pictures in recorded.pictures[:cameras]]
    observed = [
        {
            **{f"images{camera}": pictures[step] for camera, pictures in enumerate(small)},
            "state": recorded.state[step],
            "time_stamp": 1.6e9 + 0.2 * step,
        }
        for step in range(recorded.steps + 1)
    ]
    return {
        "observations": observed[:-1],
        "next_observations": observed[1:],
        "actions": list(recorded.actions),
        "terminals": [0] * recorded.steps,
    }


def write(path: Path, rows: List[Any]) -> Path:
    path.parent.mkdir(parents=True)
    np.save(str(path), np.array([*rows, None], dtype=object)[:-1], allow_pickle=True)  # None: rows stay objects
    return path


def read(root: Path, camera: int = 0) -> List[Any]:
    return [item for part in parts(root, camera) for item in part.read()]


def pixels(jpegs: List[bytes]) -> np.ndarray:
    return np.stack([cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1] for data in jpegs])


def test_what_the_converter_wrote_is_read_to_the_pixel(tmp_path: Path) -> None:
    recorded = [fixture.made_up(number, steps=3 + number, cameras=1) for number in range(3)]
    write(tmp_path / "toykitchen1" / "put_lid" / "train" / "out.npy", [published(one) for one in recorded[:2]])
    write(tmp_path / "toykitchen1" / "put_lid" / "val" / "out.npy", [published(recorded[2])])
    found = read(tmp_path)
    assert len({trajectory.key for trajectory in found}) == 3
    for trajectory, one, side in zip(found, recorded, ("train", "train", "val")):
        commanded, clipped = fixture.box(one.actions)
        assert np.array_equal(trajectory.state, one.state.astype(np.float32))
        assert np.array_equal(trajectory.action, commanded) and np.array_equal(trajectory.executed, clipped)
        assert np.array_equal(pixels(trajectory.jpegs)[1], cv2.resize(one.pictures[0][1], (128, 128)))
        info = trajectory.info
        assert (info["domain"], info["task"], info["split"]) == ("toykitchen1", "put_lid", side)
        assert info["success"] is True and info["steps"] == one.steps


def test_real_data_survive_the_way_out_and_back(tmp_path: Path) -> None:
    recorded = fixture.real(3)
    write(tmp_path / "in" / "bridge" / "task" / "train" / "out.npy", [published(recorded)])
    (first,) = read(tmp_path / "in")
    export({("bridge", "task"): [lambda: first]}, tmp_path / "out")
    (second,) = read(tmp_path / "out")
    for name in ("state", "action", "executed", "label"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert first.jpegs == second.jpegs and first.state[0].tolist() == recorded.state[0].astype(np.float32).tolist()


def test_the_published_code_can_read_what_we_write(tmp_path: Path) -> None:
    """Plain ``np.load(allow_pickle=True)``, and no name in the file that NumPy 1 does not know."""
    demonstrations = [demonstration(number) for number in range(10)]
    tasks = {("sim", "a task"): [lambda one=one: one for one in demonstrations]}
    counts = export(tasks, tmp_path / "out", seed=1)
    path = tmp_path / "out" / "sim" / "a task" / "train" / "out.npy"
    data = np.load(str(path), allow_pickle=True)
    assert (
        counts == {"sim/a task/train/out.npy": 9, "sim/a task/val/out.npy": 1}
        and data.shape == (9,)
        and data.dtype == object
    )
    assert b"numpy._core" not in path.read_bytes() and b"numpy.core.multiarray" in path.read_bytes()
    chosen, left = split(10, 0.9, 1)
    for row, number in zip(data, chosen):
        one = demonstrations[number]
        assert list(row) == ["observations", "next_observations", "actions", "terminals"]
        assert [len(row[name]) for name in row] == [4] * 4 and row["terminals"] == [0, 0, 0, 0]
        seen = row["observations"][1]
        assert seen["images0"].shape == (128, 128, 3) and seen["images0"].dtype == np.uint8
        assert np.array_equal(seen["images0"], resize(pixels(one.jpegs)[1]))
        assert seen["state"].shape == (7,) and seen["state"].dtype == np.float64
        assert np.array_equal(seen["state"], one.state[1].astype(np.float64))
        assert np.array_equal(row["next_observations"][3]["state"], one.state[4].astype(np.float64))
        assert np.array_equal(row["next_observations"][0]["images0"], seen["images0"])
        action = row["actions"][2]
        assert action.shape == (7,) and action.dtype == np.float64 and np.array_equal(action, one.action[2])
    val = np.load(str(path.parents[1] / "val" / "out.npy"), allow_pickle=True)
    assert np.array_equal(val[0]["actions"], demonstrations[left[0]].action)


def demonstration(number: int, steps: int = 4) -> Trajectory:
    random = np.random.default_rng(number)
    rows = {name: random.normal(0, 0.1, (steps, 7)).astype(np.float32) for name in ("action", "executed", "label")}
    images = random.integers(0, 255, (steps + 1, 60, 80, 3), np.uint8)
    jpegs = [bytes(cv2.imencode(".png", image)[1]) for image in images]
    state = random.normal(size=(steps + 1, 7)).astype(np.float32)
    return Trajectory(f"d-{number}", {"task": "a task", "success": True}, state, jpegs=jpegs, **rows)


@pytest.mark.parametrize(("count", "first"), [(1, 1), (2, 1), (3, 2), (10, 9), (11, 9), (20, 18), (44, 39)])
def test_nine_tenths_are_for_training(count: int, first: int) -> None:
    train, val = split(count, 0.9, 3)
    assert (len(train), len(val)) == (first, count - first)
    assert sorted([*train, *val]) == list(range(count))
    assert np.array_equal(train, split(count, 0.9, 3)[0])


def test_damage_is_named_and_the_rest_read(tmp_path: Path) -> None:
    good = published(fixture.made_up(0, steps=3, cameras=1))
    shuffled = {**good, "next_observations": good["next_observations"][::-1]}
    short = {**good, "actions": good["actions"][:-1]}
    gray = {**good, "observations": [{**seen, "images0": seen["images0"][..., 0]} for seen in good["observations"]]}
    blank = np.zeros((0, 0, 3), np.uint8)
    empty = {**good, "observations": [{**seen, "images0": blank} for seen in good["observations"]]}
    shared: Any = [0.0] * 10
    for _ in range(8):
        shared = [shared] * 10
    rows = [good, shuffled, short, {"actions": []}, 7, gray, empty, {**good, "actions": shared}, good]
    path = write(tmp_path / "d" / "t" / "train" / "out.npy", rows)
    found = read(tmp_path)
    reasons = {item.origin: item.reason for item in found if isinstance(item, Skipped)}
    assert [isinstance(item, Trajectory) for item in found] == [True, *[False] * 7, True]
    assert "one step later" in reasons["d/t/train/out.npy[1]"]
    assert "3 observations, 3 next ones and 2 actions" in reasons["d/t/train/out.npy[2]"]
    assert "not a trajectory (KeyError('observations'))" in reasons["d/t/train/out.npy[3]"]
    assert "not a trajectory" in reasons["d/t/train/out.npy[4]"]
    assert "a picture is uint8 (128, 128), expected RGB uint8" in reasons["d/t/train/out.npy[5]"]
    assert "a picture is uint8 (0, 0, 3), expected RGB uint8" in reasons["d/t/train/out.npy[6]"]
    assert "actions would be 1000000000 numbers" in reasons["d/t/train/out.npy[7]"]
    path.write_bytes(path.read_bytes()[:5000])
    (cut,) = read(tmp_path)
    assert isinstance(cut, Skipped) and "not a whole pickle" in cut.reason
    with pytest.raises(ValueError, match="no Bridge numpy data here"):
        read(tmp_path / "d" / "t" / "val")


def test_numbers_that_are_none_and_actions_of_another_robot_are_told(tmp_path: Path) -> None:
    good = published(fixture.made_up(0, steps=3, cameras=1))
    narrow = {**good, "actions": [action[:6] for action in good["actions"]]}
    nothing = {**good, "actions": [*good["actions"][:2], np.full(7, np.nan)]}
    unseen = [{**seen, "state": np.full(7, np.nan)} for seen in good["next_observations"]]
    lost = {**good, "observations": [good["observations"][0], *unseen[:2]], "next_observations": unseen}
    write(tmp_path / "d" / "t" / "train" / "out.npy", [narrow, nothing, lost, good])
    *skipped, _ = read(tmp_path)
    assert [item.reason for item in skipped] == [
        "actions of shape (3, 6), expected (T, 7): x y z, roll pitch yaw, gripper",
        "action has the shape (3, 7), but NaN or infinity in row 2, counted from 0: expected finite numbers",
        "state has the shape (4, 7), but NaN or infinity in row 1, counted from 0: expected finite numbers",
    ]


def test_a_malicious_file_is_refused_and_not_run(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'marker'}",)

    write(tmp_path / "d" / "t" / "train" / "out.npy", [{"observations": Malicious()}])
    with pytest.raises(ForbiddenGlobal, match=r"train/out\.npy: refused, nothing of it was run: .* posix\.system"):
        read(tmp_path)
    assert not (tmp_path / "marker").exists()


def test_an_export_is_whole_or_not_there(tmp_path: Path) -> None:
    def broken() -> Trajectory:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        export({("d", "t"): [lambda: demonstration(0), broken, lambda: demonstration(1)]}, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export({("d", "t"): [lambda: demonstration(0)]}, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    with pytest.raises(ValueError, match="exists already"):
        export({("d", "t"): [lambda: demonstration(0)]}, tmp_path / "out")


def test_every_name_in_the_file_is_one_of_numpy_1(tmp_path: Path) -> None:
    export({("d", "t"): [lambda: demonstration(0)]}, tmp_path / "out")
    data = (tmp_path / "out" / "d" / "t" / "train" / "out.npy").read_bytes()
    begin = data.index(pickle.PROTO + b"\x03")
    names = {argument for code, argument, _ in pickletools.genops(data[begin:]) if code.name == "GLOBAL"}
    assert names == {"numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}
