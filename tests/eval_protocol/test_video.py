import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from eval_protocol.video import VideoWriter, remove_unfinished

ROOT = Path(__file__).resolve().parent.parent.parent


def picture(step):
    image = np.full((480, 640, 3), (200, 40, 40), dtype=np.uint8)
    image[:, : 8 * step] = (40, 40, 200)
    return image


def test_a_video_plays_everywhere_and_shows_the_frames_at_their_times(tmp_path):
    writer = VideoWriter(tmp_path / "videos" / "a.mp4")
    for step in range(41):
        writer.add(picture(step), 1000.0 + 0.1 * step)
    assert writer.close() == tmp_path / "videos" / "a.mp4"
    assert os.listdir(tmp_path / "videos") == ["a.mp4"]
    with av.open(str(writer.path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (320, 240)
        frames = list(container.decode(stream))
    assert [round(float(frame.pts * frame.time_base), 3) for frame in frames] == [round(0.2 * i, 3) for i in range(21)]
    last = frames[-1].to_ndarray(format="rgb24").astype(int)
    assert np.abs(last[120, 80] - (40, 40, 200)).max() < 12
    assert np.abs(last[120, 240] - (200, 40, 40)).max() < 12


def test_the_index_stands_before_the_pictures(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    for step in range(10):
        writer.add(picture(step), 0.2 * step)
    data = writer.close().read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sizes_are_made_even(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    writer.add(np.zeros((97, 129, 3), dtype=np.uint8), 0.0)
    with av.open(str(writer.close())) as container:
        stream = container.streams.video[0]
        assert stream.width % 2 == 0 and stream.height % 2 == 0


def test_no_frames_make_no_file(tmp_path):
    assert VideoWriter(tmp_path / "a.mp4").close() is None
    assert os.listdir(tmp_path) == []


def test_a_discarded_video_leaves_nothing(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    writer.add(picture(0), 0.0)
    writer.discard()
    assert os.listdir(tmp_path) == []


def test_kill_9_leaves_no_half_video_under_the_final_name(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from eval_protocol.video import VideoWriter\n"
        "writer = VideoWriter(sys.argv[1])\n"
        "for step in range(100000):\n"
        "    writer.add(np.full((96, 128, 3), step % 256, dtype=np.uint8), step * 0.2)\n"
        "    if step == 50: print('half way', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"half way\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == ["a.mp4.part"]
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("stamps", [[0.0, 0.0], [5.0, 4.9]])
def test_frames_that_do_not_advance_are_dropped(tmp_path, stamps):
    writer = VideoWriter(tmp_path / "a.mp4")
    for stamp in stamps:
        writer.add(picture(0), stamp)
    assert writer.frames == 1
    writer.discard()
