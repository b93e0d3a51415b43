"""Recordings played as cameras: folders of frames, video files, the Bridge sample."""

import shutil
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from robot_bridge.interface import StaleData
from robot_bridge.live_camera import CameraError, LiveCamera, SourceEnded, StreamLimits
from robot_bridge.video import VideoSource, frame_files, read_frames

SAMPLE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bridge_v2_sample"


def write_folder(folder: Path, values) -> Path:
    folder.mkdir()
    for index, value in enumerate(values):
        Image.fromarray(np.full((16, 16, 3), (value, 0, 0), np.uint8)).save(folder / f"im_{index}.png")
    return folder


def write_video(path: Path, count: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for index in range(count):
            picture = np.full((32, 32, 3), (20 * index, 0, 100), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_frames_follow_their_numbers_not_the_alphabet(tmp_path):
    folder = write_folder(tmp_path / "frames", range(0, 120, 10))
    assert [path.name for path in frame_files(folder)] == [f"im_{index}.png" for index in range(12)]
    assert [int(image[0, 0, 0]) for image in read_frames(folder)] == list(range(0, 120, 10))


def test_pictures_come_at_the_rate_and_end(tmp_path):
    source = VideoSource(write_folder(tmp_path / "frames", range(6)), rate_hz=20.0, loop=False)
    start = time.monotonic()
    times = [source.read().captured_s for _ in range(6)]
    elapsed = time.monotonic() - start
    assert np.diff(times).min() > 0.05 - 1e-6
    assert 0.25 <= elapsed < 0.6 and start <= times[0] and times[-1] <= start + elapsed
    with pytest.raises(SourceEnded, match="has ended"):
        source.read()


def test_a_reader_that_was_held_up_does_not_get_a_burst(tmp_path):
    source = VideoSource(write_folder(tmp_path / "frames", range(6)), rate_hz=20.0, loop=False)
    source.read()
    time.sleep(0.25)
    late, following = source.read(), source.read()
    assert following.captured_s - late.captured_s > 0.05 - 1e-6


def test_a_loop_starts_again(tmp_path):
    source = VideoSource(write_folder(tmp_path / "frames", [3, 4]), rate_hz=200.0, loop=True)
    assert [int(source.read().image[0, 0, 0]) for _ in range(5)] == [3, 4, 3, 4, 3]


def test_a_video_file_plays_in_rgb(tmp_path):
    images = list(read_frames(write_video(tmp_path / "clip.mp4", 10)))
    assert len(images) == 10 and images[0].shape == (32, 32, 3)
    for index, image in enumerate(images):
        assert np.abs(image.reshape(-1, 3).mean(axis=0) - (20 * index, 0, 100)).max() < 8


@pytest.mark.parametrize(
    "kind, said", [("missing", "does not exist"), ("empty", "no pictures"), ("text", "cannot play")]
)
def test_what_cannot_be_played_is_named(tmp_path, kind, said):
    path = tmp_path / kind
    if kind == "empty":
        path.mkdir()
    if kind == "text":
        path.write_text("not a video")
    with pytest.raises(CameraError, match=f"{said}|{kind}.*{said}"):
        VideoSource(path, 5.0, False).read()


def test_a_broken_picture_is_named(tmp_path):
    folder = write_folder(tmp_path / "frames", [1])
    (folder / "im_1.jpg").write_bytes(b"\xff\xd8 cut short")
    source = VideoSource(folder, 100.0, False)
    source.read()
    with pytest.raises(CameraError, match=r"im_1\.jpg"):
        source.read()


def test_a_folder_that_vanishes_goes_stale_and_comes_back(tmp_path):
    folder = write_folder(tmp_path / "frames", range(200))
    limits = StreamLimits(first_delay_s=0.02, longest_delay_s=0.05)
    camera = LiveCamera(lambda: VideoSource(folder, 50.0, True), "video", limits=limits, report=lambda line: None)
    try:
        camera.wait_ready(2.0)
        shutil.move(str(folder), str(tmp_path / "elsewhere"))
        time.sleep(0.4)
        with pytest.raises(StaleData, match="does not exist"):
            camera.read_latest(0.2)
        shutil.move(str(tmp_path / "elsewhere"), str(folder))
        assert camera.wait_next(camera.health().pictures, 2.0) is not None
        assert camera.read_latest(0.2).image.shape == (16, 16, 3)
    finally:
        camera.close()


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the Bridge sample is not beside the checkout")
def test_real_recorded_frames_play_in_order():
    folder = SAMPLE / "episode_00"
    source = VideoSource(folder, 100.0, loop=False)
    for index in range(10):
        expected = np.asarray(Image.open(folder / f"im_{index}.jpg").convert("RGB")).astype(int)
        assert np.abs(source.read().image.astype(int) - expected).max() <= 4
