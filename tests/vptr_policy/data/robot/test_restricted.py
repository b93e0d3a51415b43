"""Pickles of others are read without running anything of them."""

import datetime
import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pytest

from vptr_policy.data.robot.restricted import (
    ForbiddenGlobal,
    Record,
    UnreadablePickle,
    load,
    load_object_array,
)


class Runs:
    """Would create a file when it is read."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._reduced = (call, arguments)

    def __reduce__(self) -> Tuple[Any, Any]:
        return self._reduced


CONTENT = {
    "numbers": [1, 2.5, True, None, 1 + 2j],
    "array": np.arange(12, dtype=np.float32).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big-endian": np.arange(3, dtype=">i4"),
    "words": np.array(["ab", "c"]),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 7)),
    "scalar": np.float64(0.25),
    "tuple": (np.int64(3), [np.uint8(4)]),
    "bytes": b"\x00\xff",
    "no bytes": b"",
    "set": {1, 2},
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "time": datetime.datetime(2021, 7, 23, 1, 2, 3),
    "objects": np.array([{"a": np.ones(2)}, None], dtype=object),
}


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and one.dtype != object:
        return type(other) is np.ndarray and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return type(one) is type(other) and list(one) == list(other) and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple, np.ndarray)):
        return type(one) is type(other) and len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_data_hold_is_read_as_it_was(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(CONTENT, protocol))
    assert equal(CONTENT, load(path))


def test_names_of_both_numpys_are_known(tmp_path: Path) -> None:
    ours = pickle.dumps({"a": np.arange(4.0), "b": np.float32(2)}, 2)
    ours = ours.replace(b"numpy._core.", b"numpy.core.")
    assert b"numpy.core.multiarray" in ours
    for data in (ours, ours.replace(b"numpy.core.", b"numpy._core.")):
        (tmp_path / "data.pkl").write_bytes(data)
        content = load(tmp_path / "data.pkl")
        assert np.array_equal(content["a"], np.arange(4.0)) and content["b"] == np.float32(2)


def test_python_2_strings_and_arrays_are_read(tmp_path: Path) -> None:
    """As Python 2's cPickle writes {'images': array([200, 255], uint8), 'name': 'a\\xe9'} with protocol 2."""
    data = (
        b"\x80\x02}q\x01(U\x06imagesq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85q\x05"
        b"U\x01bq\x06\x87q\x07Rq\x08(K\x01K\x02\x85q\tcnumpy\ndtype\nq\nU\x02u1q\x0bK\x00K\x01\x87q\x0cRq\r(K\x03U\x01|q\x0e"
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89U\x02\xc8\xffq\x10tq\x11bU\x04nameq\x12U\x02a\xe9q\x13u."
    )
    (tmp_path / "data.pkl").write_bytes(data)
    content = load(tmp_path / "data.pkl")
    assert content["images"].tolist() == [200, 255] and content["images"].dtype == np.uint8
    assert content["name"] == "a\xe9"


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_is_refused_by_name_and_not_run(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "marker"
    path = tmp_path / "obs_dict.pkl"
    content = {"full_state": np.zeros((3, 7)), "qpos": Runs(os.system, f"touch {marker}")}
    path.write_bytes(pickle.dumps(content, protocol))
    with pytest.raises(ForbiddenGlobal, match=r"obs_dict\.pkl: refused, nothing of it was run: .* posix\.system"):
        load(path)
    assert not marker.exists()
    pickle.loads(path.read_bytes())  # it is a real one
    assert marker.exists()


@pytest.mark.parametrize("call", [eval, exec, getattr, __import__, open, os.remove, np.fromfile, np.load, list, type])
def test_nothing_but_data_is_called(tmp_path: Path, call: Any) -> None:
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(Runs(call, "x")))
    with pytest.raises(ForbiddenGlobal, match=str(call.__name__)):
        load(path)


def test_a_dotted_name_does_not_reach_into_an_allowed_one(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    path.write_bytes(b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.")
    with pytest.raises(ForbiddenGlobal, match=r"numpy\.ndarray\.tofile"):
        load(path)
    path.write_bytes(b"\x80\x04\x8c\x0cwidowx_envs.\x8c\x0futils.os.system\x93.")
    with pytest.raises(ForbiddenGlobal, match=r"utils\.os\.system"):
        load(path)


def test_objects_of_the_recorder_become_records_without_their_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class IMTopic:
        def __init__(self) -> None:
            self.name, self.width = "/cam0/image_raw", 640

    class AttrDict(dict):
        pass

    module = types.ModuleType("multicam_server.topic_utils")
    for kind in (IMTopic, AttrDict):
        kind.__module__, kind.__qualname__ = module.__name__, kind.__name__
        setattr(module, kind.__name__, kind)
    for name in ("multicam_server", module.__name__):
        monkeypatch.setitem(sys.modules, name, module)
    path = tmp_path / "agent_data.pkl"
    path.write_bytes(pickle.dumps({"traj_ok": True, "camera_info": [IMTopic()], "stats": AttrDict(a=1)}))
    content = load(path)
    assert content["traj_ok"] is True
    assert type(content["camera_info"][0]) is Record and content["camera_info"][0]["width"] == 640
    assert type(content["stats"]) is Record and content["stats"] == {"a": 1}


def test_arrays_that_lie_about_their_size_or_type_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    good = pickle.dumps(np.arange(4, dtype=np.uint8), 2)
    for bad, why in (
        (good.replace(b"K\x04\x85", b"K\x7f\x85"), "4 bytes for an array of shape"),
        (good.replace(b"u1", b"V1"), "type 'V1'"),
        (pickle.dumps(np.zeros(2, dtype=[("a", "f4")])), "type 'V4'"),
        (pickle.dumps(np.array(["2021-01-01"], "M8[s]")), "type 'M8'"),
    ):
        path.write_bytes(bad)
        with pytest.raises(UnreadablePickle, match=f"data.pkl: not a whole pickle.*{why}"):
            load(path)


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    whole = pickle.dumps(CONTENT)
    for length in (0, 1, 7, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadablePickle, match=r"data\.pkl"):
            load(path)
    random = np.random.default_rng(0)
    for _ in range(150):
        broken = bytearray(whole)
        for place in random.integers(0, len(whole), 4):
            broken[place] = random.integers(0, 256)
        path.write_bytes(bytes(broken))
        try:
            load(path)
        except UnreadablePickle:
            continue  # what else could be raised fails the test


def test_cycles_end(tmp_path: Path) -> None:
    loop: Any = [np.ones(1)]
    loop.append(loop)
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(loop))
    content = load(tmp_path / "data.pkl")
    assert content[1] is content and content[0].tolist() == [1.0]


def test_an_npy_of_objects_is_read(tmp_path: Path) -> None:
    path = tmp_path / "out.npy"
    array = np.empty(2, object)
    array[:] = [{"actions": [np.ones(7)]}, {"actions": []}]
    np.save(str(path), array, allow_pickle=True)
    content = load_object_array(path)
    assert content.shape == (2,) and content[0]["actions"][0].tolist() == [1.0] * 7


def test_an_npy_that_is_none_is_refused(tmp_path: Path) -> None:
    path, marker = tmp_path / "out.npy", tmp_path / "marker"
    np.save(str(path), np.zeros(3))
    with pytest.raises(UnreadablePickle, match="an array of float64, expected one of objects"):
        load_object_array(path)
    path.write_bytes(b"not numpy at all")
    with pytest.raises(UnreadablePickle, match=r"out\.npy: no \.npy file"):
        load_object_array(path)
    bad = np.empty(1, object)
    bad[0] = Runs(os.system, f"touch {marker}")
    np.save(str(path), bad, allow_pickle=True)
    with pytest.raises(ForbiddenGlobal, match=r"out\.npy: refused, .* posix\.system"):
        load_object_array(path)
    assert not marker.exists()


def nested(levels: int) -> Any:
    """A tuple of two of one tuple of two of ...: a few bytes a level, twice as many paths."""
    shared: Any = (np.ones(1),)
    for _ in range(levels):
        shared = (shared, shared)
    return shared


def test_shared_tuples_are_visited_once(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(nested(200)))
    content = load(tmp_path / "data.pkl")
    assert content[0] is content[1]
    for _ in range(200):
        content = content[1]
    assert content[0].tolist() == [1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        Runs(np.dtype, nested(200)),
        Runs(np.ndarray.__reduce__(np.ones(1))[0], nested(200), (0,), b"b"),
        Runs(np.ones(1).__reduce_ex__(5)[0], 10**12, np.dtype("f8"), (1,), "C"),
    ],
)
def test_a_message_is_short_and_no_number_becomes_so_many_bytes(tmp_path: Path, wrong: Any) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(wrong, protocol=4))
    with pytest.raises(UnreadablePickle) as found:
        load(tmp_path / "data.pkl")
    assert len(str(found.value)) < 1000
