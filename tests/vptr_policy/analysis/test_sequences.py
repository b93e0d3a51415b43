import cv2
import numpy as np
import pytest
from demonstrations import make

from robot_bridge.sim.shards import ShardWriter, Trajectory
from robot_bridge.sim.shards import shard_name as robot_shard_name
from vptr_policy.analysis.sequences import ClipSequences, RobotSequences
from vptr_policy.data.video.shards import ClipWriter, shard_name


def jpeg(level):
    return bytes(cv2.imencode(".jpg", np.full((32, 32, 3), level, np.uint8))[1])


@pytest.fixture
def clips(tmp_path):
    """Clips of 4, 6, 8 and 10 frames, each brighter from frame to frame."""
    with ClipWriter(tmp_path / shard_name(0)) as writer:
        for number, length in enumerate((4, 6, 8, 10)):
            levels = [20 * number + 5 * frame for frame in range(length)]
            writer.add(f"c{number}", [jpeg(level) for level in levels], {"source": "", "text": ""})
    return tmp_path


def test_the_first_frames_of_clips_that_are_long_enough(clips):
    data = ClipSequences("v", clips, 6, None, 0)
    found = list(data)
    assert len(data) == len(found) == 3 and data.kind == "video"
    assert [name for name, _ in found] == ["clip 1", "clip 2", "clip 3"]
    assert all(len(frames) == 6 for _, frames in found)
    assert [round(float(frame.mean())) for frame in found[1][1]] == [40, 45, 50, 55, 60, 65]


def test_some_clips_are_drawn(clips):
    first, again = ([name for name, _ in ClipSequences("v", clips, 4, 2, seed)] for seed in (0, 0))
    assert len(first) == 2 and first == again


def test_too_few_frames_are_said_with_the_longest_clip(clips):
    with pytest.raises(ValueError, match=r"none of its 4 clips has 50 frames, the longest has 10.*--frames"):
        ClipSequences("v", clips, 50, None, 0)


def test_a_damaged_clip_is_skipped_and_named(clips):
    data = ClipSequences("v", clips, 6, None, 0)
    path = clips / shard_name(0)
    content = bytearray(path.read_bytes())
    place = content.find(jpeg(50))  # a frame of the third clip alone
    content[place + 200] ^= 0xFF
    path.write_bytes(bytes(content))
    assert [name for name, _ in data] == ["clip 1", "clip 3"]
    assert len(data.skipped) == 1 and "c2" in data.skipped[0]


def test_episodes_of_a_robot_end_at_their_goal(tmp_path):
    with ShardWriter(tmp_path / robot_shard_name(0)) as shard:
        for number, (steps, success) in enumerate(((3, True), (5, False), (1, True), (4, True))):
            shard.add(Trajectory(**vars(make(number, steps, success=success))))
    data = RobotSequences("r", tmp_path, None, 0)
    found = list(data)
    assert [len(frames) for _, frames in found] == [4, 5] and len(data) == 2
    assert found[0][0] == "knife in pot (d000)"
    assert data.skipped == ["d001: it failed: its last picture is no goal", "d002: 2 frames"]


def test_failures_alone_are_no_data(tmp_path):
    with ShardWriter(tmp_path / robot_shard_name(0)) as shard:
        shard.add(Trajectory(**vars(make(0, success=False))))
    with pytest.raises(ValueError, match="no episode that did not fail"):
        RobotSequences("r", tmp_path, None, 0)
