"""The one place where a policy is opened by name: a checkpoint folder, that of its run, or the address of a server."""

from pathlib import Path
from typing import Protocol, Sequence, Union

from robot_bridge.interface import Action, Observation
from vptr_policy.address import is_address
from vptr_policy.checkpoint_folder import checkpoint_folder
from vptr_policy.client import RemotePolicy
from vptr_policy.policy import load_policy


class OpenedPolicy(Protocol):
    """An interface.Policy that says what it is."""

    @property
    def tasks(self) -> Sequence[str]:
        """The names of the tasks it knows."""

    @property
    def main_task(self) -> str:
        """What it was made for."""

    @property
    def checkpoint(self) -> str:
        """Names its files (``vptr_policy.checkpoint.digest``)."""

    def reset(self, task: str) -> None:
        """Begin an episode of the named task."""

    def act(self, observation: Observation) -> Action:
        """The action for this observation."""


def open_policy(source: Union[str, Path]) -> OpenedPolicy:
    """The policy at a server's address (http://HOST:PORT), in a checkpoint folder, or in that of its run.

    Raises CheckpointError, ValueError for an address that is none, PolicyLost for a server that does not answer.
    """
    if is_address(source):
        return RemotePolicy(str(source))
    return load_policy(checkpoint_folder(Path(source)))
