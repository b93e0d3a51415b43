"""Every number of teleoperation, and its presets."""

from dataclasses import dataclass, fields, replace
from math import isfinite

FACINGS_DEG = (0, 90, 180, 270)


@dataclass(frozen=True)
class TeleopSettings:
    """How a hand drives the arm."""

    facing_deg: int = 180
    """Where the person looks, about base_link's z from its x [deg]: 0 behind the robot and looking along with it,
    180 facing it (Bridge), 90 at its right hand, 270 at its left hand."""
    scale: float = 1.0
    """Metres of the arm for a metre of the hand; turns are always one to one."""
    rate_hz: float = 5.0
    """How often the hand is looked at for a new step of the arm [Hz]."""
    tick_s: float = 0.04
    """Period and duration of the commands into which a step is cut, so that it can be given up within one [s]."""
    speed_m_s: float = 0.25
    """Greatest speed of the target along each axis [m/s]: the Bridge action box, 0.05 m in 0.2 s."""
    speed_rad_s: float = 1.25
    """Greatest speed of turning of the target [rad/s]: the Bridge action box, 0.25 rad in 0.2 s."""
    lead_m: float = 0.025
    """Greatest distance of the target from the measured position [m]."""
    lead_rad: float = 0.15
    """Greatest angle of the target from the measured orientation [rad]."""
    backlog_m: float = 0.1
    """How far the hand may be ahead of the target before it slips [m]: what the arm still moves once it is still."""
    backlog_rad: float = 0.5
    """The same for turns [rad]."""
    jump_m: float = 0.05
    """A hand that moves more than this between two samples has jumped [m]."""
    jump_rad: float = 0.5
    """A hand that turns more than this between two samples has jumped [rad]."""
    jump_hold_s: float = 0.2
    """How long the arm is held after a jump [s]."""
    squeeze: float = 0.6
    """The grip is squeezed from here on, 0..1."""
    release: float = 0.4
    """The grip is released from here down, 0..1."""
    debounce_s: float = 0.03
    """A button counts when it has been pressed, and was released before, this long [s]."""
    hold_s: float = 0.1
    """Silence after which the arm is held [s]."""
    lost_s: float = 0.25
    """Silence after which the clutch opens and has to be released before it closes again [s]."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isfinite(value) or (value <= 0 and field.name != "facing_deg"):
                raise ValueError(f"teleoperation setting {field.name} is {value}, expected a number greater than 0")
        if self.facing_deg not in FACINGS_DEG:
            raise ValueError(f"facing_deg is {self.facing_deg}, expected one of {', '.join(map(str, FACINGS_DEG))}")
        if not self.release < self.squeeze <= 1.0:
            raise ValueError(f"release {self.release} and squeeze {self.squeeze}: expected release < squeeze <= 1")
        if not self.hold_s < self.lost_s:
            raise ValueError(f"hold_s {self.hold_s} and lost_s {self.lost_s}: expected hold_s < lost_s")
        if self.rate_hz * self.tick_s > 1.0 + 1e-9:
            raise ValueError(f"rate_hz {self.rate_hz:g} is faster than ticks of {self.tick_s:g} s")


BRIDGE = TeleopSettings()
"""What Bridge data was collected with: 1:1, 5 Hz, the person faces the robot."""
SMOOTH = replace(BRIDGE, rate_hz=25.0)
"""The same, but the hand is looked at in every tick."""
PRESETS = {"bridge": BRIDGE, "smooth": SMOOTH}
