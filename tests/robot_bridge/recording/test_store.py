"""Episodes of a folder: numbered, counted, recovered, never deleted."""

from pathlib import Path

import pytest
import recordings

from robot_bridge.recording.episode_writer import EpisodeWriter, RecordingError
from robot_bridge.recording.format import PENDING, STEPS
from robot_bridge.recording.log import read_about
from robot_bridge.recording.store import EpisodeStore


def test_one_recorder_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(RecordingError, match="another recorder writes there")
    with EpisodeStore(tmp_path), refused, EpisodeStore(tmp_path):
        pass
    with EpisodeStore(tmp_path):
        pass


def test_numbers_are_not_used_again(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path, 0) as store:
        assert store.new_folder("knife in/pot").relative_to(tmp_path) == Path("knife_in_pot/episode-000000")
        store.new_folder("knife in/pot").rename(tmp_path / "knife_in_pot" / "episode-000041")
        assert store.new_folder("knife in/pot").name == "episode-000042"
        with pytest.raises(ValueError, match="is no name of a task"):
            store.new_folder("../")


def test_episodes_are_counted_by_their_verdicts(tmp_path: Path) -> None:
    asked = {"start": "left_rear", "region": "far left"}
    for number, (success, about) in enumerate(
        [
            (True, {"asked": asked}),
            (True, {"asked": asked}),
            (True, {}),
            (False, {}),
            (None, {}),
            (True, {"discarded": True}),
        ]
    ):
        recordings.record(tmp_path / "knife_in_pot" / f"episode-{number:06d}", 2, success, **about)
    recordings.record(tmp_path / "other" / "episode-000000", 2, task="other")
    (tmp_path / "knife_in_pot" / "episode-000009").mkdir()
    writer = EpisodeWriter(tmp_path / "knife_in_pot" / "episode-000009", recordings.ABOUT)
    with EpisodeStore(tmp_path) as store:
        tally = store.tally("knife_in_pot")
        assert (tally.successes, tally.failures, tally.discarded, tally.unjudged, tally.unfinished) == (3, 1, 1, 1, 1)
        assert tally.covered == {("left_rear", "far left"): 2, ("", ""): 1}
        assert store.tally("other").successes == 1 and store.tally("none").successes == 0
        assert [left.folder.name for left in store.unfinished()] == ["episode-000004", "episode-000009"]
        with pytest.raises(RecordingError, match="there is nothing to keep: discard it"):
            store.keep(writer.folder, True)
    writer.close()


def test_keeping_cuts_the_torn_line_and_takes_what_was_seen_last(tmp_path: Path) -> None:
    folder = tmp_path / "knife_in_pot" / "episode-000000"
    folder.mkdir(parents=True)
    writer = EpisodeWriter(folder, recordings.ABOUT)
    for number in range(4):
        writer.begin_step(recordings.seen(writer, number))
        if number < 3:
            writer.end_step(recordings.done(number))
    writer.close()
    with open(folder / STEPS, "ab") as log:
        log.write(b'{"step": 3, "ima')
    with EpisodeStore(tmp_path) as store:
        assert store.unfinished()[0].words() == (
            "episode-000000 (knife_in_pot): 3 whole steps were recorded; keep or discard it"
        )
        about = store.keep(folder, True)
        assert about["summary"]["steps"] == 3 and about["figures"]["steps"] == 3 and about["recovered"] is True
        assert store.unfinished() == [] and store.tally("knife_in_pot").successes == 1
        assert store.keep(folder, False)["summary"]["steps"] == 3  # once more changes nothing but the verdict


def test_a_damaged_episode_is_passed_over_and_does_not_keep_the_recorder_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recordings.record(tmp_path / "t" / "episode-000000")
    recordings.record(tmp_path / "t" / "episode-000001", success=None)
    (tmp_path / "t" / "episode-000000" / "episode.json").write_bytes(b"")
    with EpisodeStore(tmp_path) as store:
        assert [left.folder.name for left in store.unfinished()] == ["episode-000001"]
        assert (store.tally("knife_in_pot").unjudged, store.tally("knife_in_pot").successes) == (1, 0)
    assert "episode-000000/episode.json cannot be read" in caplog.text and caplog.text.count("passed over") == 1


def test_what_is_discarded_is_marked_and_stays(tmp_path: Path) -> None:
    folder = recordings.record(tmp_path / "t" / "episode-000000", 3, None)
    before = sorted(path.name for path in folder.rglob("*"))
    with EpisodeStore(tmp_path) as store:
        store.discard(folder, "the pot fell")
        assert store.unfinished() == [] and store.tally("knife_in_pot").discarded == 1
        assert read_about(folder)["discarded_because"] == "the pot fell"
        assert sorted(path.name for path in folder.rglob("*")) == before and not (folder / PENDING).exists()
        store.judge(folder, True)
        assert store.tally("knife_in_pot").successes == 1
