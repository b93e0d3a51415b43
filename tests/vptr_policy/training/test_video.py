"""A run on video goes on with the clips it began with only, and each loss gets the frames it is of."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

import cv2
import numpy as np
import pytest
from clips import video_options, write_clips

from vptr_policy.data.damage import all_met, count_met
from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.shards import ClipWriter, shard_name, write_json
from vptr_policy.data.video.stream import ClipBatches, ContrastBatches, OrderedBatches
from vptr_policy.training.distributed import Place
from vptr_policy.training.presets import options_class
from vptr_policy.training.video import VideoRun, video_source


def test_clips_that_were_changed_in_place_are_other_data(tmp_path: Path) -> None:
    folder, out = write_clips(tmp_path / "clips", 0), tmp_path / "run"
    VideoRun(video_options(folder, out)).run()
    about = json.loads((out / "checkpoint" / "card.json").read_text())["data"]
    assert about["damaged_frames"] == about["replaced_by_sound_clips"] == 0 and about["frames"] == 24
    write_clips(folder, 1)
    run = VideoRun(video_options(folder, out))
    assert run.source.fingerprint != about["fingerprint"]
    with pytest.raises(ValueError, match=f"frames_fingerprint was {about['fingerprint']}, is {run.source.fingerprint}"):
        run.run()


def test_a_run_from_before_frames_were_known_goes_on(tmp_path: Path) -> None:
    folder, out = write_clips(tmp_path / "clips", 0), tmp_path / "run"
    VideoRun(video_options(folder, out)).run()
    config = json.loads((out / "config.json").read_text())
    mark = config.pop("frames_fingerprint")
    (out / "config.json").write_text(json.dumps(config))
    VideoRun(video_options(folder, out)).run()
    assert json.loads((out / "config.json").read_text())["frames_fingerprint"] == mark


def cut(path: Path, share: float) -> None:
    """Cut the end of a file off."""
    os.truncate(str(path), int(share * path.stat().st_size))


def test_clips_of_a_shard_that_was_cut_off_are_told_and_on_the_card(tmp_path: Path, caplog: Any) -> None:
    folder, out = write_clips(tmp_path / "clips", 0), tmp_path / "run"
    write_json(folder / "index.json", {"complete": True, "clips": 4})
    cut(folder / shard_name(0), 0.6)
    VideoRun(video_options(folder, out)).run()
    told = [record.getMessage() for record in caplog.records if "cannot be used" in record.getMessage()]
    assert len(told) == 1 and "2 of 4 clips cannot be used (clips-00000.tar: damaged after its first 2 clips" in told[0]
    about = json.loads((out / "checkpoint" / "card.json").read_text())["data"]
    assert about["clips"] == 2 and about["missing_clips"] == 2 and about["missing_why"][0] in told[0]


@pytest.mark.parametrize(("loss", "kind"), [("vip", ClipBatches), ("r3m", OrderedBatches), ("tcn", ContrastBatches)])
def test_each_loss_gets_its_draw(tmp_path: Path, loss: str, kind: Any) -> None:
    folder = write_clips(tmp_path / "clips", 0)
    chosen = options_class("vip")(video=(folder,), out=tmp_path, loss=loss)  # type: ignore[call-arg]
    assert type(video_source(chosen, Place())) is kind


COMMAND = ["-m", "vptr_cli", "train", "icvf"]
TINY = ["--batch", "4", "--warm-up", "1", "--log-every", "1", "--threads", "1", "--width", "8", "--save-every", "2"]
STEPS = 12
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), OMP_NUM_THREADS="1")


def write_damaged_clips(folder: Path) -> Path:
    """Twelve clips, of which one is sound."""
    folder.mkdir()
    random = np.random.default_rng(0)
    with ClipWriter(folder / shard_name(0)) as clips:
        for number in range(12):
            frames = random.integers(0, 256, (20, 32, 32, 3), np.uint8)
            jpegs = [bytes(cv2.imencode(".jpg", frame)[1]) for frame in frames]
            clips.add(f"clip{number}", jpegs, {"source": "noise", "text": ""})
    index = open_clips(folder)
    with (folder / shard_name(0)).open("r+b") as shard:
        for clip in index.clips[1:]:
            first = int(clip["first"])
            for end in np.cumsum(index.frames["bytes"][first : first + 20]):
                shard.seek(int(clip["offset"]) + int(end) - 8)
                shard.write(b"\0" * 4)
    return folder


def words(folder: Path, out: Path) -> List[str]:
    return [*COMMAND, "--video", str(folder), "--out", str(out), "--steps", str(STEPS), *TINY]


def counted(out: Path) -> Dict[str, int]:
    """What the card says was damaged."""
    data = json.loads((out / "checkpoint" / "card.json").read_text())["data"]
    return {name: data[name] for name in ("damaged_frames", "replaced_by_sound_clips")}


def there(folder: Path, steps: Sequence[int], places: Sequence[Place] = (Place(),)) -> Dict[str, int]:
    """What is damaged in the batches of some updates, of some processes together."""
    sources = [video_source(video_options(folder, folder.parent / "run"), place) for place in places]
    for source in sources:
        for step in steps:
            source[step]
    frames, samples = ([getattr(source, name).met() for source in sources] for name in ("damaged", "stand_ins"))
    return {"damaged_frames": count_met(all_met(frames)), "replaced_by_sound_clips": count_met(all_met(samples))}


def test_a_run_that_was_killed_counts_all_damage_that_it_has_met(tmp_path: Path) -> None:
    folder, out = write_damaged_clips(tmp_path / "clips"), tmp_path / "run"
    command = [sys.executable, *words(folder, out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (out / "metrics.jsonl").is_file() and len((out / "metrics.jsonl").read_text().splitlines()) >= 7:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert not (out / "checkpoint").exists()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    expected, last = there(folder, range(STEPS)), there(folder, range(6, STEPS))
    assert counted(out) == expected
    assert all(0 < last[name] < expected[name] for name in expected), "the last process has not met all of it"


def test_the_processes_of_torchrun_count_the_damage_together(tmp_path: Path) -> None:
    folder, out = write_damaged_clips(tmp_path / "clips"), tmp_path / "run"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*torchrun, *words(folder, out)], capture_output=True, env=ENVIRONMENT, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    places = [Place(rank, 2) for rank in range(2)]
    expected, of_the_first = there(folder, range(STEPS), places), there(folder, range(STEPS), places[:1])
    assert counted(out) == expected
    assert all(of_the_first[name] < expected[name] for name in expected)


@pytest.mark.parametrize("scale", ["small", "paper"])
@pytest.mark.parametrize("preset", ["vip", "tcn", "lstd"])
def test_embeddings_decay_as_asked_which_by_default_is_not(preset: str, scale: str) -> None:
    chosen = options_class(preset, scale)(video=(Path("clips"),), out=Path("run"))  # type: ignore[call-arg]
    assert chosen.weight_decay == 0.0


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_what_the_config_says_of_weight_decay_is_done(tmp_path: Path, decay: float) -> None:
    given = {"steps": 1, "batch": 4, "threads": 1, "width": 8, "embedding": 4, "weight_decay": decay}
    folder = write_clips(tmp_path / "clips", 0)
    run = VideoRun(options_class("vip")(video=(folder,), out=tmp_path / "run", **given))  # type: ignore[call-arg]
    assert [group["weight_decay"] for group in run.loop.state.optimizer.param_groups] == [decay]
