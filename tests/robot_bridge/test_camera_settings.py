"""Settings from what a parameter server gives."""

import pytest

from robot_bridge.camera_settings import CameraSettings, open_camera, settings_from


def test_defaults_of_each_camera():
    assert settings_from({}) == CameraSettings(camera="sim", width=320, height=240, rate=10.0)
    webcam = settings_from({"camera": "webcam"})
    assert (webcam.device, webcam.width, webcam.height, webcam.rate) == ("0", 640, 480, 30.0)
    assert settings_from({"camera": "realsense"}).width == 640
    assert settings_from({"camera": "video", "frames": "x"}).rate == 5.0


def test_what_a_parameter_server_makes_of_text_is_understood():
    settings = settings_from({"camera": "webcam", "device": 2, "rate": "1.5e1", "width": 800.0, "height": "600"})
    assert (settings.device, settings.rate, settings.width, settings.height) == ("2", 15.0, 800, 600)
    assert settings_from({"camera": "realsense", "serial": 819312071869}).serial == "819312071869"
    assert settings_from({"camera": "video", "frames": "x", "loop": "false"}).loop is False


def test_device_stands_for_serial_and_frames():
    assert settings_from({"camera": "video", "device": "clip.mp4"}).frames == "clip.mp4"
    assert settings_from({"camera": "realsense", "device": "819312071869"}).serial == "819312071869"
    assert settings_from({"camera": "realsense", "device": ""}).serial == ""
    assert settings_from({"camera": "webcam", "device": ""}).device == "0"


@pytest.mark.parametrize(
    "raw, said",
    [
        ({"camera": "kinect"}, "one of realsense, webcam, video, sim, got 'kinect'"),
        ({"camra": "sim"}, "unknown camera parameter camra, did you mean camera"),
        ({"rate": 0.5}, r"rate must lie within 1\.0\.\.120\.0, got 0\.5"),
        ({"rate": "fast"}, "rate must be a number, got 'fast'"),
        ({"rate": float("nan")}, "rate must be a number"),
        ({"rate": True}, "rate must be a number, got True"),
        ({"width": 320.5, "height": 240}, r"width must be a whole number, got 320\.5"),
        ({"width": 320}, "give width and height together"),
        ({"width": -320, "height": -240}, "width must lie within"),
        ({"jpeg_quality": 0}, "jpeg_quality must lie within 1..100, got 0"),
        ({"camera": "video"}, "camera video needs frames"),
        ({"camera": "webcam", "device": 1.5}, "device must be text, got 1.5"),
        ({"loop": "perhaps"}, "loop must be true or false"),
        ({"start_timeout_s": 0}, "start_timeout_s must lie within"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(raw, said):
    with pytest.raises(ValueError, match=said):
        settings_from(raw)


def test_each_real_camera_opens_its_own_source(tmp_path):
    for raw, said in [
        ({"camera": "webcam", "device": "/dev/video-none"}, "/dev/video-none"),
        ({"camera": "video", "frames": str(tmp_path / "none")}, "none does not exist"),
        ({"camera": "realsense", "frames": str(tmp_path / "none.bag")}, "none.bag"),
    ]:
        camera = open_camera(settings_from(raw), report=lambda line: None)
        with pytest.raises(RuntimeError, match=said):
            camera.wait_ready(0.3)
        camera.close()


def test_the_simulated_camera_has_no_device():
    with pytest.raises(ValueError, match="/sim/state"):
        open_camera(settings_from({}))
