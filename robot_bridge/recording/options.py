"""What a recorder is asked to do: raw values (ROS parameters), checked."""

from pathlib import Path
from typing import Any, Dict, List, Tuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from robot_bridge.complaints import complaints
from robot_bridge.recording.store import folder_name
from robot_bridge.recording.variety import GOAL, START_POSES

BETWEEN = ("start", "home", "stay")
POSE = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")


class RecorderOptions(BaseModel):
    """Parameters of the recorder node."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True)

    task: str
    """Name of the task; its folder is called so."""
    instruction: str = ""
    """The task in words; empty: those of the simulated task of that name, or the name."""
    out: str
    """Folder of all episodes."""
    goal: int = Field(default=GOAL, ge=1, le=100_000)
    """How many successes are wanted."""
    every_picture: bool = False
    """Record each picture the cameras take, not one a step."""
    cameras: str = "/camera/color/image_raw"
    """Topics of the cameras, separated by commas; their /compressed is recorded."""
    between: str = "start"
    """After a verdict the arm goes to the start pose of the next demonstration, or home, or stays."""
    protocol: Dict[str, Any] = Field(default_factory=dict)
    """With ``poses``: start poses by name (config/protocol/v_ptr.yaml)."""
    operator: str = ""
    """Who collects, for episode.json."""
    seed: int = Field(default=0, ge=0, le=2**31)
    """Of the layouts of the simulated scene."""
    least_free_mb: int = Field(default=500, ge=0)
    """No episode is begun with less room on the disk."""

    @field_validator("task")
    @classmethod
    def _task(cls, name: str) -> str:
        folder_name(name)
        return name

    @field_validator("between")
    @classmethod
    def _between(cls, word: str) -> str:
        if word not in BETWEEN:
            raise ValueError(f"between is {word!r}, expected one of {', '.join(BETWEEN)}")
        return word

    @field_validator("out")
    @classmethod
    def _out(cls, path: str) -> str:
        if not Path(path).expanduser().is_absolute():
            raise ValueError(f"out is {path!r}, expected a whole path, for nodes run in a folder of their own")
        return path

    @field_validator("cameras")
    @classmethod
    def _cameras(cls, topics: str) -> str:
        if not topics.replace(",", " ").strip():
            raise ValueError("no camera is named: cameras is empty")
        return topics

    def folder(self) -> Path:
        """Of all episodes."""
        return Path(self.out).expanduser()

    def camera_topics(self) -> Tuple[str, ...]:
        """One by one."""
        return tuple(topic.strip() for topic in self.cameras.split(",") if topic.strip())

    def words(self) -> str:
        """The task in words."""
        if self.instruction:
            return self.instruction
        from robot_bridge.sim.tasks import GROUPS

        known = GROUPS["all"].get(self.task)
        return known.words if known is not None else self.task.replace("_", " ")

    def poses(self) -> Dict[str, List[float]]:
        """Start poses, Bridge states (7,) by name; none where the protocol has none."""
        found: Dict[str, List[float]] = {}
        for name, pose in dict(self.protocol.get("poses") or {}).items():
            try:
                found[str(name)] = [float(pose[key]) for key in POSE]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"start pose {name}: expected numbers {', '.join(POSE)}, got {pose!r}") from error
        return found

    def starts(self) -> Tuple[str, ...]:
        """The names of the start poses that are to be covered."""
        return tuple(self.poses()) or START_POSES


def options_from(raw: Dict[str, Any]) -> RecorderOptions:
    """Options of raw values as a parameter server gives them; raises ValueError that says what was expected."""
    try:
        options = RecorderOptions.model_validate(raw)
    except ValidationError as error:
        raise ValueError(complaints("recorder", error)) from error
    options.poses()
    return options
