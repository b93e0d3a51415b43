"""A few seconds of film of an episode, to look at before it is accepted."""

import os
from fractions import Fraction
from pathlib import Path
from typing import List

import numpy as np

from robot_bridge.images import decode_image
from robot_bridge.recording import format as names
from robot_bridge.recording.log import read_lines

SECONDS, RATE = 3.0, 15
WIDTH = 320
PREVIEW = names.PREVIEW


def write_preview(folder: Path, path: Path, seconds: float = SECONDS, camera: int = 0) -> int:
    """Write the film (H.264 mp4) of the pictures of an episode's steps; returns how many it shows.

    Pictures are left out or repeated so that the film takes ``seconds``, whatever the episode took. The file is there
    whole or not at all. Raises ValueError where there is no picture.
    """
    pictures = film_pictures(folder, seconds, camera)
    if not pictures:
        raise ValueError(f"{folder}: no step with a picture of camera {camera} was recorded")
    part = path.with_name(path.name + ".part")
    _encode(part, pictures)
    os.replace(str(part), str(path))
    return len(set(pictures))


def film_pictures(folder: Path, seconds: float = SECONDS, camera: int = 0) -> List[Path]:
    """The picture files of an episode's film, one each 1/15 s; none where no step has a picture."""
    pictures = step_pictures(folder, camera)
    if not pictures:
        return []
    shown = np.linspace(0, len(pictures) - 1, max(round(seconds * RATE), 1)).round().astype(int)
    return [pictures[number] for number in shown]


def step_pictures(folder: Path, camera: int = 0) -> List[Path]:
    """The picture files that the steps of an episode begin with."""
    found = []
    for line in read_lines(folder / names.STEPS):
        images = line.get(names.IMAGES) or []
        if camera < len(images):
            found.append(folder / str(images[camera]))
    return found


def _encode(path: Path, pictures: List[Path]) -> None:
    import av

    first = decode_image(pictures[0].read_bytes())
    width = min(WIDTH, first.shape[1]) // 2 * 2
    height = max(2, round(first.shape[0] * width / first.shape[1] / 2) * 2)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "28", "threads": "1"}
        for number, file in enumerate(pictures):
            image = first if number == 0 else decode_image(file.read_bytes())
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(width, height, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
