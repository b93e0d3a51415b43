"""The presets, and settings that cannot be."""

import pytest

from robot_bridge.interface import ACTION_HIGH, STEP_S
from robot_bridge.teleop.settings import BRIDGE, PRESETS, TeleopSettings


def test_the_bridge_preset_is_bridges() -> None:
    assert PRESETS["bridge"] is BRIDGE
    assert (BRIDGE.scale, BRIDGE.rate_hz, BRIDGE.facing_deg) == (1.0, 5.0, 180)
    assert pytest.approx(ACTION_HIGH[0]) == BRIDGE.speed_m_s * STEP_S
    assert pytest.approx(ACTION_HIGH[3]) == BRIDGE.speed_rad_s * STEP_S


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"facing_deg": 45}, "0, 90, 180, 270"),
        ({"scale": 0.0}, "scale is 0.0"),
        ({"lead_m": float("nan")}, "lead_m is nan"),
        ({"release": 0.7}, "release < squeeze"),
        ({"hold_s": 0.3}, "hold_s < lost_s"),
        ({"rate_hz": 50.0}, "faster than ticks"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(change: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TeleopSettings(**change)
