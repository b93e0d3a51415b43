"""The names of the folder format in which episodes are recorded; everybody who reads or writes it imports them.

``EPISODE/`` holds

* ``images{c}/000000.jpg``, ...: the pictures of each camera, written before any line that names them;
* ``frames.jsonl``: append-only, a line for each picture: ``{"image": "images0/000000.jpg", "stamp_s": capture time}``.
  Pictures are kept at the rate at which the camera takes them, or one a step;
* ``steps.jsonl``: append-only, one JSON object a line. Line t is what was seen before step t and what was done:
  ``step`` (t), ``images`` (one a camera), ``state`` (7), and ``action`` (7, commanded), ``executed`` (7, what the
  servo made of it), ``label`` (7, to imitate, where it is not ``action``). Everything else may be missing.
  The last line is the observation after the last action and has no action;
* ``pending.json``: while recording, the observation before the step in flight, as a line without an action; replaced
  whole. A recorder that is killed leaves it behind, and recovery makes it the last line;
* ``preview.mp4``: three seconds of film, to look at before judging;
* ``masks.json``: which steps are not to be learned from (idle ones); nothing is ever deleted;
* ``episode.json``: ``{"format": "vptr-episode-1", "task": ..., "success": true or false, "language": ..., ...}``,
  replaced whole; without ``success``, or with null, the episode was not judged; with ``discarded`` true it is not data;
  ``finished`` false is of a recording under way, or of a recorder that was killed. ``summary`` are the numbers that an
  overview of thousands of episodes needs.

A line that does not end is of a recorder that was killed: it is left out.
"""

FORMAT = "vptr-episode-1"
MASKS_FORMAT = "vptr-masks-1"

ABOUT = "episode.json"
STEPS = "steps.jsonl"
FRAMES = "frames.jsonl"
PENDING = "pending.json"
MASKS = "masks.json"
PREVIEW = "preview.mp4"
LOCK = ".recorder.lock"
"""In the folder of all episodes; held by the recorder that writes there."""

STATE, ACTION, EXECUTED, LABEL = "state", "action", "executed", "label"
IMAGES = "images"
STAMP = "stamp_s"
"""When the state before the step was measured [s], on the robot's clock."""
IMAGE_STAMPS = "image_stamps_s"
"""When each of the pictures was captured [s]."""
TARGET = "target"
"""(7,) the commanded pose before the step, as a Bridge state."""
ACHIEVED = "achieved"
"""(7,) the Bridge action that the measured arm made meanwhile."""
JOINTS, JOINT_SPEEDS, EFFORTS = "joints", "joint_speeds", "efforts"
"""(6,) each [rad, rad/s, unit of the driver], measured before the step."""
CLUTCH = "clutch"
"""Whether the operator held the clutch."""
TRACKED = "tracked"
"""Whether the hand was tracked."""
CLAMPS = "clamps"
"""Names of the limits that touched the action."""
LATENCIES = "latencies_s"
"""Name -> seconds."""


def picture_name(camera: int, number: int) -> str:
    """The path of a picture within its episode."""
    return f"images{camera}/{number:06d}.jpg"
