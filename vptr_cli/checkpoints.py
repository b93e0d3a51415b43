"""Policies as options name them: the shipped one, a checkpoint, a run of `vptr train`, a server, the expert."""

from pathlib import Path

from robot_bridge.share import share_path
from vptr_policy.address import is_address
from vptr_policy.checkpoint_folder import checkpoint_folder


def shipped_policy() -> Path:
    """The checkpoint that comes with the package."""
    return share_path("models/v-ptr-sim")


def find_policy(name: str) -> str:
    """What a rollout calls the policy of that name: "expert", an address, or the folder of a checkpoint.

    Raises CheckpointError where there is none.
    """
    from eval_protocol.rollout import EXPERT

    if name == EXPERT or is_address(name):
        return name
    return str(checkpoint_folder(shipped_policy() if name == "shipped" else Path(name)))
