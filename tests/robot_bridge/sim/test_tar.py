import tarfile

import pytest

from robot_bridge.sim.tar import TarWriter


def test_members_are_written_by_key_and_suffix_in_their_order(tmp_path):
    with TarWriter(tmp_path / "a.tar") as writer:
        writer.add_members("one", {"json": b"{}", "jpegs": b"123"})
        writer.add_members("two", {"json": b"[]"})
        assert not (tmp_path / "a.tar").exists(), "not before it is whole"
    with tarfile.open(tmp_path / "a.tar", "r:") as tar:
        assert tar.getnames() == ["one.json", "one.jpegs", "two.json"]
        assert tar.extractfile("one.jpegs").read() == b"123"
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="stop"), TarWriter(tmp_path / "a.tar") as writer:
        writer.add_members("one", {"json": b"{}"})
        raise RuntimeError("stop")
    assert not list(tmp_path.iterdir())
