"""Round trips through the formats of others lose nothing that they can express."""

import json
import os
import pickle
import pickletools
from pathlib import Path
from typing import Any, Dict, List

import av
import bridge_fixture as fixture
import cv2
import h5py
import lerobot_package
import numpy as np
import pyarrow.parquet as pq
import pytest

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.kinematics import integrate, pose_to_state, state_to_pose
from robot_bridge.sim.shards import ShardWriter, read_folder
from vptr_cli.main import main
from vptr_policy.data.robot.bridge_raw import RawOptions
from vptr_policy.data.robot.bridge_raw import parts as raw_parts
from vptr_policy.data.robot.bridge_raw_export import Geometry, commanded, observed
from vptr_policy.data.robot.shards import entries
from vptr_policy.data.robot.sources import demonstrations
from vptr_policy.data.robot.trajectory import Trajectory
from vptr_policy.resize import resize

GEOMETRY = Geometry(state_to_pose, integrate)
STEPS = 5


def made(number: int, success: bool = True, **info: Any) -> Trajectory:
    random = np.random.default_rng(number)
    state = np.float32([0.2, 0, 0.1, 0, 0, 0, 1]) + random.uniform(-0.1, 0.1, (STEPS + 1, 7)).astype(np.float32)
    rows = {
        name: random.uniform(-0.06, 0.06, (STEPS, 7)).astype(np.float32) for name in ("action", "executed", "label")
    }
    for values in rows.values():
        values[:, 6] = random.integers(0, 2, STEPS)
    picture = cv2.resize(random.integers(0, 255, (6, 8, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
    jpegs = [bytes(cv2.imencode(".jpg", np.roll(picture, 40 * step, 1))[1]) for step in range(STEPS + 1)]
    extras = {"joints": random.normal(size=(STEPS + 1, 6)), "joint_speeds": random.normal(size=(STEPS + 1, 6))}
    extras.update(efforts=random.normal(size=(STEPS + 1, 6)), target=state.astype(np.float64) + 0.01)
    extras["stamp_s"] = 1.7e9 + 0.2 * np.arange(STEPS + 1)
    about = {"task": "lid on pot", "success": success, "steps": STEPS, "language": "put the lid on the pot", **info}
    return Trajectory(f"lid-{number}", about, state, jpegs=jpegs, extras=extras, **rows)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    folder.mkdir()
    with ShardWriter(folder / "shard-00000.tar") as shard:
        for number in range(6):
            shard.add(made(number, success=number != 4))
    (folder / "split.json").write_text(
        json.dumps({"format": "vptr-split-1", "seed": 0, "share": 0.2, "val": ["lid-2"], "train": []})
    )
    masks = {"lid-1": {"steps": STEPS, "masked": [[1, 3]]}}
    (folder / "masks.json").write_text(json.dumps({"format": "vptr-masks-1", "rule": {}, "demonstrations": masks}))
    return folder


def vptr(*words: Any) -> None:
    assert main(["data", *map(str, words)]) == 0


def same(one: Any, other: Any, names: Any = ("state", "action", "executed", "label")) -> None:
    for name in names:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_extras_survive_a_shard(shards: Path) -> None:
    for item, number in zip(demonstrations(shards), range(6)):
        found = item.read()
        assert set(found.extras) == set(made(number).extras)
        for name, rows in made(number).extras.items():
            assert np.array_equal(found.extras[name], rows) and found.extras[name].dtype == np.float64


def test_bridge_raw_and_back(shards: Path, tmp_path: Path) -> None:
    vptr("export", shards, "--format", "bridge-raw", "--out", tmp_path / "raw", "--domain", "lab", "--failures")
    vptr("import", tmp_path / "raw", "--out", tmp_path / "again")
    again = {item.info["origin"]: item.read() for item in demonstrations(tmp_path / "again")}
    assert len(again) == 6
    for number, (origin, found) in enumerate(sorted(again.items())):
        source = made((0, 1, 3, 4, 5, 2)[number], success=number != 3)  # validation comes last
        same(source, found, ("state", "action"))
        assert np.array_equal(found.executed, np.clip(source.action, ACTION_LOW, ACTION_HIGH).astype(np.float32))
        assert found.jpegs == source.jpegs
        assert found.info["success"] is source.info["success"] and found.info["language"] == source.info["language"]
        assert (found.info["task"], found.info["domain"]) == ("lid on pot", "lab") and "00/2022-01-01" in origin
        for name, rows in source.extras.items():
            assert np.array_equal(found.extras[name], rows), name


def test_bridge_raw_is_what_the_recorder_writes(shards: Path, tmp_path: Path) -> None:
    """Names, types and shapes against those that the fixture writes as the Bridge recorder does."""
    vptr("export", shards, "--format", "bridge-raw", "--out", tmp_path / "raw")
    folder = next((tmp_path / "raw").rglob("traj0"))
    theirs = fixture.write(tmp_path / "theirs", "task", 0, fixture.made_up(0, STEPS, 1))
    for name in ("obs_dict.pkl", "policy_out.pkl", "agent_data.pkl"):
        ours_held, theirs_held = (pickle.loads((place / name).read_bytes()) for place in (folder, theirs))
        if name == "policy_out.pkl":
            assert len(ours_held) == len(theirs_held) == STEPS
            ours_held, theirs_held = ours_held[0], theirs_held[0]
        assert set(theirs_held) <= set(ours_held), name
        for key, value in theirs_held.items():
            assert type(ours_held[key]) is type(value), key
            assert np.shape(ours_held[key]) == np.shape(value), key
            if isinstance(value, np.ndarray):
                assert ours_held[key].dtype == value.dtype == np.float64
    assert sorted(path.name for path in (folder / "images0").iterdir()) == [f"im_{t}.jpg" for t in range(STEPS + 1)]
    assert cv2.imread(str(folder / "images0" / "im_0.jpg")).shape == (480, 640, 3)
    assert (folder / "lang.txt").read_text().splitlines()[0] == "put the lid on the pot"
    dated = folder.parents[2]
    assert {path.name for path in dated.iterdir()} == {"config.json", "collection_metadata.json", "raw"}
    for name in ("obs_dict.pkl", "policy_out.pkl", "agent_data.pkl"):
        told = {
            argument for code, argument, _ in pickletools.genops((folder / name).read_bytes()) if code.name == "GLOBAL"
        }
        assert not any("numpy._core" in str(argument) for argument in told)


def published(path: Path) -> List[Dict[str, Any]]:
    """What the published converter makes of a dated folder, by its rules: the same files, the same keys."""
    rows = []
    for folder in sorted(path.glob("raw/traj_group*/traj*")):
        assert {"obs_dict.pkl", "policy_out.pkl"} <= set(os.listdir(folder))
        observed_ = pickle.loads((folder / "obs_dict.pkl").read_bytes())
        steps = pickle.loads((folder / "policy_out.pkl").read_bytes())
        count = len(list((folder / "images0").glob("im_*.jpg")))
        actions = [step["actions"] for step in steps] if isinstance(steps[0], dict) else steps
        state, stamps = observed_["full_state"], observed_["time_stamp"]
        assert len(state[:-1]) == len(stamps[:-1]) == count - 1 == len(actions) == len([0] * len(actions))
        rows.append({"state": state[:-1], "next": state[1:], "stamps": stamps, "actions": actions})
    return rows


def test_the_published_converter_takes_it(shards: Path, tmp_path: Path) -> None:
    vptr("export", shards, "--format", "bridge-raw", "--out", tmp_path / "raw")
    (dated,) = {path.parents[2] for path in (tmp_path / "raw").rglob("traj0")}
    rows = published(dated)
    assert len(rows) == 5 and int(len(rows) * 0.9) >= 1  # one session, so that the converter keeps some for training
    assert np.array_equal(rows[0]["actions"], made(0).action.astype(np.float64))


def test_transforms_are_those_of_the_commands() -> None:
    one = made(1)
    steps, seen = commanded(one, GEOMETRY), observed(one, GEOMETRY, "2022-01-01_00-00-00")
    assert np.allclose(pose_to_state(seen["eef_transform"][2]), one.state[2, :6], atol=1e-6)
    before = state_to_pose(one.extras["target"][3])
    assert np.allclose(steps[3]["delta_robot_transform"] @ before, steps[3]["new_robot_transform"])
    clipped = np.clip(one.action[3, :3], -0.05, 0.05)
    assert np.allclose(steps[3]["new_robot_transform"][:3, 3], before[:3, 3] + clipped, atol=1e-6)
    bare = observed(Trajectory(one.key, one.info, one.state, one.action, one.action, one.action, one.jpegs), GEOMETRY,
                    "2022-01-01_00-00-00")  # fmt: skip
    assert np.isnan(bare["qpos"]).all() and bare["qpos"].shape == (STEPS + 1, 6)
    assert np.allclose(np.diff(bare["time_stamp"]), 0.2)


def test_shifted_data_are_not_shifted_again(tmp_path: Path) -> None:
    old = fixture.write(tmp_path / "old" / "kitchen", "task", 0, fixture.made_up(0, 6, 1), date="2021-03-04_05-06-07")
    assert old.exists()
    vptr("import", tmp_path / "old", "--out", tmp_path / "shards")
    vptr("export", tmp_path / "shards", "--format", "bridge-raw", "--out", tmp_path / "raw")
    vptr("import", tmp_path / "raw", "--out", tmp_path / "again")
    (one,), (other,) = (list(read_folder(tmp_path / name)) for name in ("shards", "again"))
    same(one, other)
    assert len(one.action) == 5 and one.info["latency_shifted"] is True


def test_real_data_through_every_format(tmp_path: Path) -> None:
    recorded = fixture.real(3)
    fixture.write(tmp_path / "bridge" / "kitchen", "task", 0, recorded)
    vptr("import", tmp_path / "bridge", "--out", tmp_path / "shards")
    (one,) = (item.read() for item in demonstrations(tmp_path / "shards"))
    vptr("export", tmp_path / "shards", "--format", "bridge-raw", "--out", tmp_path / "raw")
    vptr("export", tmp_path / "shards", "--format", "hdf5", "--out", tmp_path / "d.hdf5", "--size", 0)
    vptr("export", tmp_path / "shards", "--format", "bridge-numpy", "--out", tmp_path / "numpy")
    for name in ("raw", "d.hdf5", "numpy"):
        vptr("import", tmp_path / name, "--out", tmp_path / f"of-{name}")
        (back,) = (item.read() for item in demonstrations(tmp_path / f"of-{name}"))
        same(one, back)
        assert back.info["task"] == "task"
    (raw,) = list(raw_parts(tmp_path / "raw", RawOptions(), 1)[0].read())
    assert isinstance(raw, Trajectory) and raw.jpegs == one.jpegs and raw.info["language"] == recorded.language


def test_hdf5_is_what_robomimic_reads(shards: Path, tmp_path: Path) -> None:
    vptr("export", shards, "--format", "hdf5", "--out", tmp_path / "d.hdf5", "--failures")
    with h5py.File(tmp_path / "d.hdf5", "r") as file:
        assert file["data"].attrs["total"] == 6 * STEPS
        assert set(json.loads(file["data"].attrs["env_args"])) == {"env_name", "env_type", "env_kwargs"}
        assert list(file["mask/valid"]) == [b"demo_5"] and len(file["mask/train"]) == 5
        for number, name in enumerate((0, 1, 3, 4, 5, 2)):
            source, group = made(name), file[f"data/demo_{number}"]
            assert group.attrs["num_samples"] == STEPS
            assert np.allclose(
                group["actions"], np.clip(2 * (source.label - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1, -1, 1)
            )
            assert group["obs/image"].shape == (STEPS, 128, 128, 3) == group["next_obs/image"].shape
            assert np.array_equal(group["obs/image"][1:], group["next_obs/image"][:-1])
            decoded = cv2.imdecode(np.frombuffer(source.jpegs[2], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
            assert np.array_equal(group["obs/image"][2], resize(decoded))
            assert np.array_equal(group["next_obs/state"], source.state[1:])
            assert group["dones"][:].tolist() == [0] * (STEPS - 1) + [int(name != 4)] and group["states"].shape == (
                STEPS,
                0,
            )


def test_hdf5_and_back_with_masks(shards: Path, tmp_path: Path) -> None:
    vptr("export", shards, "--format", "hdf5", "--out", tmp_path / "d.hdf5", "--size", 0, "--failures")
    vptr("import", tmp_path / "d.hdf5", "--out", tmp_path / "again")
    items = list(demonstrations(tmp_path / "again"))
    for item, number in zip(items, (0, 1, 3, 4, 5, 2)):
        source, found = made(number, success=number != 4), item.read()
        same(source, found)
        assert found.info["success"] is source.info["success"] and found.info["language"] == source.info["language"]
        for name, rows in source.extras.items():
            assert np.array_equal(found.extras[name], rows)
    masks = json.loads((tmp_path / "again" / "masks.json").read_text())["demonstrations"]
    assert masks == {items[1].name: {"steps": STEPS, "masked": [[1, 3]]}}


def held_out(folder: Path) -> List[bytes]:
    """The actions of what is for validation in a folder of shards, by the file that training reads."""
    val = json.loads((folder / "split.json").read_text())["val"]
    return [item.read().action.tobytes() for item in demonstrations(folder) if item.name in val]


@pytest.mark.parametrize("form", ["shards", "hdf5", "bridge-numpy"])
def test_what_is_for_validation_stays_so(form: str, shards: Path, tmp_path: Path) -> None:
    source = shards
    if form != "shards":
        source = tmp_path / ("d.hdf5" if form == "hdf5" else "d")
        vptr("export", shards, "--format", form, "--out", source, "--failures")
    vptr("import", source, "--out", tmp_path / "again", "--format", form)
    assert held_out(tmp_path / "again") == held_out(shards) == [made(2).action.tobytes()]
    if form == "shards":
        again, before = (json.loads((folder / "masks.json").read_text()) for folder in (tmp_path / "again", shards))
        assert again == before


def test_a_damaged_split_or_mask_is_no_training_data(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    vptr("export", shards, "--format", "hdf5", "--out", tmp_path / "d.hdf5")
    with h5py.File(tmp_path / "d.hdf5", "a") as file:
        del file["data/demo_0/vptr/masked"], file["data/demo_1/vptr/masked"]
        file["data/demo_0/vptr/masked"], file["data/demo_1/vptr/masked/x"] = np.ones(3), 1
    vptr("import", tmp_path / "d.hdf5", "--out", tmp_path / "again")
    assert len(list(demonstrations(tmp_path / "again"))) == 3 and len(held_out(tmp_path / "again")) == 1
    said = capsys.readouterr().err
    assert "masked has the shape (3,), expected (5,)" in said and "demo_1/vptr/masked is no array of numbers" in said
    with h5py.File(tmp_path / "d.hdf5", "a") as file:
        del file["mask/valid"]
        file["mask/valid"] = np.ones(2)
    assert main(["data", "import", str(tmp_path / "d.hdf5"), "--out", str(tmp_path / "none")]) == 1
    assert "mask/valid is no list of names" in capsys.readouterr().err and not (tmp_path / "none").exists()


def test_an_export_without_a_place_for_the_split_says_so(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    vptr("export", shards, "--format", "bridge-raw", "--out", tmp_path / "raw")
    assert "no place for the split: 1 demonstration for validation among these" in capsys.readouterr().out


def test_hdf5_of_others_is_read(tmp_path: Path) -> None:
    source = made(0)
    with h5py.File(tmp_path / "theirs.hdf5", "w") as file:
        group = file.create_group("data/demo_0")
        group["actions"] = np.clip(2 * (source.action - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1, -1, 1)
        group["obs/agentview_image"] = np.zeros((STEPS, 16, 16, 3), np.uint8)
        group["obs/eef"] = source.state[:-1]
        file.create_group("data/demo_1/obs")
    vptr("import", tmp_path / "theirs.hdf5", "--out", tmp_path / "out", "--state", "eef", "--task", "lift")
    (found,) = (item.read() for item in demonstrations(tmp_path / "out"))
    assert len(found.action) == STEPS - 1 and found.info["task"] == "lift"  # what came of the last action is not there
    assert np.allclose(found.action, np.clip(source.action, ACTION_LOW, ACTION_HIGH)[:-1], atol=1e-6)
    skipped = json.loads((tmp_path / "out" / "index.json").read_text())["shards"]["shard-00000.tar"]["skipped"]
    assert skipped[0]["origin"] == "theirs.hdf5/demo_1" and "pictures could be none" in skipped[0]["reason"]
    (tmp_path / "no.hdf5").write_bytes(b"nothing")
    assert main(["data", "import", str(tmp_path / "no.hdf5"), "--out", str(tmp_path / "no")]) == 1


def lerobot(shards: Path, out: Path) -> Dict[str, Any]:
    vptr("export", shards, "--format", "lerobot", "--out", out)
    return json.loads((out / "meta" / "info.json").read_text())


def test_lerobot_tables_and_films_hold_the_data(shards: Path, tmp_path: Path) -> None:
    info = lerobot(shards, tmp_path / "le")
    assert (info["codebase_version"], info["total_episodes"], info["fps"]) == ("v3.0", 5, 5)
    assert info["splits"] == {"train": "0:4", "val": "4:5"} and info["total_frames"] == 5 * STEPS
    data = pq.read_table(tmp_path / "le" / "data" / "chunk-000" / "file-000.parquet").to_pydict()
    order = [made(number) for number in (0, 1, 3, 5, 2)]
    for name, source in (
        ("observation.state", "state"),
        ("action", "label"),
        ("commanded", "action"),
        ("executed", "executed"),
    ):
        assert np.array_equal(np.float32(data[name]), np.concatenate([getattr(one, source)[:STEPS] for one in order]))
    assert np.allclose(data["joint_efforts"], np.concatenate([one.extras["efforts"][:STEPS] for one in order]))
    assert data["index"] == list(range(5 * STEPS)) and data["frame_index"] == list(range(STEPS)) * 5
    assert data["masked"] == [False] * 6 + [True] * 2 + [False] * 17
    assert data["next.success"] == ([False] * 4 + [True]) * 5
    episodes = pq.read_table(tmp_path / "le" / "meta" / "episodes" / "chunk-000" / "file-000.parquet").to_pydict()
    assert (
        episodes["dataset_from_index"] == [0, 5, 10, 15, 20] and episodes["tasks"] == [["put the lid on the pot"]] * 5
    )
    assert episodes["videos/observation.images.image0/from_timestamp"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    with av.open(str(tmp_path / "le/videos/observation.images.image0/chunk-000/file-000.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(float) for frame in film.decode(video=0)]
    assert len(frames) == 5 * STEPS and frames[0].shape == (480, 640, 3)
    for number, one in enumerate(order):
        picture = cv2.imdecode(np.frombuffer(one.jpegs[3], np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(float)
        errors = [np.abs(frame - picture).mean() for frame in frames[5 * number : 5 * number + 5]]
        assert int(np.argmin(errors)) == 3 and min(errors) < 12.0
    stats = json.loads((tmp_path / "le" / "meta" / "stats.json").read_text())
    assert np.allclose(stats["action"]["mean"], np.concatenate([one.label for one in order]).mean(0), atol=1e-5)
    assert np.shape(stats["observation.images.image0"]["std"]) == (3, 1, 1)


def test_lerobot_itself_loads_it(shards: Path, tmp_path: Path) -> None:
    lerobot(shards, tmp_path / "le")
    image = "list(data[7]['observation.images.image0'].shape)"
    item = f"data[7]['task'], data[7]['action'].tolist(), {image}, bool(data[7]['masked'])"
    found = lerobot_package.read(tmp_path / "le", f"[data.num_episodes, data.num_frames, {item}]")
    assert found[:3] == [5, 25, "put the lid on the pot"] and found[4:] == [[3, 480, 640], True]
    assert np.array_equal(np.float32(found[3]), made(1).label[2])


def test_pictures_of_several_sizes_are_named(shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    small = bytes(cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1])
    with ShardWriter(shards / "shard-00001.tar") as shard:
        one = made(9)
        shard.add(Trajectory("lid-9", one.info, one.state, one.action, one.action, one.action, [small] * 6, one.extras))
    assert main(["data", "export", str(shards), "--format", "lerobot", "--out", str(tmp_path / "le")]) == 1
    assert "lid-9 has pictures of 64 x 48, others of 640 x 480" in capsys.readouterr().err
    assert not (tmp_path / "le").exists() and len(list(entries(shards))) == 7


def others(path: Path, **pictures: Any) -> Any:
    """A small file as robomimic writes it, with pictures of 16 x 16 made as told; open for more."""
    file = h5py.File(path, "w")
    group = file.create_group("data/demo_0")
    group["actions"], group["dones"] = np.zeros((4, 7), np.float32), np.array([0, 0, 0, 1])
    group["obs/state"] = np.zeros((4, 7))
    group.create_dataset("obs/image", **{"shape": (4, 16, 16, 3), "dtype": np.uint8, **pictures})
    return file


@pytest.mark.parametrize("kind", ["external storage", "external link", "external link to all", "virtual"])
def test_hdf5_that_reads_other_files_is_refused(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    others(tmp_path / "secret.hdf5").close()
    raw = {"external": [(str(tmp_path / "secret.hdf5"), 0, 4 * 16 * 16 * 3)]} if kind == "external storage" else {}
    with others(tmp_path / "theirs.hdf5", **raw) as file:
        if kind == "external link":
            del file["data/demo_0/obs/image"]
            file["data/demo_0/obs/image"] = h5py.SoftLink("/elsewhere")
            file["elsewhere"] = h5py.ExternalLink(str(tmp_path / "secret.hdf5"), "/data/demo_0/obs/image")
        elif kind == "external link to all":
            del file["data"]
            file["data"] = h5py.ExternalLink(str(tmp_path / "secret.hdf5"), "/data")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((4, 16, 16, 3), np.uint8)
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.hdf5"), "/data/demo_0/obs/image", (4, 16, 16, 3))
            del file["data/demo_0/obs/image"]
            file.create_virtual_dataset("data/demo_0/obs/image", layout)
    assert main(["data", "import", str(tmp_path / "theirs.hdf5"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "theirs.hdf5: refused, nothing of it was imported" in said and "into a new file with h5py" in said
    assert not (tmp_path / "out").exists()


def test_hdf5_that_asks_for_all_memory_is_damaged(tmp_path: Path) -> None:
    with others(
        tmp_path / "bomb.hdf5", shape=(10**6, 256, 256, 3), chunks=(1, 256, 256, 3), compression="gzip"
    ) as file:
        file.copy(file["data/demo_0"], "data/demo_1")
        del file["data/demo_1/obs/image"]
        file["data/demo_1/obs/image"] = np.zeros((4, 16, 16, 3), np.uint8)
        file.copy(file["data/demo_1"], "data/demo_2")
        del file["data/demo_2/obs/state"]
        unlimited = {"maxshape": (None, 7), "chunks": (10**8, 7), "compression": "gzip"}
        file.create_dataset("data/demo_2/obs/state", (4, 7), np.float32, **unlimited)
    vptr("import", tmp_path / "bomb.hdf5", "--out", tmp_path / "out")
    assert len(list(demonstrations(tmp_path / "out"))) == 1
    skipped = json.loads((tmp_path / "out" / "index.json").read_text())["shards"]["shard-00000.tar"]["skipped"]
    assert [row["origin"] for row in skipped] == ["bomb.hdf5/demo_0", "bomb.hdf5/demo_2"]
    assert "takes 183.1 GiB: the arrays of a demonstration may take 2 GiB together" in skipped[0]["reason"]
    assert "obs/state of shape (4, 7) takes 2.6 GiB" in skipped[1]["reason"]
