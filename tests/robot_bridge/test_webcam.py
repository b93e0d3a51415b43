"""The webcam over OpenCV; without a camera, a motion JPEG file is what OpenCV opens."""

import time

import cv2
import numpy as np
import pytest

from robot_bridge.interface import StaleData
from robot_bridge.live_camera import CameraError, LiveCamera, StreamLimits
from robot_bridge.webcam import WebcamSource


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    assert writer.isOpened()
    for index in range(12):
        writer.write(np.full((48, 64, 3), (0, 0, 20 * index), np.uint8))
    writer.release()
    return path


def test_pictures_are_rgb_and_stamped(clip):
    source = WebcamSource(str(clip), (64, 48), None)
    before = time.monotonic()
    captures = [source.read() for _ in range(12)]
    source.close()
    for index, capture in enumerate(captures):
        assert capture.image.shape == (48, 64, 3)
        assert np.abs(capture.image.reshape(-1, 3).mean(axis=0) - (20 * index, 0, 0)).max() < 6
        assert before <= capture.captured_s <= time.monotonic()


@pytest.mark.parametrize("device, said", [(61, "no /dev/video61"), ("/dev/video-of-nobody", "no /dev/video-of-nobody")])
def test_a_missing_camera_is_named_at_once(device, said):
    start = time.monotonic()
    with pytest.raises(CameraError, match=said):
        WebcamSource(device, (640, 480), 30.0)
    assert time.monotonic() - start < 0.5


def test_what_is_no_camera_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no camera")
    with pytest.raises(CameraError, match=r"cannot open .*notes\.txt"):
        WebcamSource(str(path), None, None)


def test_another_size_than_asked_for_is_refused(clip):
    source = WebcamSource(str(clip), (640, 480), 30.0)
    with pytest.raises(CameraError, match="gives 64x48, asked for 640x480"):
        source.read()
    source.close()


def test_a_camera_that_stops_and_vanishes_goes_stale_and_comes_back(clip, tmp_path):
    limits = StreamLimits(first_delay_s=0.05, longest_delay_s=0.05)
    camera = LiveCamera(lambda: WebcamSource(str(clip), None, None), "webcam", limits=limits, report=lambda line: None)
    try:
        camera.wait_ready(2.0)
        away = clip.rename(tmp_path / "unplugged.avi")
        time.sleep(0.3)
        with pytest.raises(StaleData, match="there is no"):
            camera.read_latest(0.15)
        away.rename(clip)
        assert camera.wait_next(camera.health().pictures, 2.0) is not None
        assert camera.health().reconnects >= 2
    finally:
        camera.close()
