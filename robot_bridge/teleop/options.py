"""What a teleoperator is asked to run: raw values (ROS parameters), checked, and the source they describe."""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from robot_bridge.complaints import complaints
from robot_bridge.teleop.sample import Source
from robot_bridge.teleop.settings import PRESETS, TeleopSettings
from robot_bridge.web.access import EVERYWHERE, LEAST_TOKEN, is_loopback

SOURCES = ("webxr", "adb", "keyboard", "replay")


class TeleopOptions(BaseModel):
    """Parameters of the teleoperation node."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True)

    source: str = "webxr"
    """webxr, adb, keyboard or replay."""
    preset: str = "bridge"
    """bridge or smooth."""
    facing: int = 180
    """Where the person looks in base_link [deg]: 180 facing the robot, 0 behind it, 90 at its right, 270 its left."""
    scale: float = Field(default=1.0, gt=0.0, le=3.0)
    """Metres of the arm for a metre of the hand."""
    host: str = "127.0.0.1"
    """Where the page can be opened."""
    port: int = Field(default=0, ge=0, le=65535)
    """Of the page; 0: any."""
    token: str = ""
    """That browsers show to be paired; empty: a new one."""
    certificate: str = ""
    """Folder of `vptr teleop certificate`: the page is served by TLS then."""
    serial: str = ""
    """adb: serial number of the headset, where several devices are connected."""
    adb_port: int = Field(default=5037, ge=1, le=65535)
    """Of the adb server."""
    stream: str = ""
    """replay: the recorded stream."""
    record: str = ""
    """File that all samples are appended to."""
    cameras: str = "/camera/color/image_raw"
    """Topics of the cameras that the page shows, separated by commas; their /compressed is subscribed to."""

    @field_validator("source")
    @classmethod
    def _source(cls, name: str) -> str:
        return _one_of(name, SOURCES)

    @field_validator("preset")
    @classmethod
    def _preset(cls, name: str) -> str:
        return _one_of(name, tuple(PRESETS))

    @field_validator("token")
    @classmethod
    def _token(cls, token: str) -> str:
        if 0 < len(token) < LEAST_TOKEN:
            raise ValueError(f"the token has {len(token)} characters, expected at least {LEAST_TOKEN}, or none")
        return token

    def camera_topics(self) -> Tuple[str, ...]:
        """One by one."""
        return tuple(topic.strip() for topic in self.cameras.split(",") if topic.strip())

    def settings(self) -> TeleopSettings:
        """How the hand drives the arm."""
        return replace(PRESETS[self.preset], facing_deg=self.facing, scale=self.scale)

    def tls(self) -> Optional[Tuple[Path, Path]]:
        """Chain and key of the page, None where it is served without."""
        if not self.certificate:
            return None
        from robot_bridge.web.certificate import check

        return check(Path(self.certificate).expanduser(), "" if self.host in EVERYWHERE else self.host)


def options_from(raw: Dict[str, Any]) -> TeleopOptions:
    """Options of raw values as a parameter server gives them; raises ValueError that says what was expected."""
    try:
        options = TeleopOptions.model_validate(raw)
    except ValidationError as error:
        raise ValueError(complaints("teleoperation", error)) from error
    options.settings()
    if options.source == "replay" and not Path(options.stream).expanduser().is_file():
        raise ValueError(f"stream {options.stream!r} is no file: the source replay plays a recorded stream (record:=)")
    if options.tls() is None and not is_loopback(options.host):
        raise ValueError(
            f"host is {options.host}, beyond this machine, where browsers give poses to pages with a certificate "
            "alone: run `vptr teleop certificate` and give certificate:=, or use the cable (host 127.0.0.1)"
        )
    return options


def open_source(options: TeleopOptions) -> Source:
    """The source; raises what opening it raises."""
    if options.source == "adb":
        from robot_bridge.teleop.adb import QuestOverAdb

        return QuestOverAdb(options.serial or None, port=options.adb_port)
    if options.source == "keyboard":
        from robot_bridge.teleop.keyboard import Keyboard

        return Keyboard()
    if options.source == "replay":
        from robot_bridge.teleop.stream import Replay

        return Replay(Path(options.stream).expanduser())
    from robot_bridge.teleop.webxr.source import WebXR

    return WebXR()


def _one_of(value: str, known: Tuple[str, ...]) -> str:
    if value not in known:
        near = get_close_matches(value, known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"it is {value!r}, expected one of {', '.join(known)}{hint}")
    return value
