"""Policies as options name them: the shipped one, a checkpoint, a run of `vptr train`, a server, the expert."""

from pathlib import Path
from typing import Sequence, Tuple

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
    return str(find_checkpoint(name))


def find_checkpoint(name: str) -> Path:
    """The checkpoint of that name: "shipped", its folder, or that of its run; raises CheckpointError."""
    return checkpoint_folder(shipped_policy() if name == "shipped" else Path(name))


def known_to_all(tasks: Sequence[str], policies: Sequence[str]) -> Tuple[str, ...]:
    """Those of the tasks that all of the policies know, the policies as ``find_policy`` names them.

    Raises:
        ValueError: where there is none.
        CheckpointError: where a checkpoint cannot be read.
        PolicyLost: where a server does not answer.
    """
    known = [name for name in tasks if all(name in _known(policy, tasks) for policy in policies)]
    if not known:
        raise ValueError(f"no task of {', '.join(tasks)} is known to all of these policies: name tasks by --task")
    return tuple(known)


def _known(policy: str, tasks: Sequence[str]) -> Sequence[str]:
    from eval_protocol.rollout import EXPERT
    from vptr_policy.card import read_card
    from vptr_policy.client import RemotePolicy

    if policy == EXPERT:
        return tasks
    if not is_address(policy):
        card = read_card(Path(policy))
        return [*card.tasks, *card.aliases]
    served = RemotePolicy(policy)
    served.close()
    return [*served.tasks, *served.metadata.get("aliases", {})]
