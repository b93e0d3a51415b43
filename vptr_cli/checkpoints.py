"""Policies as options name them: the shipped one, a checkpoint, a run of `vptr train`, the scripted expert."""

from pathlib import Path

from robot_bridge.share import share_path
from vptr_policy.checkpoint_folder import checkpoint_folder


def shipped_policy() -> Path:
    """The checkpoint that comes with the package."""
    return share_path("models/v-ptr-sim")


def find_policy(name: str) -> str:
    """What a rollout calls the policy of that name: "expert", or the folder of "shipped", of a checkpoint or a run.

    Raises CheckpointError where there is none.
    """
    from eval_protocol.rollout import EXPERT

    if name == EXPERT:
        return name
    return str(checkpoint_folder(shipped_policy() if name == "shipped" else Path(name)))
