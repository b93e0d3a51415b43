"""`vptr data` for recorded episodes, from what the recorder writes to training data and back."""

import json
import sys
from pathlib import Path
from typing import Any, List

import cv2
import h5py
import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "robot_bridge" / "recording"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "vptr_policy" / "data" / "robot"))
import lerobot_package
import recordings

from robot_bridge.recording.episode_writer import EpisodeWriter
from robot_bridge.recording.store import EpisodeStore
from vptr_cli.main import main
from vptr_policy.data.robot.sources import demonstrations
from vptr_policy.resize import resize

WAIT = slice(10, 25)


def vptr(*words: Any) -> int:
    return main(["data", *map(str, words)])


def record(folder: Path, number: int, success: Any = True, **about: Any) -> Path:
    """30 steps of an arm that moves, waits, closes and opens its gripper."""
    home = folder / "knife_in_pot" / f"episode-{number:06d}"
    home.mkdir(parents=True)
    writer = EpisodeWriter(home, {**recordings.ABOUT, **about}, sync=False)
    position, opening, random = np.array([0.2, 0.0, 0.15]), 1.0, np.random.default_rng(number)
    for step in range(31):
        image = random.integers(0, 255, (48, 64, 3), np.uint8)
        name = writer.add_picture(0, bytes(cv2.imencode(".jpg", image)[1]), 100.0 + 0.2 * step)
        seen = recordings.Seen(
            np.array([*position, 0, 0, 0, opening]), 100.0 + 0.2 * step, (name,), (100.0 + 0.2 * step,)
        )
        if step == 30:
            told = {"success": success, "finished": True}
            writer.finish(seen, told)
            break
        writer.begin_step(seen)
        motion = np.zeros(3) if WAIT.start <= step < WAIT.stop else random.uniform(-0.02, 0.02, 3)
        action = np.array([*motion, 0, 0, 0, 0.0 if step >= 27 else 1.0])
        writer.end_step(recordings.done(step, action=action, executed=action, clutch=step not in (4, 5)))
        position, opening = position + motion, action[6]
    return home


@pytest.fixture
def episodes(tmp_path: Path) -> Path:
    folder = tmp_path / "episodes"
    for number in range(8):
        record(folder, number, number != 3)
    record(folder, 8, None)
    record(folder, 9, True, discarded=True)
    return folder


def test_info_tells_what_there_is_and_what_is_left_out(episodes: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("info", episodes) == 0
    said = capsys.readouterr().out
    assert "8 demonstrations, 7 succeeded, 240 steps" in said and "besides: 1 unjudged, 1 discarded" in said
    (episodes / "knife_in_pot" / "episode-000000" / "episode.json").write_text("{")
    assert vptr("info", episodes, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["left_out"] == {"unjudged": 1, "discarded": 1, "damaged": 1} and found["trajectories"] == 7
    assert found["ranges"]["state"][0][0] < 0.2 < found["ranges"]["state"][1][0]


def test_links_make_no_demonstration_twice(episodes: Path, tmp_path: Path) -> None:
    before = [item.name for item in demonstrations(episodes)]
    task = episodes / "knife_in_pot"
    for name, target in (("latest", "."), ("again", "."), ("a", "episode-000000"), ("up", ".."), ("above", "../..")):
        (task / name).symlink_to(target)
    assert [item.name for item in demonstrations(episodes)] == before
    assert [item.name for item in demonstrations(task)] == [Path(name).name for name in before]
    record(tmp_path / "elsewhere", 0)
    for name in ("other", "other_again"):
        (episodes / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    found = [item.name for item in demonstrations(episodes)]
    assert found == [*before, "other/knife_in_pot/episode-000000"]


def test_the_report_is_one_page_with_its_pictures(episodes: Path, tmp_path: Path) -> None:
    assert vptr("info", episodes, "--report", tmp_path / "report") == 0
    page = (tmp_path / "report" / "index.html").read_text()
    assert page.count('src="data:image/png;base64,') == 4 and "http" not in page and "8 of 8 demonstrations" in page
    for name in ("sheet", "actions", "coverage", "lengths"):
        image = cv2.imread(str(tmp_path / "report" / f"{name}.png"))
        assert image is not None and image.std() > 5.0


def test_view_draws_the_strip(episodes: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    vptr("trim", episodes)
    assert vptr("view", episodes, "--names", "knife_in_pot/episode-000001", "--out", tmp_path / "view") == 0
    drawn = cv2.imread(str(tmp_path / "view" / "knife_in_pot-episode-000001.png"))
    assert drawn is not None and drawn.shape[1] > 1000
    assert vptr("view", episodes, "--names", "nobody", "--out", tmp_path / "view") == 1
    assert "no demonstration is called 'nobody'" in capsys.readouterr().err
    for command, option in (("view", "--names"), ("replay", "--name")):
        assert vptr(command, episodes, option, "knife_in_pot/episode-1") == 1
        said = capsys.readouterr().err
        assert "no demonstration is called 'knife_in_pot/episode-1'; near it: knife_in_pot/episode-00000" in said
    assert vptr("view", episodes / "knife_in_pot" / "episode-000002", "--out", tmp_path / "one") == 0
    assert (tmp_path / "one" / "episode.png").exists()


@pytest.mark.parametrize("command", ["info", "check", "view", "replay", "trim", "split"])
def test_a_folder_that_is_missing_is_said_to_be(command: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr(command, tmp_path / "missing") != 0
    assert f"{tmp_path / 'missing'}: no such file or folder" in capsys.readouterr().err


def test_check_names_what_is_wrong(episodes: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("check", episodes) == 0
    assert "8 demonstrations, 0 with findings: nothing found" in capsys.readouterr().out
    broken = episodes / "knife_in_pot" / "episode-000002" / "episode.json"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:20])
    assert vptr("check", episodes) == 1
    assert "knife_in_pot/episode-000002: damaged: episode.json is not JSON" in capsys.readouterr().out
    broken.write_bytes(whole)
    victim = episodes / "knife_in_pot" / "episode-000005" / "images0"
    for number in range(4, 10):
        (victim / f"{number:06d}.jpg").write_bytes((victim / "000003.jpg").read_bytes())
    assert vptr("check", episodes, "--json") == 1
    said = capsys.readouterr()
    (finding,) = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    assert finding["kind"] == "frozen camera" and finding["name"] == "knife_in_pot/episode-000005"
    assert finding["steps"] == [3, 9] and "1 frozen camera" in said.err


def masks(folder: Path) -> List[Any]:
    return json.loads((folder / "masks.json").read_text())["masked"]


def test_trim_masks_and_deletes_nothing(episodes: Path, capsys: pytest.CaptureFixture) -> None:
    one = episodes / "knife_in_pot" / "episode-000000"
    before = {path: path.read_bytes() for path in one.rglob("*") if path.is_file()}
    assert vptr("trim", episodes) == 0
    assert "96 of 240 steps are masked (40.0%)" in capsys.readouterr().out  # of 15 still steps 3 are near the gripper's
    assert masks(one) == [[10, 22]]
    assert vptr("trim", episodes, "--unclutched", "--protected", 0) == 0
    assert masks(one) == [[4, 6], [10, 25]]
    assert vptr("trim", episodes, "--clear") == 0 and masks(one) == []
    assert {path: path.read_bytes() for path in before} == before


def test_masks_and_split_go_with_an_import_into_training(episodes: Path, tmp_path: Path) -> None:
    vptr("trim", episodes)
    vptr("split", episodes, "--val-share", 0.25, "--seed", 4)
    assert vptr("import", episodes, "--out", tmp_path / "shards") == 0
    val = json.loads((episodes / "split.json").read_text())["val"]
    assert len(val) == 2
    origins = {item.name: item.info["origin"] for item in demonstrations(tmp_path / "shards")}
    carried = json.loads((tmp_path / "shards" / "split.json").read_text())["val"]
    assert sorted(origins[name] for name in carried) == val
    from vptr_cli.demonstrations import open_demonstrations
    from vptr_policy.data.robot.transitions import TransitionOptions, assemble

    caches, made = open_demonstrations([tmp_path / "shards"], None)
    found = assemble(caches, TransitionOptions(successes_only=False))
    assert made[0]["validation"] == 2 and made[0]["masked_steps"] == 6 * 12 and len(found) == 6 * 18
    for one in np.unique(found.trajectory):
        steps = found.now[found.trajectory == one] - found.now[found.trajectory == one][0]
        assert steps.tolist() == [*range(10), *range(22, 30)]


@pytest.mark.parametrize("drawn_at", [".", "knife_in_pot"])
@pytest.mark.parametrize("taken", [".", "knife_in_pot"])
def test_the_split_holds_above_and_below_where_it_was_drawn(
    episodes: Path, tmp_path: Path, drawn_at: str, taken: str
) -> None:
    vptr("split", episodes / drawn_at, "--val-share", 0.25)
    (val,) = {Path(name).name for name in json.loads((episodes / drawn_at / "split.json").read_text())["val"][:1]}
    assert vptr("import", episodes / taken, "--out", tmp_path / "shards") == 0
    held = set(json.loads((tmp_path / "shards" / "split.json").read_text())["val"])
    origins = {Path(one.info["origin"]).name for one in demonstrations(tmp_path / "shards") if one.name in held}
    assert val in origins and len(origins) == 2
    assert vptr("export", episodes / taken, "--format", "hdf5", "--out", tmp_path / "d.hdf5", "--failures") == 0
    with h5py.File(tmp_path / "d.hdf5", "r") as file:
        assert len(file["mask/valid"]) == 2 and len(file["mask/train"]) == 6


def test_a_split_of_somebody_else_above_the_data_is_none_of_ours(episodes: Path, tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text("[]")
    assert vptr("export", episodes, "--format", "hdf5", "--out", tmp_path / "d.hdf5") == 0


def two_cameras(folder: Path) -> Path:
    """An episode of three steps that two cameras saw; the second one sees other pictures."""
    home = folder / "task" / "episode-000000"
    home.mkdir(parents=True)
    writer = EpisodeWriter(home, recordings.ABOUT, sync=False)
    for step in range(4):
        names = [writer.add_picture(camera, recordings.jpeg(step + 20 * camera, 640, 480), step) for camera in (0, 1)]
        seen = recordings.Seen(recordings.state(step), step, tuple(names), (step, step))
        if step < 3:
            writer.begin_step(seen)
            writer.end_step(recordings.done(step))
    writer.finish(seen, {"success": True})
    return folder


def test_bridge_raw_has_every_camera(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = two_cameras(tmp_path / "episodes")
    (episode,) = source.glob("task/*")
    for camera, places in ((0, ("images0", "images1")), (1, ("images1", "images0"))):
        out = tmp_path / f"raw{camera}"
        assert vptr("export", source, "--format", "bridge-raw", "--out", out, "--camera", camera) == 0
        (folder,) = out.rglob("traj0")
        for place, recorded in zip(("images0", "images1"), places):
            for step in range(4):
                written = (folder / place / f"im_{step}.jpg").read_bytes()
                assert written == (episode / recorded / f"{step:06d}.jpg").read_bytes()
    assert "left out" not in capsys.readouterr().out
    assert vptr("import", tmp_path / "raw0", "--out", tmp_path / "second", "--camera", 1) == 0
    assert "left out: the pictures of images0: shards hold one camera, here images1;" in capsys.readouterr().out


def test_hdf5_has_every_camera(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = two_cameras(tmp_path / "episodes")
    (episode,) = source.glob("task/*")
    out = tmp_path / "both.hdf5"
    assert vptr("export", source, "--format", "hdf5", "--out", out, "--size", 0, "--camera", 1) == 0
    assert "left out" not in capsys.readouterr().out
    for image, recorded in (("image", "images1"), ("image_1", "images0")):
        back = tmp_path / image
        words = [] if image == "image" else ["--image", image]
        assert vptr("import", out, "--out", back, *words) == 0
        (one,) = demonstrations(back)
        for step, kept in enumerate(one.read().jpegs):
            written = (episode / recorded / f"{step:06d}.jpg").read_bytes()
            assert np.array_equal(*(cv2.imdecode(np.frombuffer(data, np.uint8), 1) for data in (kept, written)))


def test_lerobot_has_a_film_of_every_camera(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = two_cameras(tmp_path / "episodes")
    (episode,) = source.glob("task/*")
    assert vptr("export", source, "--format", "lerobot", "--out", tmp_path / "out") == 0
    assert "left out" not in capsys.readouterr().out
    info = json.loads((tmp_path / "out" / "meta" / "info.json").read_text())
    for camera in (0, 1):
        assert info["features"][f"observation.images.image{camera}"]["shape"] == [480, 640, 3]
        (film,) = (tmp_path / "out" / "videos" / f"observation.images.image{camera}").rglob("*.mp4")
        video = cv2.VideoCapture(str(film))
        for step in range(3):
            shown = video.read()[1]
            recorded = cv2.imread(str(episode / f"images{camera}" / f"{step:06d}.jpg"))
            assert np.abs(shown.astype(float) - recorded).mean() < 8.0
        assert not video.read()[0]


def test_lerobot_itself_loads_every_camera(tmp_path: Path) -> None:
    source = two_cameras(tmp_path / "episodes")
    (episode,) = source.glob("task/*")
    assert vptr("export", source, "--format", "lerobot", "--out", tmp_path / "out") == 0
    colour = "data[step][f'observation.images.image{camera}'].mean((1, 2)).tolist()"
    colours = lerobot_package.read(tmp_path / "out", f"[[{colour} for step in range(3)] for camera in (0, 1)]")
    for camera in (0, 1):
        for step in range(3):
            recorded = cv2.imread(str(episode / f"images{camera}" / f"{step:06d}.jpg"))[..., ::-1]
            assert np.allclose(colours[camera][step], recorded.mean((0, 1)) / 255, atol=0.02)


def test_bridge_numpy_has_every_camera(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = two_cameras(tmp_path / "episodes")
    (episode,) = source.glob("task/*")
    assert vptr("export", source, "--format", "bridge-numpy", "--out", tmp_path / "numpy") == 0
    assert "left out" not in capsys.readouterr().out
    for camera in (0, 1):
        back = tmp_path / f"back{camera}"
        assert vptr("import", tmp_path / "numpy", "--out", back, "--camera", camera) == 0
        (one,) = demonstrations(back)
        for step, kept in enumerate(one.read().jpegs):
            recorded = cv2.imread(str(episode / f"images{camera}" / f"{step:06d}.jpg"))
            expected = resize(np.ascontiguousarray(recorded[..., ::-1]))[..., ::-1]
            assert np.array_equal(cv2.imdecode(np.frombuffer(kept, np.uint8), 1), expected)


def test_cameras_that_are_left_out_are_named_once(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = two_cameras(tmp_path / "episodes")
    assert vptr("import", source, "--out", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert said.count("left out: the pictures of images1: ") == 1 and "--camera chooses which" in said


@pytest.fixture
def two_damaged(episodes: Path) -> Path:
    """A picture cut off, and a task with half a character."""
    picture = episodes / "knife_in_pot" / "episode-000001" / "images0" / "000003.jpg"
    picture.write_bytes(picture.read_bytes()[:200])
    about = episodes / "knife_in_pot" / "episode-000002" / "episode.json"
    about.write_text(about.read_text().replace('"task": "knife_in_pot"', '"task": "knife\\ud800"'))
    assert json.loads(about.read_text())["task"] == "knife\ud800"
    return episodes


def test_trim_names_what_is_damaged_and_goes_on(two_damaged: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("trim", two_damaged) == 1
    said = capsys.readouterr()
    assert "damaged: knife_in_pot/episode-000001: picture 3: a JPEG cut off" in said.err
    assert "damaged: knife_in_pot/episode-000002: its task is 'knife\\ud800', with half a character" in said.err
    assert said.err.strip().endswith("2 damaged demonstrations have no new masks; `vptr data check` names all damage")
    written = sorted(path.parent.name for path in two_damaged.rglob("masks.json"))
    assert written == [f"episode-{number:06d}" for number in (0, 3, 4, 5, 6, 7)] and "of 180 steps" in said.out


@pytest.mark.parametrize("form", ["bridge-raw", "bridge-numpy", "hdf5", "lerobot"])
def test_an_export_names_what_is_damaged_and_writes_the_others(
    two_damaged: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / ("x.hdf5" if form == "hdf5" else "x")
    assert vptr("export", two_damaged, "--format", form, "--out", out) == 1
    said = capsys.readouterr().err
    assert "damaged: knife_in_pot/episode-000001: picture 3" in said
    assert said.strip().endswith("2 damaged demonstrations were left out; `vptr data check` names all damage")
    assert out.exists()
    if form == "bridge-raw":
        assert len(list(out.rglob("traj[0-9]"))) == 5


def test_half_a_character_ends_neither_info_nor_its_report(
    two_damaged: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert vptr("info", two_damaged, "--report", tmp_path / "report") == 0
    assert "1 unjudged, 1 discarded, 1 damaged" in capsys.readouterr().out
    assert vptr("check", two_damaged) == 1
    assert "its task is 'knife\\ud800', with half a character" in capsys.readouterr().out
    assert vptr("import", two_damaged, "--out", tmp_path / "shards") == 0
    assert len(origins(tmp_path / "shards")) == 6


def origins(shards: Path) -> List[str]:
    return [item.info["origin"] for item in demonstrations(shards)]


def test_an_import_again_follows_the_verdicts(episodes: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    command = ("import", episodes, "--out", tmp_path / "shards", "--shard-size", 4)
    assert vptr(*command) == 0
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "shards").glob("shard-*.tar")}
    vptr("trim", episodes)
    capsys.readouterr()
    assert vptr(*command) == 0 and "written again" not in capsys.readouterr().err
    with EpisodeStore(episodes) as store:
        store.keep(episodes / "knife_in_pot" / "episode-000008", True)
        store.discard(episodes / "knife_in_pot" / "episode-000005", "the gripper slipped")
    assert vptr(*command) == 0
    said = capsys.readouterr()
    assert said.err.count("written again, what it was made of has changed") == 2 and "2 skipped" in said.out
    expected = [f"knife_in_pot/episode-{number:06d}" for number in (0, 1, 2, 3, 4, 6, 7, 8)]
    assert origins(tmp_path / "shards") == expected
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "shards").glob("shard-*.tar")}
    assert [name for name in sorted(before) if after[name] == before[name]] == ["shard-00000.tar"]


def test_an_import_of_another_folder_of_the_same_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for side in "ab":
        record(tmp_path / side / "episodes", 0, language=side)
    assert vptr("import", tmp_path / "a" / "episodes", "--out", tmp_path / "shards") == 0
    assert vptr("import", tmp_path / "b" / "episodes", "--out", tmp_path / "shards") == 1
    said = capsys.readouterr().err
    assert f"(source was {tmp_path / 'a' / 'episodes'}, now {tmp_path / 'b' / 'episodes'})" in said
    assert "name another folder, or delete it" in said
    assert [item.info["language"] for item in demonstrations(tmp_path / "shards")] == ["a"]


def test_split_is_told_by_task_and_repeatable(episodes: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("split", episodes, "--seed", 1) == 0
    assert ["knife_in_pot", "7", "train", "1", "val"] in [line.split() for line in capsys.readouterr().out.splitlines()]
    first = (episodes / "split.json").read_bytes()
    assert vptr("split", episodes, "--seed", 1) == 0 and (episodes / "split.json").read_bytes() == first
    assert vptr("split", episodes, "--seed", 1, "--val-share", 2) == 1
    assert "the share of validation is 2.0" in capsys.readouterr().err


def test_recovered_episodes_are_data(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "knife_in_pot" / "episode-000000"
    folder.mkdir(parents=True)
    writer = EpisodeWriter(folder, recordings.ABOUT, sync=False)
    for number in range(5):
        writer.begin_step(recordings.seen(writer, number))
        if number < 4:
            writer.end_step(recordings.done(number))
    writer.close()
    assert vptr("info", tmp_path) == 1 and "1 unfinished" in capsys.readouterr().err
    assert vptr("recover", tmp_path) == 0
    assert "knife_in_pot/episode-000000: 4 whole steps of knife_in_pot\n0 kept" in capsys.readouterr().out
    with EpisodeStore(tmp_path):
        assert vptr("recover", tmp_path, "--keep", "knife_in_pot/episode-000000") == 1
        assert "another recorder writes there" in capsys.readouterr().err
    assert vptr("recover", tmp_path, "--keep", "nobody") == 1 and "no unfinished episode" in capsys.readouterr().err
    assert vptr("recover", tmp_path, "--keep", "knife_in_pot/episode-000000") == 0
    assert "1 kept, 0 discarded, 0 to be decided" in capsys.readouterr().out
    assert vptr("info", tmp_path) == 0 and "1 demonstration, 1 succeeded, 4 steps" in capsys.readouterr().out


def test_replay_moves_the_simulated_arm(episodes: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("replay", episodes, "--name", "knife_in_pot/episode-000002", "--speed", 2) == 0
    said = capsys.readouterr().out
    assert "30 steps at 2 x the recorded speed" in said and "target within 0" in said
    assert vptr("replay", episodes, "--speed", 9) == 1 and "speed is 9" in capsys.readouterr().err
