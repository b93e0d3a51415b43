"""Demonstrations one after the other, from commands, reports, pictures and measurements that arrive by themselves."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import recordings
from streams import Robot

from robot_bridge.images import decode_image
from robot_bridge.kinematics import rotation_from_euler
from robot_bridge.recording.assembler import composed
from robot_bridge.recording.episode_writer import RecordingError
from robot_bridge.recording.format import FRAMES, STEPS
from robot_bridge.recording.inbox import Hand, Inbox, Measured, Picture, fit_jpeg
from robot_bridge.recording.log import read_about, read_lines
from robot_bridge.recording.recorder import Recorder
from robot_bridge.recording.step import Done
from robot_bridge.recording.store import EpisodeStore
from robot_bridge.recording.variety import Variety


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    with EpisodeStore(tmp_path) as store:
        yield Recorder(store, variety=Variety(("a", "b"), ("left", "right"), goal=3), sync=False)


def test_a_step_pairs_a_command_with_what_was_seen_then_and_what_came_of_it(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    recorder.hand(Hand(True, True, {"hand": 0.02}))
    folder = recorder.start("knife_in_pot", "put it in")
    assert recorder.stage == "recording"
    robot.run(1.0, True)
    review = recorder.stop(robot.now_s)
    lines = read_lines(folder / STEPS)
    actions = [line["action"][0] for line in lines if "action" in line]
    assert np.allclose(actions, [0.001, 0.002, 0.003, 0.004])  # the fifth is in flight: what came of it is not known
    for number, line in enumerate(lines):
        assert np.isclose(line["stamp_s"], 50.2 + 0.2 * number)
        assert np.isclose(line["image_stamps_s"][0], line["stamp_s"] - 0.03)  # the newest picture, not an older one
        picture = decode_image((folder / line["images"][0]).read_bytes())
        assert picture.shape == (480, 640, 3)
    assert lines[0]["clamps"] == ["leash"] and lines[0]["clutch"] is True and lines[0]["latencies_s"] == {"hand": 0.02}
    assert np.allclose(lines[1]["executed"][:6], 0.001)
    assert len(read_lines(folder / FRAMES)) == len(lines)  # one picture a step
    assert review.figures.steps == 4 and review.figures.clamped_share == 1.0
    assert recorder.stage == "reviewing" and read_about(folder)["success"] is None
    assert recorder.judge("success") == folder and read_about(folder)["success"] is True
    assert recorder.stage == "waiting" and read_about(folder)["figures"]["steps"] == 4


def test_every_picture_is_kept_when_asked(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path) as store:
        recorder = Recorder(store, every_picture=True, sync=False)
        robot = Robot(recorder, picture_hz=25.0)
        robot.run(0.2, False)
        folder = recorder.start("t", "t")
        robot.run(1.0, True)
        recorder.stop(robot.now_s)
        frames = read_lines(folder / FRAMES)
        assert len(frames) in (25, 26)  # the first step begins with the picture that was there already
        assert np.allclose(np.diff([row["stamp_s"] for row in frames]), 0.04, atol=0.021)
        assert len(read_lines(folder / STEPS)) == 5


def test_gaps_between_commands_are_still_steps(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(0.6, True)
    robot.run(2.0, False)
    robot.run(0.6, True)
    recorder.stop(robot.now_s)
    lines = read_lines(folder / STEPS)
    assert [line["step"] for line in lines] == list(range(len(lines)))
    stamps = np.diff([line["stamp_s"] for line in lines])
    assert stamps.max() < 0.41 and stamps.min() > 0.0 and 13 <= len(lines) <= 17
    still = lines[3:-4]
    assert all(line["action"][:6] == [0.0] * 6 and line["clutch"] is False for line in still) and len(still) > 6


def test_short_commands_are_composed_to_steps(recorder: Recorder) -> None:
    robot = Robot(recorder, command_ticks=2)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(2.02, True)
    recorder.stop(robot.now_s)
    lines = read_lines(folder / STEPS)
    assert len(lines) in (10, 11) and np.allclose(np.diff([line["stamp_s"] for line in lines]), 0.2)
    sums = [0.001 * sum(range(5 * step + 1, 5 * step + 6)) for step in range(9)]
    assert np.allclose([line["action"][:3] for line in lines[:9]], np.tile(sums, (3, 1)).T)
    assert np.allclose([line["executed"][0] for line in lines[:9]], 0.5 * np.array(sums))
    assert lines[0]["clamps"] == ["leash"]


@pytest.mark.parametrize("idle_s", [0.26, 0.3, 0.34, 0.38])
def test_the_command_that_ends_a_gap_begins_a_step(recorder: Recorder, idle_s: float) -> None:
    """What was decided at 5 Hz is one step, whenever the clutch closed; no step is much shorter or longer."""
    robot = Robot(recorder, command_ticks=2)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(idle_s, False)
    first_s = robot.now_s
    robot.run(1.06, True)
    recorder.stop(robot.now_s)
    lines = read_lines(folder / STEPS)
    stamps = np.array([line["stamp_s"] for line in lines])
    moving = np.flatnonzero([np.any(line.get("action", [0.0] * 7)[:6]) for line in lines])
    assert np.isclose(stamps[moving[0]], first_s, atol=0.021)
    assert np.isclose(lines[moving[0]]["action"][0], 0.001 * sum(range(1, 6)))
    assert np.diff(stamps).min() > 0.09 and np.diff(stamps).max() < 0.31


def test_turns_are_composed_about_fixed_axes() -> None:
    quarter = np.pi / 2
    turns = [np.array([0, 0, 0.1, quarter, 0, 0, 1.0]), np.array([0.1, 0, 0, 0, 0, quarter, 0.0])]
    found = composed(turns)
    expected = rotation_from_euler(0, 0, quarter) @ rotation_from_euler(quarter, 0, 0)
    assert np.allclose(rotation_from_euler(*found[3:6]), expected) and np.allclose(found[:3], [0.1, 0, 0.1])
    assert found[6] == 0.0 and composed(turns[:1]) is turns[0]


def test_a_lost_report_costs_its_step_only(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(1.6, True, lost=[3])
    recorder.stop(robot.now_s)
    actions = [round(1000 * line["action"][0]) for line in read_lines(folder / STEPS) if "action" in line]
    assert actions == [1, 2, 4, 5, 6, 7] and read_about(folder)["lost_steps"] == 1


def test_a_report_that_overtakes_its_command_is_not_lost(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    action = np.append(np.full(6, 0.001), 0.0)
    recorder.report(8, Done(action, action))  # of a command from before the episode
    folder = recorder.start("t", "t")
    robot.run(1.2, False)
    recorder.command(8, robot.now_s)
    recorder.report(9, Done(2.0 * action, 2.0 * action))
    robot.run(0.2, False)
    recorder.command(9, robot.now_s)
    recorder.report(8, Done(action, action))
    robot.run(1.6, False)
    recorder.stop(robot.now_s)
    moved = [round(1000 * line["action"][0]) for line in read_lines(folder / STEPS) if "action" in line]
    assert [value for value in moved if value] == [1, 2] and read_about(folder)["lost_steps"] == 0


def test_what_does_not_fit_the_stage_is_refused(recorder: Recorder) -> None:
    with pytest.raises(RecordingError, match="no picture has come yet from camera 0"):
        recorder.start("t", "t")
    robot = Robot(recorder)
    robot.run(0.2, False)
    for call in (lambda: recorder.stop(0.0), lambda: recorder.judge("success")):
        with pytest.raises(RecordingError):
            call()
    recorder.start("t", "t")
    with pytest.raises(RecordingError, match="the recorder is recording"):
        recorder.start("t", "t")
    robot.run(1.0, True)
    recorder.stop(robot.now_s)
    with pytest.raises(ValueError, match="'good' is no verdict, expected one of success, failure, discard"):
        recorder.judge("good")
    assert recorder.unfinished() == []


def test_the_counter_and_the_hint_follow_the_successes(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    places = []
    for verdict in ("success", "failure", "success", "discard", "success"):
        hint = recorder.hint("t")
        places.append((hint.start, hint.region, hint.total))
        recorder.start("t", "t", hint)
        robot.run(1.0, True)
        recorder.stop(robot.now_s)
        recorder.judge(verdict)
    assert places == [("a", "left", 0), ("b", "right", 1), ("b", "right", 1), ("b", "left", 2), ("b", "left", 2)]
    assert recorder.hint("t").words() == "3 of 3: the goal is reached"
    assert (
        recorder.hint("u").words() == "0 of 3; next: start at a, object left (0 so far, 4 combinations not covered yet)"
    )


def test_the_film_takes_three_seconds(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    recorder.start("t", "t")
    robot.run(4.0, True)
    preview = recorder.stop(robot.now_s).preview
    assert preview is not None
    with av.open(str(preview)) as film:
        assert abs(float(film.duration) / 1e6 - 3.0) < 0.1 and film.streams.video[0].width == 320
        assert sum(1 for _ in film.decode(video=0)) == 45


def test_where_it_began_counts_not_where_it_was_asked_to(tmp_path: Path) -> None:
    poses = {"a": recordings.state(12).tolist(), "b": [0.3, 0.2, 0.1, 0, 0, 0, 1]}
    with EpisodeStore(tmp_path) as store:
        recorder = Recorder(store, variety=Variety(("a", "b"), ("left",), goal=2), sync=False, poses=poses)
        robot = Robot(recorder)
        robot.run(0.2, False)
        for asked in ("a", "b"):
            assert recorder.hint("t").start == asked
            recorder.start("t", "t", recorder.hint("t"))
            robot.run(0.6, True)
            recorder.stop(robot.now_s)
            recorder.judge("success")
            robot.run(2.0, False)
        assert store.tally("t").covered == {("a", "left"): 1, ("", "left"): 1}


def test_a_clock_that_goes_back_ends_the_episode_in_words(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(1.0, True)
    with pytest.raises(RecordingError, match=r"clock went back by 1[0.]+ s: .* keep or discard it"):
        recorder.advance(robot.now_s - 10.0)
    assert recorder.stage == "waiting" and [left.folder for left in recorder.unfinished()] == [folder]
    assert len([line for line in read_lines(folder / STEPS) if "action" in line]) >= 4


def test_a_command_of_another_clock_swallows_no_steps(recorder: Recorder) -> None:
    robot = Robot(recorder)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    robot.run(0.6, True)
    recorder.command(999, robot.now_s + 3600.0)
    robot.run(1.4, True)
    recorder.stop(robot.now_s)
    assert len(read_lines(folder / STEPS)) >= 8
    recorder.judge("failure")
    recorder.start("t", "t")
    robot.run(0.6, True)
    with pytest.raises(RecordingError, match="clock went back"):
        recorder.command(1000, robot.now_s - 60.0)


def test_what_was_refused_is_not_imitated(recorder: Recorder) -> None:
    robot = Robot(recorder, command_ticks=2)
    robot.run(0.2, False)
    folder = recorder.start("t", "t")
    for number in range(1, 11):
        action, still = np.append(np.full(6, 0.01), 1.0), np.append(np.zeros(6), 1.0)
        recorder.command(number, robot.now_s, 0.04)
        refused = {"label": still, "clamps": ("refused",)} if number == 3 else {}
        recorder.report(number, Done(action, action if number != 3 else still, **refused))
        robot.run(0.04, False)
    robot.run(0.6, False)
    recorder.stop(robot.now_s)
    first, second = [line for line in read_lines(folder / STEPS) if "action" in line][:2]
    assert first["action"][0] == pytest.approx(0.05) and first["label"][0] == pytest.approx(0.04)
    assert "label" not in second


def test_a_camera_of_another_clock_is_told(recorder: Recorder) -> None:
    inbox = Inbox(1)
    inbox.add_picture(0, Picture(b"", 102.0))
    inbox.add_measured(Measured(recordings.state(0), 100.0))
    assert "the clock of camera 0 is 2.0 s ahead of the robot's" in inbox.silent(100.0)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_pictures_are_refused_in_one_way(seed: int) -> None:
    draw, data = np.random.default_rng(seed), bytearray(recordings.jpeg(1, 640, 480))
    for place in draw.integers(2, 600, 4):
        data[place] = draw.integers(0, 256)
    try:
        kept = fit_jpeg(bytes(data))
    except ValueError as error:  # any other would end the recorder
        assert str(error)
    else:
        assert kept == data or decode_image(kept).shape == (480, 640, 3), "its header was whole, or it was decoded"


def test_pictures_become_jpegs_of_one_size() -> None:
    kept = recordings.jpeg(1, 640, 480)
    assert fit_jpeg(kept) == kept
    for data in (recordings.jpeg(1, 320, 240), bytes(cv2.imencode(".png", np.zeros((480, 640, 3), np.uint8))[1])):
        assert decode_image(fit_jpeg(data)).shape == (480, 640, 3) and fit_jpeg(data)[:2] == b"\xff\xd8"
    for data in (kept[:-100], b"nothing", b"\xff\xd8\xff\xd9"):
        with pytest.raises(ValueError, match=r"cut off|not a JPEG"):
            fit_jpeg(data)
