"""Demonstrations one after the other as the operator asks for them, by words and by buttons."""

from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import recordings
from streams import Robot

from robot_bridge.recording import format as names
from robot_bridge.recording.collection import SETTLE_S, Collection
from robot_bridge.recording.episode_writer import EpisodeWriter, RecordingError
from robot_bridge.recording.inbox import Hand
from robot_bridge.recording.log import read_about
from robot_bridge.recording.recorder import Recorder
from robot_bridge.recording.store import EpisodeStore
from robot_bridge.recording.variety import Hint, Variety


class Surroundings:
    """A robot's surroundings that remember what was asked of them."""

    def __init__(self) -> None:
        self.blocked, self.busy, self.wrong = "", False, ""
        self.asked: List[str] = []

    def obstacle(self) -> str:
        return self.blocked

    def prepare(self, hint: Hint) -> None:
        self.asked.append(hint.start)

    def preparing(self) -> bool:
        return self.busy

    def problem(self) -> str:
        return self.wrong

    def about(self) -> Dict[str, Any]:
        return {"scene": {"seed": 1}}


class Afternoon:
    """A collection of a robot that moves, with a clock of its own for the buttons."""

    def __init__(self, store: EpisodeStore) -> None:
        self.recorder = Recorder(store, variety=Variety(("a", "b"), ("left",), goal=3), sync=False, film=lambda _: None)
        self.surroundings, self.robot, self.now_s = Surroundings(), Robot(self.recorder), 0.0
        self.collection = Collection(self.recorder, "knife_in_pot", "in", self.surroundings, lambda: self.now_s)

    def run(self, seconds: float) -> None:
        self.collection.watch(self.robot.now_s)
        self.robot.run(seconds, True)
        self.now_s += seconds
        self.collection.watch(self.robot.now_s)

    def press(self, event: str) -> str:
        done = self.collection.press(event, self.robot.now_s)
        self.collection.watch(self.robot.now_s)
        return done

    def answer(self, word: str) -> str:
        return self.collection.answer(word, self.robot.now_s)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EpisodeStore]:
    with EpisodeStore(tmp_path, 0) as held:
        yield held


def test_the_buttons_lead_through_one_demonstration_after_the_other(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    collection = afternoon.collection
    afternoon.run(1.0)
    stages = []
    for events in (("success", "failure", "success"), ("success", "success", "failure"), ("success", "discard")):
        for event in events:
            assert afternoon.press(event)
            stages.append(collection.stage)
            assert not afternoon.press(event), "the same press, seen twice"
            afternoon.run(1.0)
    done = ["recording", "reviewing", "waiting"]
    assert stages == [*done, *done, "recording", "waiting"]
    verdicts = [(read_about(folder)["success"], read_about(folder).get("discarded")) for folder in store.episodes()]
    assert verdicts == [(True, False), (False, False), (None, True)]
    assert collection.hint.total == 1 and afternoon.surroundings.asked == ["b", "b", "b"]
    assert read_about(store.episodes()[0])["scene"] == {"seed": 1}


def test_a_press_that_was_meant_for_the_stage_before_does_not_count(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    assert afternoon.press("success") and afternoon.collection.stage == "recording"
    afternoon.run(0.9 * SETTLE_S)
    assert not afternoon.press("success")
    afternoon.run(0.2 * SETTLE_S)
    assert afternoon.press("success") and afternoon.collection.stage == "reviewing"


def test_the_robot_does_not_move_by_itself_while_a_hand_drives_it(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    afternoon.recorder.hand(Hand(True))
    with pytest.raises(RecordingError, match="a hand drives the arm: release the grip first"):
        afternoon.answer("prepare")
    for word in ("start", "stop", "failure"):
        afternoon.answer(word)
        afternoon.run(0.6)
    assert afternoon.surroundings.asked == [] and "release the grip" in afternoon.collection.says()
    afternoon.recorder.hand(Hand(False))
    afternoon.run(0.1)
    assert afternoon.surroundings.asked == ["a"] and "release" not in afternoon.collection.says()
    afternoon.run(0.1)
    assert afternoon.surroundings.asked == ["a"], "once"


def test_what_is_looked_at_before_accepting(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    afternoon.answer("start")
    assert afternoon.collection.says() == "start at a, object left"
    afternoon.run(2.0)
    assert afternoon.collection.duration_s(afternoon.robot.now_s) == pytest.approx(2.0)
    told = afternoon.answer("stop")
    for words in ("1.8 s, 9 steps", "0% idle", "jerk", "0 tracking losses"):
        assert words in told and words in afternoon.collection.says()
    assert afternoon.collection.answers() == ("success", "failure", "discard")
    afternoon.answer("success")
    assert afternoon.collection.says().startswith("1 of 3; next: start at b, object left")


def test_what_is_not_asked_for_is_refused_in_words(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    with pytest.raises(RecordingError, match="not now: no picture has come yet"):
        afternoon.answer("start")
    assert "no picture" in afternoon.collection.says()
    afternoon.run(1.0)
    with pytest.raises(RecordingError, match="success is not asked for while waiting: start or prepare is"):
        afternoon.answer("success")
    with pytest.raises(RecordingError, match=r"not now: camera 0 has given no picture for 0\.\d s"):
        afternoon.collection.answer("start", afternoon.robot.now_s + 0.35)
    afternoon.surroundings.blocked = "the arm is disarmed"
    with pytest.raises(RecordingError, match="not now: the arm is disarmed"):
        afternoon.press("success")
    afternoon.surroundings.blocked, afternoon.surroundings.busy = "", True
    assert afternoon.collection.stage == "preparing" and afternoon.press("success") == ""
    afternoon.surroundings.busy = False
    afternoon.run(20.0)
    assert "disarmed" not in afternoon.collection.says(), "it is not so any more"
    afternoon.surroundings.wrong = "the robot did not get ready"
    assert afternoon.collection.says() == "the robot did not get ready"


@pytest.mark.parametrize("loss", ["arm", "camera"])
def test_a_demonstration_ends_with_the_arm_or_a_camera(store: EpisodeStore, loss: str) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    afternoon.answer("start")
    afternoon.run(1.0)
    assert afternoon.collection.stage == "recording"
    if loss == "arm":
        afternoon.surroundings.blocked = "the arm is stopped"
        afternoon.collection.watch(afternoon.robot.now_s)
    else:
        afternoon.collection.watch(afternoon.robot.now_s + 1.1)
    assert afternoon.collection.stage == "reviewing"
    expected = "the arm is stopped" if loss == "arm" else "camera 0 has given no picture for 1."
    assert afternoon.collection.says().startswith(f"the demonstration was ended: {expected}")
    assert afternoon.answer("failure") and afternoon.collection.stage == "waiting"


def left_behind(store: EpisodeStore, steps: int) -> Path:
    folder = store.new_folder("knife_in_pot")
    writer = EpisodeWriter(folder, recordings.ABOUT, sync=False)
    for number in range(steps):
        writer.begin_step(recordings.seen(writer, number))
        writer.end_step(recordings.done(number))
    writer.begin_step(recordings.seen(writer, steps))
    writer.close()
    return folder


def test_what_was_left_is_decided_before_anything_else(store: EpisodeStore) -> None:
    some, none = left_behind(store, 3), left_behind(store, 0)
    afternoon = Afternoon(store)
    collection = afternoon.collection
    afternoon.run(1.0)
    assert collection.stage == "recovering" and collection.folder == str(some)
    assert "3 whole steps were recorded; keep or discard it" in collection.says()
    with pytest.raises(RecordingError, match="start is not asked for while recovering"):
        afternoon.answer("start")
    assert afternoon.press("success") == "episode-000000: success"
    assert collection.folder == str(none) and collection.answers() == ("discard",), "there is nothing to keep"
    afternoon.answer("discard")
    assert collection.stage == "waiting" and collection.hint.total == 1
    assert read_about(some)["recovered"] and read_about(none)["discarded"]


def test_a_disk_that_is_full_leaves_the_episode_to_be_decided(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    afternoon.answer("start")
    afternoon.run(1.0)
    folder = Path(afternoon.collection.folder)
    (folder / names.PENDING).unlink()
    (folder / (names.PENDING + ".part")).mkdir()  # nothing can be written in its place
    with pytest.raises(RecordingError) as told:
        afternoon.robot.run(1.0, True)
    afternoon.collection.fail(told.value)
    assert afternoon.collection.stage == "recovering" and afternoon.collection.folder == str(folder)
    assert "cannot be written" in afternoon.collection.says()
    assert afternoon.answer("failure") == "episode-000000: failure"
    assert read_about(folder)["success"] is False


def test_an_episode_that_somebody_damaged_meanwhile_is_told_of(store: EpisodeStore) -> None:
    afternoon = Afternoon(store)
    afternoon.run(1.0)
    afternoon.answer("start")
    afternoon.run(1.0)
    afternoon.answer("stop")
    about = Path(afternoon.collection.folder) / names.ABOUT
    whole = about.read_bytes()
    about.write_text("{")
    with pytest.raises(RecordingError, match="cannot be read as JSON"):
        afternoon.answer("success")
    assert "cannot be read as JSON" in afternoon.collection.says()
    about.write_bytes(whole)
    afternoon.collection.fail(ValueError("damaged"))
    assert afternoon.collection.stage == "recovering" and afternoon.answer("success")
