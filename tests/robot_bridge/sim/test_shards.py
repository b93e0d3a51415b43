import io
import json
import tarfile

import cv2
import numpy as np
import pytest

from robot_bridge.sim import shards


def trajectory(key="cucumber-000001", steps=3, success=True, seed=0):
    rng = np.random.default_rng(seed)
    frames = [np.full((128, 128, 3), (200, 30 * (t % 8), 10), np.uint8) for t in range(steps + 1)]
    return shards.Trajectory(
        key=key,
        info={"task": "cucumber", "success": success, "steps": steps},
        state=rng.normal(size=(steps + 1, 7)).astype(np.float32),
        action=rng.normal(size=(steps, 7)).astype(np.float32),
        executed=rng.normal(size=(steps, 7)).astype(np.float32),
        label=rng.normal(size=(steps, 7)).astype(np.float32),
        jpegs=[shards.encode_jpeg(frame) for frame in frames],
    )


def write(path, *trajectories):
    with shards.ShardWriter(path) as writer:
        for item in trajectories:
            writer.add(item)


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / shards.shard_name(0)
    written = [trajectory("a-1", steps=3, seed=1), trajectory("a-2", steps=5, seed=2)]
    write(path, *written)
    for before, after in zip(written, shards.read_shard(path)):
        assert after.key == before.key and after.info == before.info and after.jpegs == before.jpegs
        for name in ("state", "action", "executed", "label"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            assert getattr(after, name).dtype == np.float32
    assert len(list(shards.read_shard(path))) == 2


def test_members_follow_the_webdataset_layout_and_need_no_pickle(tmp_path):
    path = tmp_path / "shard-00000.tar"
    write(path, trajectory("k-1", steps=2))
    with tarfile.open(path) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}
    assert set(members) == {
        "k-1.json", "k-1.state.npy", "k-1.action.npy", "k-1.executed.npy", "k-1.label.npy",
        "k-1.jpeg_sizes.npy", "k-1.jpegs.bin",
    }  # fmt: skip
    sizes = np.load(io.BytesIO(members["k-1.jpeg_sizes.npy"]), allow_pickle=False)
    assert sizes.dtype == np.int64 and sizes.shape == (3,) and sizes.sum() == len(members["k-1.jpegs.bin"])
    first = cv2.imdecode(np.frombuffer(members["k-1.jpegs.bin"][: sizes[0]], np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(first[64, 64].astype(int) - (10, 0, 200)).max() < 6, "OpenCV reads BGR: red was 200"
    assert json.loads(members["k-1.json"])["task"] == "cucumber"


def test_images_are_rgb(tmp_path):
    assert np.abs(trajectory().images()[0, 64, 64].astype(int) - (200, 0, 10)).max() < 6


def test_the_same_trajectories_make_the_same_bytes(tmp_path):
    for name in ("a.tar", "b.tar"):
        write(tmp_path / name, trajectory(seed=4))
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_shard_cut_anywhere_is_refused_by_name(tmp_path):
    path = tmp_path / "shard-00007.tar"
    write(path, trajectory("a-1"), trajectory("a-2"))
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        ends = [member.offset for member in tar][1:]
        data = tar.offset
    cuts = [0, 100, 512, 700, *ends, data, data + 512]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        with pytest.raises(shards.ShardError, match=r"shard-00007.tar.*generate it again"):
            list(shards.read_shard(path))


def test_a_damaged_array_is_refused_by_name(tmp_path):
    path = tmp_path / "shard-00001.tar"
    write(path, trajectory("a-1"))
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"\x93NUMPY")] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(shards.ShardError, match=r"shard-00001.tar"):
        list(shards.read_shard(path))


def test_a_pickled_array_is_refused(tmp_path):
    path = tmp_path / "shard-00002.tar"
    write(path, trajectory("a-1"))
    stream = io.BytesIO()
    np.save(stream, np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with tarfile.open(path) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar]
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            data = stream.getvalue() if name.endswith("action.npy") else data
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(shards.ShardError, match=r"shard-00002.tar.*allow_pickle"):
        list(shards.read_shard(path))


def test_an_error_while_writing_leaves_no_shard(tmp_path):
    with pytest.raises(RuntimeError, match="boom"), shards.ShardWriter(tmp_path / "shard-00000.tar") as writer:
        writer.add(trajectory())
        raise RuntimeError("boom")
    assert list(tmp_path.iterdir()) == []


def test_nothing_stands_under_the_name_before_the_end(tmp_path):
    path = tmp_path / "shard-00000.tar"
    with shards.ShardWriter(path) as writer:
        writer.add(trajectory())
        assert not path.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["shard-00000.tar"]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"key": "a.b"}, "without '.'"),
        ({"action": np.zeros((0, 7), np.float32)}, "no steps"),
        ({"state": np.zeros((3, 7), np.float32)}, r"state has shape \(3, 7\)"),
        ({"label": np.full((3, 7), np.nan, np.float32)}, "finite"),
        ({"jpegs": []}, "0 frames for 3 steps"),
    ],
)
def test_a_trajectory_that_disagrees_with_itself_is_not_written(tmp_path, change, message):
    wrong = shards.Trajectory(**{**trajectory(steps=3).__dict__, **change})
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "shard-00000.tar", wrong)


def test_counts(tmp_path):
    path = tmp_path / "shard-00000.tar"
    write(path, trajectory("a-1", 3), trajectory("a-2", 5, success=False))
    assert shards.count_trajectories(path) == {
        "trajectories": 2, "successes": 1, "steps": 8,
        "tasks": {"cucumber": {"trajectories": 2, "successes": 1, "steps": 8}},
    }  # fmt: skip


def test_a_folder_without_shards_or_index_says_what_to_do(tmp_path):
    with pytest.raises(shards.ShardError, match="vptr sim generate"):
        shards.shard_paths(tmp_path)
    with pytest.raises(shards.ShardError, match="no index"):
        shards.read_index(tmp_path)
    (tmp_path / "index.json").write_text("{half")
    with pytest.raises(shards.ShardError, match="not JSON"):
        shards.read_index(tmp_path)
    shards.write_index(tmp_path, {"shards": []})
    assert shards.read_index(tmp_path) == {"shards": []}


def test_a_folder_is_read_in_order_of_its_names(tmp_path):
    write(tmp_path / shards.shard_name(1), trajectory("b-1"))
    write(tmp_path / shards.shard_name(0), trajectory("a-1"))
    (tmp_path / "shard-00002.tar.partial").write_bytes(b"half")
    assert [item.key for item in shards.read_folder(tmp_path)] == ["a-1", "b-1"]


def rewritten(path, suffix, data):
    """The shard with other content in the members of that suffix."""
    with tarfile.open(path) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar]
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            content = data if name.endswith(suffix) else content
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    "info",
    [
        b"[1, 2]", b"7", b"{}", b'{"task": "a"}', b'{"success": true}', b'{"task": 3, "success": true}',
        b'{"task": "a", "success": "no"}', b'{"task": "a", "success": null}', b"[" * 100000,
    ],
)  # fmt: skip
def test_a_trajectory_that_does_not_say_task_and_outcome_is_damage(tmp_path, info):
    path = tmp_path / shards.shard_name(0)
    write(path, trajectory("a-1"))
    rewritten(path, "a-1.json", info)
    with pytest.raises(shards.ShardError, match=r"shard-00000\.tar: not a whole shard"):
        list(shards.read_shard(path))


def test_a_number_that_is_none_is_told_with_its_place_and_what_keeps_the_others(tmp_path):
    path = tmp_path / shards.shard_name(0)
    write(path, trajectory("a-1"), trajectory("a-2"))
    state = io.BytesIO()
    np.save(state, np.where(np.arange(4)[:, None] == 2, np.nan, np.zeros((4, 7))).astype(np.float32))
    rewritten(path, "a-2.state.npy", state.getvalue())
    with pytest.raises(shards.ShardError) as caught:
        list(shards.read_shard(path))
    assert str(caught.value) == (
        f"{path}: trajectory a-2: state is not finite at row 2, counted from 0; "
        "`vptr data import --format shards` writes the others again"
    )


@pytest.mark.parametrize("sizes", [np.zeros(0, np.int64), np.array([[1]]), np.array([0.5]), np.array(["a"])])
def test_sizes_that_are_none_are_damage(tmp_path, sizes):
    path = tmp_path / shards.shard_name(0)
    write(path, trajectory("a-1"))
    stream = io.BytesIO()
    np.save(stream, sizes)
    rewritten(path, "jpeg_sizes.npy", stream.getvalue())
    with pytest.raises(shards.ShardError, match="jpeg_sizes do not add up"):
        list(shards.read_shard(path))


def test_a_jpeg_whose_header_says_another_size_is_no_error_of_the_library():
    data = shards.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    place = data.index(b"\xff\xc0") + 5
    with pytest.raises(ValueError, match="not a JPEG image"):
        shards.decode_jpeg(data[:place] + b"\xff\xdc\xff\xdc" + data[place + 4 :])
