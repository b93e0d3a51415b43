import json
import zlib

import numpy as np
import pytest

from robot_bridge.sim.hand import clip as clips
from robot_bridge.sim.hand.stage import NoRoom
from robot_bridge.sim.hand.view import View
from robot_bridge.sim.shards import decode_jpeg

SIZE = 48


@pytest.fixture(scope="module")
def view():
    renderer = View(SIZE)
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def clip(view):
    return clips.record_clip(view, 3, seed=11, kinds=("place_on",))


def test_a_clip_tells_what_it_shows(clip):
    info = clip.info
    assert clip.key == "hand-000003" and info["activities"] == ["place_on"] and info["source"] == clips.SOURCE
    assert "put the" in info["text"] and info["achieved"] in ([True], [False])
    assert clips.SHORTEST <= len(clip.jpegs) <= clips.LONGEST and 5 <= info["fps"] <= 10
    assert all(decode_jpeg(jpeg).shape == (SIZE, SIZE, 3) for jpeg in clip.jpegs)


def test_its_members_are_those_of_a_clip_shard(clip):
    members = clip.members()
    info = json.loads(members["json"])
    assert list(members) == ["json", "jpegs"] and info["frames"] == len(info["sizes"]) == len(clip.jpegs)
    start = 0
    for size, crc32, jpeg in zip(info["sizes"], info["crc32"], clip.jpegs):
        piece = members["jpegs"][start : start + size]
        assert piece == jpeg and zlib.crc32(piece) == crc32
        start += size
    assert start == len(members["jpegs"])


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(view, clip):
    clips.record_clip(view, 0, seed=5, kinds=("press",))
    assert clips.record_clip(view, 3, seed=11, kinds=("place_on",)).members() == clip.members()
    assert clips.record_clip(view, 3, seed=12, kinds=("place_on",)).members() != clip.members()


def test_frames_show_a_hand_that_comes_acts_and_goes(view, monkeypatch):
    monkeypatch.setattr(clips, "LATE", 0.0)
    monkeypatch.setattr(clips, "FAULTY", 0.0)
    monkeypatch.setattr(clips, "MOST_OTHERS", 0)
    for seed in (1, 2, 3):
        clip = clips.record_clip(view, 0, seed=seed, kinds=("remove",))
        frames = np.stack([decode_jpeg(jpeg) for jpeg in clip.jpegs]).astype(int)
        change = np.abs(frames - frames[0]).mean(axis=(1, 2, 3))
        middle = change[len(change) // 4 : -len(change) // 4]
        assert middle.max() > 8.0 and middle.max() > 1.3 * change[-1], "the hand was there, and is gone"
        assert np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)).max() < 60, "no frame is out of place"


def test_faults_are_told_in_the_text(view, monkeypatch):
    monkeypatch.setattr(clips, "FAULTY", 1.0)
    monkeypatch.setattr(clips, "LENGTH_SHARES", (0.0, 1.0, 0.0))
    clip = clips.record_clip(view, 0, seed=4, kinds=("drag", "press"))
    assert clip.info["faults"] == ["abandon", "abandon"] and clip.info["achieved"] == [False, False]
    first, second = clip.info["text"].split(", then ")
    assert first.startswith("try to ") and second.startswith("try to ")


def test_long_performances_are_cut(view, monkeypatch):
    monkeypatch.setattr(clips, "LONGEST", 12)
    clip = clips.record_clip(view, 0, seed=4, kinds=("pour",))
    assert len(clip.jpegs) == 12 and clip.info["achieved"] == [False]


def test_scenes_without_room_are_drawn_again_and_given_up_in_the_end(view, monkeypatch):
    drawn = []

    def no_room(*arguments):
        drawn.append(arguments)
        raise NoRoom("too small")

    monkeypatch.setattr(clips, "_record", no_room)
    with pytest.raises(RuntimeError, match=r"seed 7 .*20 attempts: too small"):
        clips.record_clip(view, 0, seed=7)
    states = {json.dumps(arguments[3].bit_generator.state["state"]) for arguments in drawn}
    assert len(drawn) == len(states) == clips.ATTEMPTS
