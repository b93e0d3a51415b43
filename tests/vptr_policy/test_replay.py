"""Recorded pictures and a policy's actions on them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import List

import cv2
import numpy as np
import pytest

from robot_bridge.interface import Action, Observation
from tests.vptr_policy.data.robot.test_episodes import record
from vptr_policy.data.recorded import NEUTRAL_STATE, read_recordings
from vptr_policy.film_strip import BAR_LINE, GAP, HALF, POLICY, RECORDED, TILE, ZERO, film_strip, panel_box
from vptr_policy.recordings import open_recordings
from vptr_policy.replay import replay, write_actions

BRIDGE = Path(__file__).resolve().parents[3] / "shared" / "data" / "bridge_v2_sample"


class Watching:
    """Acts by the mean of the picture's channels; remembers what it saw."""

    def __init__(self) -> None:
        self.seen: List[Observation] = []

    def reset(self, task: str) -> None:
        self.task = task

    def act(self, observation: Observation) -> Action:
        self.seen.append(observation)
        return Action(np.array([*observation.image.mean((0, 1)) / 255 * 0.05, 0.1, 0.0, -0.25, 1.0]))


def _write(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"im_{number}.png"), np.full((24, 32, 3), (0, 0, 10 * number), np.uint8))


def test_pictures_come_in_the_order_of_their_numbers_in_rgb(tmp_path: Path) -> None:
    _write(tmp_path / "a", 12)
    (recording,) = read_recordings(tmp_path / "a")
    assert [picture[0, 0].tolist() for picture in recording.pictures] == [[10 * n, 0, 0] for n in range(12)]
    assert recording.states is None and recording.actions is None


def test_recorded_states_and_actions_are_used(tmp_path: Path) -> None:
    _write(tmp_path / "episodes" / "e1", 3)
    _write(tmp_path / "episodes" / "e2", 2)
    states, actions = np.arange(21.0).reshape(3, 7), np.full((3, 7), 0.01)
    described = {"state": states.tolist(), "action": actions.tolist(), "language": "put it there"}
    (tmp_path / "episodes" / "e1" / "episode.json").write_text(json.dumps(described))
    first, second = read_recordings(tmp_path / "episodes")
    policy = Watching()
    replays = [replay(policy, recording, "knife_in_pot") for recording in (first, second)]
    assert np.array_equal([seen.state for seen in policy.seen[:3]], states)
    assert np.array_equal(policy.seen[3].state, NEUTRAL_STATE)
    assert np.allclose(replays[0].actions[:, 0], [0.0, 10 / 255 * 0.05, 20 / 255 * 0.05])
    expected = np.abs((replays[0].actions - actions)[:, :6] / [0.05, 0.05, 0.05, 0.25, 0.25, 0.25]).mean()
    assert replays[0].motion_error() == pytest.approx(expected) and replays[1].motion_error() is None
    write_actions(tmp_path / "actions.json", "knife_in_pot", replays)
    written = json.loads((tmp_path / "actions.json").read_text())
    assert written["task"] == "knife_in_pot" and len(written["frames"]) == 5
    assert written["frames"][1]["action"] == replays[0].actions[1].tolist()
    assert [row["state_recorded"] for row in written["frames"]] == [True] * 3 + [False] * 2


def test_our_own_episodes_say_their_task_states_and_actions(tmp_path: Path) -> None:
    lines = record(tmp_path / "epi" / "episode-000000", task="pear_in_bin")
    record(tmp_path / "epi" / "episode-000001", discarded=True)
    (recording,) = open_recordings(tmp_path / "epi" / "episode-000000")
    assert (recording.name, recording.task) == ("episode-000000", "pear_in_bin") and len(recording.pictures) == 4
    assert recording.language == "put the knife in the pot"
    assert np.array_equal(recording.states, np.float32([line["state"] for line in lines[:-1]]))
    assert np.array_equal(recording.actions, np.float32([line["action"] for line in lines[:-1]]))
    assert [one.name for one in open_recordings(tmp_path / "epi")] == ["episode-000000"]
    written = replay(Watching(), recording, "pear_in_bin")
    write_actions(tmp_path / "actions.json", "pear_in_bin", [written])
    rows = json.loads((tmp_path / "actions.json").read_text())["frames"]
    assert {row["task"] for row in rows} == {"pear_in_bin"} and all("recorded_action" in row for row in rows)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ("{", "episode.json is not JSON"),
        ("[]", "tells nothing that can be used: expected one of our recorder's, or an object with state"),
        ('{"task": "knife_in_pot"}', "remove it to take the pictures alone"),
        ('{"format": "vptr-episode-1", "task": "knife_in_pot"}', "its steps.jsonl is missing"),
    ],
)
def test_an_episode_that_tells_nothing_is_not_passed_over(tmp_path: Path, about: str, why: str) -> None:
    _write(tmp_path / "a", 2)
    assert open_recordings(tmp_path)[0].task == ""
    (tmp_path / "a" / "episode.json").write_text(about)
    for path in (tmp_path, tmp_path / "a"):
        with pytest.raises(ValueError, match=why):
            open_recordings(path)


def test_a_damaged_episode_is_named(tmp_path: Path) -> None:
    record(tmp_path / "e")
    (tmp_path / "e" / "steps.jsonl").write_text("{}\n")
    with pytest.raises(ValueError, match=r"e: line 1 of steps.jsonl is not step 0; `vptr data check`"):
        open_recordings(tmp_path / "e")


def test_the_strip_shows_pictures_and_bars_of_the_right_length(tmp_path: Path) -> None:
    _write(tmp_path / "a", 2)
    entry = replay(Watching(), read_recordings(tmp_path / "a")[0], "knife_in_pot")
    pixels = np.asarray(film_strip("knife_in_pot", [entry]))
    left, top = panel_box(0, 0)
    bars = (pixels == POLICY).all(2)[top : top + 6 * BAR_LINE, left + ZERO - HALF : left + TILE + GAP].sum(1)
    roll, yaw = bars[8 + BAR_LINE * 3], bars[8 + BAR_LINE * 5]
    assert roll == round(0.4 * HALF) + 1 and yaw == HALF + 1  # 0.1 and -0.25 of 0.25, and the middle
    assert pixels[top - TILE // 2, left + TILE + GAP + TILE // 2].tolist() == [10, 0, 0]


def test_recorded_actions_are_explained_only_where_there_are_some(tmp_path: Path) -> None:
    _write(tmp_path / "a", 2)
    (recording,) = read_recordings(tmp_path / "a")
    known = replace(recording, actions=np.full((2, 7), 0.02))
    strips = [np.asarray(film_strip("x", [replay(Watching(), one, "x")])) for one in (recording, known)]
    assert [(strip == RECORDED).all(2).any() for strip in strips] == [False, True]


def test_a_video_is_read(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 5, (64, 48))
    for level in (40, 200):
        writer.write(np.full((48, 64, 3), (0, 0, level), np.uint8))
    writer.release()
    (recording,) = read_recordings(path)
    assert [abs(int(picture[20, 20, 0]) - level) < 8 for picture, level in zip(recording.pictures, (40, 200))] == [
        True
    ] * 2


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a folder of pictures or of episodes, or a video"):
        read_recordings(tmp_path / "nothing")
    with pytest.raises(ValueError, match="no pictures"):
        read_recordings(tmp_path)
    _write(tmp_path / "a", 2)
    (tmp_path / "a" / "episode.json").write_text(json.dumps({"state": [[0.0] * 7]}))
    with pytest.raises(ValueError, match=r"state in episode.json has shape \(1, 7\), expected \(2, 7\)"):
        read_recordings(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "im_0.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="is not a picture"):
        read_recordings(tmp_path / "b")


def test_the_bridge_sample_replays() -> None:
    if not BRIDGE.is_dir():
        pytest.skip("the Bridge sample is not here (shared/data beside the checkout)")
    recordings = read_recordings(BRIDGE)
    assert len(recordings) == 25 and all(len(entry.pictures) == 10 for entry in recordings)
    assert all(entry.states is not None and entry.actions is not None for entry in recordings)
    entry = replay(Watching(), recordings[0], "knife_in_pot")
    assert entry.actions.shape == (10, 7) and film_strip("knife_in_pot", [entry]).size[0] > 1000
