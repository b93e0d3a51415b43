"""A picture of a policy on recorded pictures: what it saw, and under each picture what it would have done."""

from typing import Any, Optional, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from robot_bridge.interface import ACTION_HIGH
from vptr_policy.replay import Replay
from vptr_policy.resize import resize

TILE, GAP, EDGE = 208, 6, 12
"""Side of a picture, distance between pictures, and distance from the paper's edge [px]."""
LINE, BAR_LINE = 24, 21
"""Height of a line of text and of a motion [px]."""
ZERO, HALF = 130, 74
"""Where the bars of a panel begin, and the length of a full one [px]."""
HEAD_LINES = 4
MOTIONS = ("x", "y", "z", "roll", "pitch", "yaw")
PANEL = BAR_LINE * (len(MOTIONS) + 1) + 16
PAPER, INK, AXIS = (255, 255, 255), (30, 30, 30), (200, 200, 200)
POLICY, RECORDED = (214, 69, 33), (70, 110, 180)

Colour = Tuple[int, int, int]


def film_strip(task: str, replays: Sequence[Replay], columns: int = 8) -> Image.Image:
    """One row a recording: evenly chosen pictures as the policy saw them, under each its action as bars.

    Args:
        task: what the policy was told, in words, for the heading.
        replays: a row each.
        columns: pictures a row at most.
    """
    row_height = LINE + TILE + PANEL
    top = EDGE + HEAD_LINES * LINE
    size = (2 * EDGE + columns * (TILE + GAP) - GAP, top + len(replays) * row_height)
    strip = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(strip)
    _head(draw, task, any(entry.recording.actions is not None for entry in replays))
    for entry in replays:
        _row(strip, draw, top, entry, columns)
        top += row_height
    return strip


def panel_box(row: int, column: int) -> Tuple[int, int]:
    """Left and top of the panel under a picture [px]."""
    top = EDGE + HEAD_LINES * LINE + row * (LINE + TILE + PANEL) + LINE + TILE
    return EDGE + column * (TILE + GAP), top


def _head(draw: ImageDraw.ImageDraw, task: str, recorded: bool) -> None:
    """What is shown, and how to read it."""
    _text(draw, EDGE, EDGE, f"What the policy would have done. Task it was told: {task}", 18)
    entries = [(POLICY, "the policy's action"), *([(RECORDED, "the action recorded with the picture")] * recorded)]
    left = EDGE
    for colour, words in entries:
        draw.rectangle((left, EDGE + LINE + 5, left + 14, EDGE + LINE + 19), colour)
        _text(draw, left + 22, EDGE + LINE, words)
        left += 250
    reach, turn = 100 * ACTION_HIGH[0], np.degrees(ACTION_HIGH[3])
    scale = f"A full bar is {reach:.0f} cm or {turn:.0f} degrees in one step of 0.2 s"
    directions = "x away from the robot, y to its left, z up, plus to the right"
    _text(draw, EDGE, EDGE + 2 * LINE, f"{scale}: {directions}")


def _row(strip: Image.Image, draw: ImageDraw.ImageDraw, top: int, entry: Replay, columns: int) -> None:
    recording, count = entry.recording, len(entry.actions)
    words = f": “{recording.language}”" if recording.language else ""
    _text(draw, EDGE, top, recording.name + words)
    chosen = np.unique(np.linspace(0, count - 1, min(columns, count)).round().astype(int))
    for column, frame in enumerate(chosen.tolist()):
        left = EDGE + column * (TILE + GAP)
        strip.paste(Image.fromarray(resize(recording.pictures[frame])).resize((TILE, TILE)), (left, top + LINE))
        _text(draw, left + 6, top + LINE + 2, f"{frame + 1}/{count}", 14, PAPER, INK)
        recorded = None if recording.actions is None else recording.actions[frame]
        _panel(draw, left, top + LINE + TILE, entry.actions[frame], recorded)


def _panel(draw: ImageDraw.ImageDraw, left: int, top: int, action: np.ndarray, recorded: Optional[np.ndarray]) -> None:
    """Bars of the six motions about a zero line, the policy's thick, the recorded thin, and the gripper in words."""
    for number, name in enumerate(MOTIONS):
        y = top + 4 + BAR_LINE * number
        _text(draw, left, y, name)
        draw.line((left + ZERO, y, left + ZERO, y + BAR_LINE - 2), AXIS)
        _bar(draw, left + ZERO, y + 2, y + 11, action[number] / ACTION_HIGH[number], POLICY)
        if recorded is not None:
            _bar(draw, left + ZERO, y + 13, y + 17, recorded[number] / ACTION_HIGH[number], RECORDED)
    y = top + 4 + BAR_LINE * len(MOTIONS)
    _text(draw, left, y, "gripper")
    _text(draw, left + 64, y, _gripper(action[6]), colour=POLICY)
    if recorded is not None:
        _text(draw, left + 136, y, _gripper(recorded[6]), colour=RECORDED)


def _bar(draw: ImageDraw.ImageDraw, middle: int, top: int, bottom: int, share: float, colour: Colour) -> None:
    end = middle + round(HALF * float(np.clip(share, -1, 1)))
    draw.rectangle((min(middle, end), top, max(middle, end), bottom), colour)


def _gripper(opening: float) -> str:
    return "open" if opening >= 0.5 else "closed"


def _text(
    draw: Any, left: int, top: int, words: str, size: int = 16, colour: Colour = INK, outline: Optional[Colour] = None
) -> None:
    font = ImageFont.load_default(size)
    draw.text((left, top), words, colour, font=font, stroke_width=2 if outline else 0, stroke_fill=outline)
