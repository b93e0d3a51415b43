"""What launch files are given, as `vptr check` takes it: texts, some of which may be wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Robot:
    """What robot.launch and evaluate.launch are given."""

    robot: str = "sim"
    """sim or interbotix."""
    camera: str = "sim"
    """sim, realsense, webcam or video."""
    camera_device: str = ""
    """webcam: index or path; realsense: serial number; video: file or folder of frames."""
    image_width: str = "0"
    """width of the picture [px]; 0 takes the camera's own."""
    image_height: str = "0"
    """height of the picture [px]; 0 takes the camera's own."""
    limits: str = ""
    """YAML of limits; empty takes config/limits.yaml."""
    policy: str = ""
    """checkpoint folder, run, or address of a policy server; none or empty: not checked."""
    speed: str = "1"
    """of the simulation, times real time; 0: measured."""
    task: str = ""
    """of a session; empty: there is none."""
    scenario: str = "1"
    """of the session, 1 to 3."""
    seed: str = "0"
    """of the session's plan."""
    protocol: str = ""
    """YAML of the session's start poses; empty takes config/protocol/v_ptr.yaml."""
    plan: str = ""
    """JSON of a plan that is run in place of these; empty: none."""
    key: str = ""
    """JSON of the key to a plan of several policies."""


@dataclass(frozen=True)
class Sitting:
    """What evaluate.launch is given for its session."""

    judge: str = ""
    """who sets scenes and judges: predicate, console or terminal; empty: the default."""
    session_dir: str = ""
    """folder of the session, resumed where it holds one; empty: a new one."""
    page: str = "false"
    """whether the operator's page is served."""
    page_host: str = "127.0.0.1"
    """where that page can be opened."""
    page_port: str = "0"
    """of that page; 0: any."""
    calibration: str = ""
    """YAML of the camera's calibration, of which that page makes marks; sim: that of the simulated one."""


@dataclass(frozen=True)
class Hand:
    """What collect.launch is given for the teleoperator."""

    source: str = ""
    """of teleoperation: webxr, adb, keyboard or replay; none or empty: there is none."""
    preset: str = "bridge"
    """of teleoperation: bridge or smooth."""
    facing: str = "180"
    """where the person looks [deg]."""
    scale: str = "1.0"
    """metres of the arm for a metre of the hand."""
    host: str = "127.0.0.1"
    """where the page can be opened."""
    port: str = "0"
    """of the page; 0: any."""
    token: str = ""
    """of the page."""
    certificate: str = ""
    """folder of the page's certificate; empty: none."""
    stream: str = ""
    """recorded stream to replay."""


@dataclass(frozen=True)
class Demonstrations:
    """What collect.launch is given for the recorder."""

    demonstrate: str = ""
    """task of a collection; empty: nothing is recorded."""
    out: str = ""
    """folder of all episodes."""
    goal: str = "44"
    """how many successes are wanted."""
    between: str = "start"
    """what the arm does between demonstrations: start, home or stay."""
    cameras: str = ""
    """topics of the cameras that are recorded."""
