"""Bridge raw is read as it was recorded, and what cannot be read is named."""

import os
import pickle
import shutil
import sys
from pathlib import Path
from typing import Any, Iterator, List

import bridge_fixture as fixture
import cv2
import numpy as np
import pytest

from vptr_policy.data.robot.bridge_raw import RawOptions, find, parts, read_trajectory
from vptr_policy.data.robot.parts import Skipped
from vptr_policy.data.robot.restricted import ForbiddenGlobal
from vptr_policy.data.robot.trajectory import Trajectory


@pytest.fixture(autouse=True)
def no_recorder() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("multicam_server")]:
        del sys.modules[name]


def read(root: Path, **options: Any) -> List[Any]:
    return [item for part in parts(root, RawOptions(**options), 2) for item in part.read()]


def test_arrays_and_pictures_are_those_recorded(tmp_path: Path) -> None:
    recorded = fixture.made_up(1)
    folder = fixture.write(tmp_path / "toykitchen1", "put_lid_on_pot", 3, recorded, camera_info=fixture.topics(2))
    del sys.modules["multicam_server.topic_utils"]
    (trajectory,) = read(tmp_path)
    commanded, clipped = fixture.box(recorded.actions)
    assert np.array_equal(trajectory.state, recorded.state.astype(np.float32))
    assert np.array_equal(trajectory.action, commanded) and np.array_equal(trajectory.label, commanded)
    assert np.array_equal(trajectory.executed, clipped) and not np.array_equal(commanded, clipped)
    assert trajectory.state.dtype == trajectory.action.dtype == np.float32
    assert trajectory.jpegs == [(folder / "images0" / f"im_{step}.jpg").read_bytes() for step in range(7)]
    info = trajectory.info
    assert (info["task"], info["domain"], info["success"]) == ("put_lid_on_pot", "toykitchen1", True)
    assert (info["steps"], info["recorded"], info["metadata"]["robot"]) == (6, fixture.DATE, "widowx")
    assert info["origin"].endswith("raw/traj_group0/traj3") and "language" not in info


def test_real_data_survive(tmp_path: Path) -> None:
    recorded = fixture.real(0)
    fixture.write(tmp_path, "cup_into_sink", 0, recorded)
    (trajectory,) = read(tmp_path)
    assert np.array_equal(trajectory.state, recorded.state.astype(np.float32))
    assert np.array_equal(trajectory.action, recorded.actions.astype(np.float32))
    assert trajectory.info["language"] == recorded.language == "put cup from counter or drying rack into sink"
    assert cv2.imdecode(np.frombuffer(trajectory.jpegs[4], np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)


def test_the_other_camera_can_be_chosen(tmp_path: Path) -> None:
    folder = fixture.write(tmp_path, "task", 0, fixture.made_up(0))
    assert read(tmp_path, camera=1)[0].jpegs[2] == (folder / "images1" / "im_2.jpg").read_bytes()
    (missing,) = read(tmp_path, camera=2)
    assert isinstance(missing, Skipped) and "images2" in missing.reason


@pytest.mark.parametrize(
    ("date", "choice", "shifted"),
    [
        ("2021-07-22_23-59-59", "auto", True),
        ("2021-07-23_00-00-00", "auto", False),
        ("2021-07-22_23-59-59", "never", False),
        ("2022-01-01_00-00-00", "always", True),
    ],
)
def test_old_recordings_are_shifted_by_one_observation(tmp_path: Path, date: str, choice: str, shifted: bool) -> None:
    recorded = fixture.made_up(2, steps=4, cameras=1)
    fixture.write(tmp_path, "task", 0, recorded, date)
    (trajectory,) = read(tmp_path, latency_shift=choice)
    first, last = (1, -1) if shifted else (0, None)
    assert np.array_equal(trajectory.state, recorded.state[first:].astype(np.float32))
    assert np.array_equal(trajectory.action, recorded.actions[:last].astype(np.float32))
    assert len(trajectory.jpegs) == len(trajectory.action) + 1 == trajectory.info["steps"] + 1
    assert trajectory.info.get("latency_shifted", False) == shifted


def test_trajectories_are_found_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    recorded = fixture.made_up(0, steps=2, cameras=1)
    for number in (10, 2, 1002):
        fixture.write(tmp_path, "task", number, recorded)
    names = [f"{path.parent.name}/{path.name}" for path in find(tmp_path)]
    assert names == ["traj_group0/traj2", "traj_group0/traj10", "traj_group1/traj1002"]
    assert [part.origins for part in parts(tmp_path, RawOptions(), 2)] == [
        tuple(str(path.relative_to(tmp_path)) for path in chunk) for chunk in (find(tmp_path)[:2], find(tmp_path)[2:])
    ]
    keys = [trajectory.key for trajectory in read(tmp_path)]
    assert keys == ["task-0000000", "task-0000001", "task-0000002"]
    with pytest.raises(ValueError, match="no Bridge raw data here"):
        find(tmp_path / "task" / "00" / fixture.DATE / "raw" / "traj_group0" / "traj2")


def test_older_forms_of_actions_and_judgements_are_understood(tmp_path: Path) -> None:
    recorded = fixture.made_up(3, steps=4)
    folder = fixture.write(tmp_path, "task", 0, recorded, traj_ok=False)
    flat = [np.delete(action, [3, 4]) for action in recorded.actions]  # mode 3trans1rot, not in dicts
    (folder / "policy_out.pkl").write_bytes(pickle.dumps(flat))
    (trajectory,) = read(tmp_path)
    expected = recorded.actions.copy()
    expected[:, 3:5] = 0.0
    assert np.array_equal(trajectory.action, expected.astype(np.float32)) and trajectory.info["success"] is False
    (folder / "policy_out.pkl").write_bytes(pickle.dumps([np.delete(action, [3, 4, 5]) for action in recorded.actions]))
    expected[:, 5] = 0.0
    assert np.array_equal(read(tmp_path)[0].action, expected.astype(np.float32))
    (folder / "agent_data.pkl").unlink()
    assert read(tmp_path)[0].info["success"] is True


@pytest.mark.parametrize(("said", "success"), [(np.array([0]), False), (np.bool_(True), True), (1, True), (0.0, False)])
def test_judgements_of_numpy_are_understood(tmp_path: Path, said: Any, success: bool) -> None:
    fixture.write(tmp_path, "task", 0, fixture.made_up(0, steps=2, cameras=1), traj_ok=said)
    assert read(tmp_path)[0].info["success"] is success


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _swap(folder: Path, name: str, content: Any) -> None:
    (folder / name).write_bytes(pickle.dumps(content))


def _shared(levels: int) -> Any:
    """10 ** levels numbers in a pickle of 300 bytes, nested and shared."""
    shared: Any = [0.0] * 10
    for _ in range(levels - 1):
        shared = [shared] * 10
    return shared


def _endless() -> Any:
    endless: list = []
    endless.append(endless)
    return endless


def _patch(path: Path, place: int, data: bytes) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:place] + data + content[place + len(data) :])


def _enlarge(path: Path) -> None:
    """Write another size into the header of a JPEG."""
    _patch(path, path.read_bytes().index(b"\xff\xc0") + 5, b"\xff\xdc\xff\xdc")


def _describe(folder: Path, text: str) -> None:
    (folder.parents[2] / "collection_metadata.json").write_text(text)


DAMAGE = {
    "one picture is missing": (lambda at: (at / "images0" / "im_2.jpg").unlink(), "im_2"),
    "the last picture is missing": (lambda at: (at / "images0" / "im_3.jpg").unlink(), "3 pictures for 3 actions"),
    "a picture is cut off": (lambda at: _cut(at / "images0" / "im_1.jpg"), "picture 1: a JPEG cut off"),
    "a picture is empty": (lambda at: (at / "images0" / "im_1.jpg").write_bytes(b""), "picture 1: 0 bytes"),
    "a picture has a hole": (lambda at: _patch(at / "images0" / "im_2.jpg", 3000, bytes(400)), "picture 2: damaged"),
    "a picture has a wrong header": (lambda at: _enlarge(at / "images0" / "im_2.jpg"), "picture 2: .* 65500 x 65500"),
    "no pictures": (lambda at: shutil.rmtree(str(at / "images0")), "images0 holds no im_"),
    "obs_dict is cut off": (lambda at: _cut(at / "obs_dict.pkl"), "obs_dict.pkl: not a whole pickle"),
    "obs_dict is missing": (lambda at: (at / "obs_dict.pkl").unlink(), "obs_dict.pkl"),
    "no full_state": (lambda at: _swap(at, "obs_dict.pkl", {"qpos": np.zeros((4, 6))}), "no full_state"),
    "too few states": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": np.zeros((3, 7))}), r"shape \(3, 7\)"),
    "not finite": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": np.full((4, 7), np.nan)}), "expected finite"),
    "no steps": (lambda at: _swap(at, "policy_out.pkl", []), "policy_out.pkl holds no step"),
    "no actions": (lambda at: _swap(at, "policy_out.pkl", [{"x": 1}] * 3), "a step without actions"),
    "ragged": (lambda at: _swap(at, "policy_out.pkl", [np.ones(7), np.ones(6)]), "inhomogeneous"),
    "wide": (lambda at: _swap(at, "policy_out.pkl", [np.ones(6)] * 3), r"actions of shape \(3, 6\)"),
    "bad metadata": (lambda at: _describe(at, "{"), "collection_metadata.json is not JSON"),
    "deep metadata": (lambda at: _describe(at, '{"a":' * 800 + "1" + "}" * 800), "nested more than 50 deep"),
    "deepest metadata": (lambda at: _describe(at, "[" * 100000), "collection_metadata.json is not JSON"),
    "states by name": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": {"x": 1}}), "full_state .* no array"),
    "states of text": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": [["x"] * 7] * 4}), "full_state .* no array"),
    "observations in a list": (lambda at: _swap(at, "obs_dict.pkl", [1]), "no full_state"),
    "many judgements": (lambda at: _swap(at, "agent_data.pkl", {"traj_ok": np.ones(3)}), "traj_ok .* true or false"),
    "a judgement in words": (lambda at: _swap(at, "agent_data.pkl", {"traj_ok": "no"}), "traj_ok .* true or false"),
    "nested actions": (lambda at: _swap(at, "policy_out.pkl", [{"actions": {"x": 1}}] * 3), "no array of numbers"),
    "a billion states": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": _shared(9)}), "would be 1000000000 num"),
    "a billion actions": (lambda at: _swap(at, "policy_out.pkl", _shared(9)), "would be 1000000000 numbers"),
    "a billion judgements": (lambda at: _swap(at, "agent_data.pkl", {"traj_ok": [_shared(9)]}), "1000000000 numbers"),
    "endless states": (lambda at: _swap(at, "obs_dict.pkl", {"full_state": _endless()}), "nested more than 16 deep"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_named_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    recorded = fixture.made_up(0, steps=3, cameras=1)
    fixture.write(tmp_path, "a", 0, recorded)
    damage, reason = DAMAGE[name]
    damage(fixture.write(tmp_path, "b", 0, recorded))
    good, bad = read(tmp_path)
    assert isinstance(good, Trajectory) and isinstance(bad, Skipped)
    assert bad.origin == f"b/00/{fixture.DATE}/raw/traj_group0/traj0"
    with pytest.raises((ValueError, OSError), match=reason):
        read_trajectory(find(tmp_path)[1], tmp_path, 1, RawOptions())


@pytest.mark.parametrize("name", ["obs_dict.pkl", "policy_out.pkl", "agent_data.pkl"])
def test_a_malicious_pickle_ends_the_reading_and_is_not_run(tmp_path: Path, name: str) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'marker'}",)

    folder = fixture.write(tmp_path, "task", 0, fixture.made_up(0, steps=2, cameras=1))
    _swap(folder, name, {"full_state": np.zeros((3, 7)), "x": Malicious()})
    with pytest.raises(ForbiddenGlobal, match=rf"{name}: refused, nothing of it was run: .* posix\.system"):
        read(tmp_path)
    assert not (tmp_path / "marker").exists()


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="latency_shift is 'yes', expected auto, always or never"):
        RawOptions(latency_shift="yes")
