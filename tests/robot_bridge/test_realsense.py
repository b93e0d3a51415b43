"""The RealSense camera through the library's own software device, recorder and playback."""

import time

import numpy as np
import pytest

rs = pytest.importorskip("pyrealsense2")

from robot_bridge.interface import StaleData  # noqa: E402
from robot_bridge.live_camera import CameraError, LiveCamera, SourceEnded, StreamLimits  # noqa: E402
from robot_bridge.realsense import RealSenseRecording, RealSenseSource, choose_serial, connected_serials  # noqa: E402

WIDTH, HEIGHT, RATE_HZ = 64, 48, 30
LAST_S = 0.3
"""For the library's recorder to write, in a thread of its own, what has arrived: it drops the rest at the end."""


def stream_of_software_device(sensor, form):
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt = rs.stream.color, 0, 1, form
    stream.width, stream.height, stream.fps, stream.bpp = WIDTH, HEIGHT, RATE_HZ, 3
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height, intrinsics.model = WIDTH, HEIGHT, rs.distortion.none
    intrinsics.ppx, intrinsics.ppy, intrinsics.fx, intrinsics.fy = WIDTH / 2, HEIGHT / 2, 60.0, 60.0
    intrinsics.coeffs = [0.0] * 5
    stream.intrinsics = intrinsics
    return sensor.add_video_stream(stream)


def record(path, pictures, form, domain=None, first_stamp_ms=1000.0, pace_s=0.005):
    """Record uint8 pictures (H, W, 3) of a software device, 1/30 s apart on its clock, arriving ``pace_s`` apart."""
    device = rs.software_device()
    sensor = device.add_sensor("Color")
    profile = stream_of_software_device(sensor, form).as_video_stream_profile()
    recorder = rs.recorder(str(path), device)
    recorded = recorder.query_sensors()[0]
    recorded.open(recorded.get_stream_profiles()[0])
    recorded.start(rs.frame_queue(len(pictures)))
    for number, pixels in enumerate(pictures):
        frame = rs.software_video_frame()
        frame.pixels, frame.stride, frame.bpp, frame.profile = pixels, WIDTH * 3, 3, profile
        frame.timestamp, frame.frame_number = first_stamp_ms + 1000.0 * number / RATE_HZ, number
        frame.domain = domain or rs.timestamp_domain.hardware_clock
        sensor.on_video_frame(frame)
        time.sleep(pace_s)
    time.sleep(LAST_S)
    recorded.stop()
    recorded.close()
    return path


def pictures_of(count):
    return [np.full((HEIGHT, WIDTH, 3), (200, number, 10), np.uint8) for number in range(count)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return record(tmp_path_factory.mktemp("realsense") / "color.db3", pictures_of(20), rs.format.rgb8, pace_s=0.02)


def test_pictures_arrive_whole_in_order_and_the_end_is_told(recording):
    source = RealSenseRecording(recording, real_time=False)
    images = [source.read().image for _ in range(20)]
    for number, image in enumerate(images):
        np.testing.assert_array_equal(image, pictures_of(20)[number])
    with pytest.raises(SourceEnded, match="has ended"):
        source.read()
    source.close()


def test_capture_times_are_those_of_the_device_clock(tmp_path):
    path = record(tmp_path / "paced.db3", pictures_of(20), rs.format.rgb8, pace_s=1 / RATE_HZ)
    source = RealSenseRecording(path, real_time=True)
    captures = []
    with pytest.raises(SourceEnded):
        while True:
            captures.append(source.read())
            assert captures[-1].captured_s <= time.monotonic()
    source.close()
    assert len(captures) >= 10
    numbers = np.array([capture.image[0, 0, 1] for capture in captures])
    offsets = np.array([capture.captured_s for capture in captures]) - numbers / RATE_HZ
    assert np.ptp(offsets[5:]) < 0.02


def test_bgr_recordings_become_rgb(tmp_path):
    path = record(tmp_path / "bgr.db3", [picture[..., ::-1].copy() for picture in pictures_of(3)], rs.format.bgr8)
    source = RealSenseRecording(path, real_time=False)
    np.testing.assert_allclose(source.read().image, pictures_of(1)[0], atol=2)  # which channel is which, not its bits
    source.close()


def test_system_time_stamps_are_taken_over(tmp_path):
    first_ms = 1000.0 * time.time() - 500.0
    path = record(tmp_path / "host.db3", pictures_of(3), rs.format.rgb8, rs.timestamp_domain.system_time, first_ms)
    source = RealSenseRecording(path, real_time=False)
    captured_s = source.read().captured_s
    expected_s = time.monotonic() - (time.time() - first_ms / 1000.0)
    source.close()
    assert abs(captured_s - expected_s) < 0.05


def test_a_playback_that_is_held_goes_stale_and_recovers(recording):
    """The library is told to pause: frames stop coming, as with a dead cable; reconnecting starts it again."""
    opened = []

    def open_source():
        opened.append(RealSenseRecording(recording, loop=True))
        return opened[-1]

    limits = StreamLimits(stall_s=0.3, first_delay_s=0.05, longest_delay_s=0.1)
    camera = LiveCamera(open_source, "realsense", limits=limits, report=lambda line: None)
    try:
        camera.wait_ready(3.0)
        opened[0]._playback.pause()
        time.sleep(0.25)
        with pytest.raises(StaleData, match="camera realsense: newest picture is"):
            camera.read_latest(0.2)
        index = camera.health().pictures
        assert camera.wait_next(index, 3.0) is not None
        assert len(opened) == 2
        assert camera.read_latest(0.5).image[0, 0, 0] == 200
    finally:
        camera.close()


def test_a_missing_recording_is_named(tmp_path):
    with pytest.raises(CameraError, match=r"none\.bag"):
        RealSenseRecording(tmp_path / "none.bag")


def test_a_file_that_is_no_recording_is_named(tmp_path):
    path = tmp_path / "text.bag"
    path.write_text("no recording")
    with pytest.raises(CameraError, match=r"text\.bag"):
        RealSenseRecording(path)


@pytest.mark.skipif(bool(connected_serials()), reason="a RealSense camera is connected")
def test_without_a_camera_it_says_so_at_once():
    start = time.monotonic()
    with pytest.raises(CameraError, match="no RealSense camera is connected"):
        RealSenseSource("", (640, 480), 30)
    assert time.monotonic() - start < 1.0


def test_the_serial_number_chooses():
    connected = ["0012", "345"]
    assert choose_serial("12", connected) == "0012"
    assert choose_serial("345", connected) == "345"
    assert choose_serial("", ["345"]) == "345"
    with pytest.raises(CameraError, match="several"):
        choose_serial("", connected)
    with pytest.raises(CameraError, match=r"serial number 9 .*0012"):
        choose_serial("9", connected)
