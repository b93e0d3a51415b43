"""Action-free video: memory with an index of Ego4D's size (72,000 clips, 4.3 million frames), and pictures a second.

The index is real, and so is all reading; but its clips take turns in pointing at the same 72 stored ones, so that it
needs no 40 GB of shards. Memory is measured in a process of its own, which does nothing but draw batches.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import cv2
import numpy as np

from benchmarks.measure import Measure

CLIPS, FRAMES = 72_000, 4_300_000
STORED = 72
DRAWN = 100
"""Pictures that differ."""
LIMIT_MB = 1024.0
SIZE = 224
BATCH = 64


def video(batches: int = 40, workers: int = 4) -> List[Measure]:
    """ICVF batches of 64 samples, which are 256 pictures of 224 px."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "clips"
        jpegs = synthetic_index(folder, 1.0)
        found = resident(folder, workers, batches)
        files = [Path(scratch) / f"{number}.jpg" for number in range(1024)]
        for path, jpeg in zip(files, jpegs):
            path.write_bytes(jpeg)
        streamed, plain = _streamed_a_second(folder), _plain_a_second(files)
    size = f"{found['clips']} clips, {found['frames']} frames, {workers} workers"
    group, limit = "video", "the limit of 1 GB"
    return [
        Measure(group, f"resident, all processes: {size}", "MB", found["shared_once_mb"], LIMIT_MB, limit),
        Measure(group, "resident, largest process", "MB", found["largest_mb"], LIMIT_MB, limit),
        Measure(group, "pictures of a batch, one process", "1/s", streamed, plain, "a file a frame, Pillow", True),
    ]


def synthetic_index(folder: Path, detail: float) -> List[bytes]:
    """Shards with 72 clips and an index of 72,000, which are these 1000 times; returns the JPEGs of the frames.

    Args:
        folder: where to.
        detail: 0 for plain pictures, 1 for some that take the bytes of photographs.
    """
    from vptr_policy.data.video.index import open_clips, stamps, write_arrays
    from vptr_policy.data.video.shards import FORMAT, ClipWriter, shard_name, shard_paths, write_json

    folder.mkdir(parents=True)
    lengths = np.linspace(10, 109, STORED).astype(int)
    lengths[-1] += FRAMES * STORED // CLIPS - lengths.sum()
    drawn = [_picture(number, detail) for number in range(DRAWN)]
    jpegs = [drawn[number % DRAWN] for number in range(int(lengths.sum()))]
    ends = np.cumsum(lengths)
    for shard in range(8):
        with ClipWriter(folder / shard_name(shard)) as writer:
            for clip in range(shard, STORED, 8):
                frames = jpegs[ends[clip] - lengths[clip] : ends[clip]]
                writer.add(f"{clip:05d}", frames, {"source": "synthetic", "text": ""})
    write_json(folder / "index.json", {"complete": True, "size": SIZE, "command": "python -m benchmarks --only video"})
    stored = open_clips(folder)
    clips = np.tile(stored.clips, CLIPS // STORED)
    clips["first"] = np.cumsum(clips["frames"], dtype=np.int64) - clips["frames"]
    described = {"format": FORMAT, "size": SIZE, "shards": stamps(shard_paths(folder)), "skipped": []}
    write_arrays(folder, clips, np.tile(stored.frames, CLIPS // STORED), described)
    return jpegs


def resident(folder: Path, workers: int, batches: int) -> Dict[str, float]:
    """Memory of a process that draws batches and of its worker processes [MB], the most that was seen."""
    words = [sys.executable, "-m", "benchmarks.video", str(folder), str(workers), str(batches)]
    here = Path(__file__).resolve().parents[1]
    done = subprocess.run(words, cwd=str(here), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the measured process failed: {done.stderr}")
    found: Dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def draw(folder: Path, workers: int, batches: int) -> Dict[str, Any]:
    """Draw batches through a training's stream, and look at the memory of all processes after each."""
    import torch

    from vptr_policy.data.video.stream import IntentBatches
    from vptr_policy.training.stream import Stream

    source = IntentBatches([folder], batch=BATCH, size=SIZE)
    seen: List[Tuple[float, float, float, int]] = []
    with Stream(source, 0, batches, workers, torch.device("cpu")) as stream:
        for _ in range(batches):
            stream.next()
            memory = [_memory_mb(process) for process in _family(os.getpid())]
            shared_once, resident_mb = (sum(part) for part in zip(*memory))
            seen.append((shared_once, resident_mb, max(pair[1] for pair in memory), len(memory)))
    names = ("shared_once_mb", "resident_sum_mb", "largest_mb", "processes")
    largest = {name: max(row[place] for row in seen) for place, name in enumerate(names)}
    return {**largest, "clips": len(source.clips.lengths), "frames": int(source.clips.first[-1])}


def _memory_mb(process: int) -> Tuple[float, float]:
    """Proportional (pages in several processes shared out among them) and resident memory."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    rows = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return float(rows["Pss"].split()[0]) / 1024.0, float(rows["Rss"].split()[0]) / 1024.0


def _family(process: int) -> List[int]:
    """A process and all that come of it."""
    children = Path(f"/proc/{process}/task").glob("*/children")
    return [process] + [one for path in children for child in path.read_text().split() for one in _family(int(child))]


def _picture(number: int, detail: float) -> bytes:
    random = np.random.default_rng(number)
    coarse = random.integers(0, 256, (12, 12, 3), np.uint8)
    image = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    if detail:
        image += detail * random.normal(0.0, 4.0, image.shape)
    return bytes(cv2.imencode(".jpg", image.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def _streamed_a_second(folder: Path, batches: int = 6) -> float:
    from vptr_policy.data.video.stream import ClipBatches

    source = ClipBatches([folder], batch=BATCH, size=SIZE)
    source[0]
    start = time.perf_counter()
    for step in range(1, batches + 1):
        source[step]
    return 4 * BATCH * batches / (time.perf_counter() - start)


def _plain_a_second(files: List[Path]) -> float:
    """As the published loaders do: open a file for each frame, crop, resize, to float; no more than that."""
    import torch
    from PIL import Image

    random = np.random.default_rng(0)
    start = time.perf_counter()
    for path in files:
        side = int(random.integers(SIZE // 2, SIZE))
        image = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR, (0, 0, side, side))
        torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    return len(files) / (time.perf_counter() - start)


if __name__ == "__main__":
    print(json.dumps(draw(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
