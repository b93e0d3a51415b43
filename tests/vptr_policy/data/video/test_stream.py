"""A batch depends on seed, rank and update alone; damage is named once and replaced."""

import pickle
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest
import torch
from clip_fixture import damage, noise, place, write_clips

from vptr_policy.data.damage import DamageLog, all_met, count_met
from vptr_policy.data.video.crops import Crop
from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.jpeg import encode
from vptr_policy.data.video.shards import ClipWriter, shard_name
from vptr_policy.data.video.stream import ClipBatches, ClipStream, ContrastBatches, IntentBatches, OrderedBatches
from vptr_policy.training.stream import Stream

KINDS = (IntentBatches, ClipBatches, OrderedBatches, ContrastBatches)
WHOLE = Crop(1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("clips"), [12, 30, 20, 25], shards=2)


def _tensors(batch: Any) -> List[torch.Tensor]:
    return list(vars(batch).values())


def _equal(first: Any, second: Any) -> bool:
    return all(torch.equal(a, b) for a, b in zip(_tensors(first), _tensors(second)))


def _places(pictures: torch.Tensor) -> List[Tuple[int, int]]:
    return [place(picture.numpy()) for picture in pictures]


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_pictures_of_the_size_asked_for(kind: Any, folder: Path) -> None:
    batch = kind([folder], batch=3, size=24)[0]
    for name, tensor in vars(batch).items():
        if name.endswith(("rewards", "masks")):
            assert tensor.shape == (3,) and tensor.dtype == torch.float32
        else:
            assert tensor.shape == (3, 3, 24, 24) and tensor.dtype == torch.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_a_function_of_seed_rank_and_update(kind: Any, folder: Path) -> None:
    source = kind([folder], batch=4, size=16)
    later = [source[step] for step in range(5)][4]
    assert _equal(later, kind([folder], batch=4, size=16)[4])
    assert not _equal(later, source[3])
    assert not _equal(later, kind([folder], batch=4, size=16, seed=1)[4])
    assert not _equal(later, kind([folder], batch=4, size=16, rank=1)[4])


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_makes_the_same_stream_from_any_update_on(workers: int, folder: Path) -> None:
    source = IntentBatches([folder], batch=4, size=16)
    with Stream(source, 5, 11, workers, torch.device("cpu")) as stream:
        for step in range(5, 11):
            assert _equal(stream.next(), source[step])


def test_frames_are_those_of_the_draw_and_rewards_say_which_are_reached(folder: Path) -> None:
    source = IntentBatches([folder], batch=200, size=8, crop=WHOLE, augmentation=None)
    batch = source[0]
    now, following, goal, intent = (_places(tensor) for tensor in _tensors(batch)[:4])
    assert all(b == (a[0], a[1] + 1) for a, b in zip(now, following))
    for reward, mask, aim in ((batch.rewards, batch.masks, goal), (batch.intent_rewards, batch.intent_masks, intent)):
        reached = np.array([a == b for a, b in zip(now, aim)])
        assert 0.1 < reached.mean() < 0.4
        assert np.array_equal(reward.numpy(), reached - 1.0) and np.array_equal(mask.numpy(), 1.0 - reached)


def test_several_folders_are_one_stream(folder: Path, tmp_path: Path) -> None:
    other = write_clips(tmp_path, [1, 2, 40])
    source = IntentBatches([folder, other], batch=100, size=8, crop=WHOLE, augmentation=None)
    assert len(source.clips.lengths) == 6
    places = _places(source[0].now)
    assert any(frame > 30 and clip == 2 for clip, frame in places) and any(clip == 3 for clip, _ in places)


def test_clips_that_are_too_short_are_left_out_and_told(tmp_path: Path, caplog: Any) -> None:
    folder = write_clips(tmp_path, [2, 5, 1])
    assert len(ClipBatches([folder], batch=2, size=8).clips.lengths) == 1
    assert "2 clips of fewer than 3 frames" in caplog.text
    with pytest.raises(ValueError, match="no clip of at least 3 frames"):
        OrderedBatches([write_clips(tmp_path / "short", [2, 1])], batch=2, size=8)
    with pytest.raises(ValueError, match="batch 0"):
        ClipBatches([folder], batch=0)


def _still(folder: Path, clips: int, frames: int) -> Path:
    """Clips that do not move, each of another picture."""
    folder.mkdir()
    with ClipWriter(folder / shard_name(0)) as writer:
        for clip in range(clips):
            writer.add(f"c{clip}", [encode(noise(clip, 48), 95)] * frames, {"source": "", "text": ""})
    return folder


def test_all_frames_of_a_clip_have_one_crop(tmp_path: Path) -> None:
    folder = _still(tmp_path / "still", 3, 20)
    vip = ClipBatches([folder], batch=8, size=32)[0]
    assert torch.equal(vip.start, vip.goal) and torch.equal(vip.start, vip.now) and torch.equal(vip.now, vip.next)
    assert len({picture.numpy().tobytes() for picture in vip.start}) == 8
    icvf = IntentBatches([folder], batch=8, size=32, augmentation=None)[0]
    assert torch.equal(icvf.now, icvf.next)
    varied = IntentBatches([folder], batch=8, size=32)[0]
    assert not any(torch.equal(a, b) for a, b in zip(varied.now, varied.next))


def _broken(folder: Path, clips: List[int], count: int = 5) -> Path:
    """Clips of which some are damaged in every frame."""
    write_clips(folder, [6] * count)
    index = open_clips(folder)
    for clip in clips:
        row = index.clips[clip]
        sizes = index.frames["bytes"][int(row["first"]) : int(row["first"]) + 6]
        for end in np.cumsum(sizes):
            damage(folder / shard_name(0), int(row["offset"]) + int(end) - 8, 4)
    return folder


def test_a_damaged_sample_is_replaced_by_the_same_other_one(tmp_path: Path, caplog: Any) -> None:
    folder = _broken(tmp_path, [1, 3])
    sources = [ClipBatches([folder], batch=16, size=8, crop=WHOLE) for _ in range(2)]
    batches = [source[2] for source in sources]
    assert _equal(*batches)
    places = [_places(tensor) for tensor in _tensors(batches[0])]
    assert {clip for clip, _ in places[0]} == {0, 2, 4}
    for (clip, start), goal, now, following in zip(*places):
        assert {goal[0], now[0], following[0]} == {clip} and start <= now[1] < following[1] <= goal[1]
    assert "clips-00000.tar: clip c0001, frame" in caplog.text


def test_only_the_damaged_samples_of_a_batch_change(tmp_path: Path) -> None:
    whole = ClipBatches([write_clips(tmp_path / "whole", [6] * 5)], batch=16, size=8, crop=WHOLE)[0]
    broken = ClipBatches([_broken(tmp_path / "broken", [1])], batch=16, size=8, crop=WHOLE)[0]
    changed = [not torch.equal(a, b) for a, b in zip(whole.start, broken.start)]
    assert changed == [clip == 1 for clip, _ in _places(whole.start)] and any(changed)


def test_each_damaged_frame_is_named_once_and_counted(tmp_path: Path, caplog: Any) -> None:
    source = ClipBatches([_broken(tmp_path, [1])], batch=16, size=8)
    for step in range(20):
        source[step]
    named = [record.getMessage() for record in caplog.records]
    assert len(named) == len(set(named)) == len(source.damaged) > 2
    assert all("clip c0001, frame" in text and "checksum" in text for text in named)
    copy = pickle.loads(pickle.dumps(source))
    assert _equal(copy[0], source[0]) and 0 < len(copy.damaged) < len(source.damaged)


def test_nothing_is_left_out_in_silence_however_much_it_is(caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DamageLog, "SLOTS", 8)
    log = DamageLog()
    for number in [*range(20), *range(4)]:
        log.note(number, f"frame {number}")
    assert len(log) == 20
    assert [record.getMessage() for record in caplog.records] == [f"left out: frame {number}" for number in range(20)]


def test_a_log_goes_on_from_what_was_met_before(caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DamageLog, "SLOTS", 8)
    before, after, other = DamageLog(), DamageLog(), DamageLog()
    for number in range(5):
        before.note(number, f"frame {number}")
    after.resume(before.met())
    other.resume(before.met(), leads=False)
    caplog.clear()
    for number in range(3, 12):
        after.note(number, f"frame {number}")
    assert [record.getMessage() for record in caplog.records] == [f"left out: frame {n}" for n in range(5, 12)]
    assert len(after) == 12
    other.note(20, "frame 20")
    assert count_met(all_met([after.met(), other.met()])) == 13, "what two processes have met is one"
    full = DamageLog()
    full.resume(all_met([after.met(), other.met()]))
    assert len(full) == 13 and count_met(all_met([full.met(), DamageLog().met()])) == 13


def test_two_ranks_have_stand_ins_of_their_own(tmp_path: Path) -> None:
    folder = _broken(tmp_path, [clip for clip in range(12) if clip != 7], 12)
    ranks = [ClipBatches([folder], batch=4, size=8, rank=rank) for rank in range(2)]
    for source in ranks:
        source[0], source[1]
    together = all_met([source.stand_ins.met() for source in ranks])
    assert count_met(together) == sum(len(source.stand_ins) for source in ranks) > 2


def test_worker_processes_share_what_they_found(tmp_path: Path) -> None:
    source = ClipBatches([_broken(tmp_path, [1])], batch=16, size=8)
    with Stream(source, 0, 4, 2, torch.device("cpu")) as stream:
        batches = [stream.next() for _ in range(4)]
    assert len(source.damaged) > 2
    assert all(_equal(batch, source[step]) for step, batch in enumerate(batches))


@pytest.mark.parametrize("kind", KINDS)
def test_the_one_sound_clip_stands_in_for_all_others_and_that_is_told(kind: Any, tmp_path: Path, caplog: Any) -> None:
    folder = _broken(tmp_path, [clip for clip in range(12) if clip != 7], 12)
    sources = [kind([folder], batch=4, size=8, crop=WHOLE, augmentation=None) for _ in range(2)]
    assert all(_equal(sources[0][step], sources[1][step]) for step in range(3))
    told = [record.getMessage() for record in caplog.records if "stands in" in record.getMessage()]
    assert len(sources[0].stand_ins) == len(sources[1].stand_ins) > 2 and len(told) == 2 * len(sources[0].stand_ins)
    sources[0][2]
    assert len(sources[0].stand_ins) == len(sources[1].stand_ins)
    pictures = [tensor for tensor in _tensors(sources[0][1]) if tensor.ndim == 4]
    assert {clip for tensor in pictures for clip, _ in _places(tensor)} == {7}


def test_data_that_is_damaged_throughout_ends_the_training(tmp_path: Path) -> None:
    source = ClipBatches([_broken(tmp_path, [0, 1, 2, 3, 4])], batch=2, size=8)
    with pytest.raises(RuntimeError, match=r"update 0: no clip is sound, the last one tried: .*checksum"):
        source[0]


def test_the_fingerprint_is_of_the_frames_not_of_their_place(tmp_path: Path) -> None:
    whole = ClipBatches([write_clips(tmp_path / "a", [6, 7, 8])], batch=2, size=8).fingerprint
    assert ClipBatches([write_clips(tmp_path / "b", [6, 7, 8])], batch=2, size=8).fingerprint == whole
    assert ClipBatches([write_clips(tmp_path / "c", [7, 6, 8])], batch=2, size=8).fingerprint != whole
    still = ClipBatches([_still(tmp_path / "d", 3, 7)], batch=2, size=8)
    changed = tmp_path / "d" / shard_name(0)
    changed.write_bytes(b"")
    with ClipWriter(changed) as writer:
        for clip in range(3):
            writer.add(f"c{clip}", [encode(noise(clip + 1, 48), 95)] * 7, {"source": "", "text": ""})
    other = ClipBatches([tmp_path / "d"], batch=2, size=8)
    assert other.clips.lengths.tolist() == still.clips.lengths.tolist() and other.fingerprint != still.fingerprint


def test_a_shard_that_is_gone_is_an_error_not_damage(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [6] * 4)
    source: ClipStream = ClipBatches([folder], batch=2, size=8)
    (folder / shard_name(0)).unlink()
    with pytest.raises(FileNotFoundError):
        source[0]  # type: ignore[index]
