"""What `vptr data info` says, against numbers worked out here."""

from pathlib import Path

import numpy as np
import pytest

from robot_bridge.sim.shards import ShardWriter, Trajectory
from vptr_policy.data.demonstrations import fingerprint
from vptr_policy.data.robot.summary import summarise, table


def write(path: Path, first: int, count: int) -> None:
    with ShardWriter(path) as shard:
        for number in range(first, first + count):
            steps = 2 + number
            rows = np.full((steps, 7), 0.01 * number, np.float32)
            state = np.arange(7, dtype=np.float32) + np.full((steps + 1, 1), number, np.float32)
            info = {"task": "ab"[number % 2] * 3, "success": number != 1, "language": f"say {number % 3}"}
            shard.add(Trajectory(f"t{number}", info, state, rows, -rows, rows, [b"not looked at"] * (steps + 1)))


def test_counts_ranges_and_fingerprint(tmp_path: Path) -> None:
    write(tmp_path / "shard-00000.tar", 0, 2)
    write(tmp_path / "shard-00001.tar", 2, 2)
    found = summarise(tmp_path)
    assert (found["trajectories"], found["successes"], found["steps"], found["shards"]) == (4, 3, 14, 2)
    assert (found["shortest"], found["median"], found["longest"], found["texts"]) == (2, 3.5, 5, 3)
    assert found["tasks"] == {
        "aaa": {"trajectories": 2, "successes": 2, "steps": 6},
        "bbb": {"trajectories": 2, "successes": 1, "steps": 8},
    }
    assert found["ranges"]["state"] == [[0, 1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 7, 8, 9]]
    assert np.allclose(found["ranges"]["action"], [[0.0] * 7, [0.03] * 7])
    assert np.allclose(found["ranges"]["executed"], [[-0.03] * 7, [0.0] * 7])
    assert found["fingerprint"] == fingerprint(list(tmp_path.glob("*.tar")))
    text = table(found)
    assert "4 demonstrations in 2 shards, 3 succeeded, 14 steps (shortest 2, median 3.5, longest 5)" in text
    assert ["bbb", "2", "1", "8"] in [line.split() for line in text.splitlines()]
    assert "-0.030 .. 0.000" in text


def test_a_folder_without_demonstrations_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no shard-\*\.tar here"):
        summarise(tmp_path)
    write(tmp_path / "shard-00000.tar", 0, 0)
    with pytest.raises(ValueError, match="its shards hold no demonstration"):
        summarise(tmp_path)
