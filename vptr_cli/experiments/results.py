"""The results of `vptr sim evaluate` that count: of the weights that are there now, in the scenes asked for."""

from itertools import product
from pathlib import Path
from typing import Any, Dict, List, Sequence

from vptr_cli.checkpoints import known_to_all
from vptr_cli.evaluate import identify
from vptr_cli.limits import choose_tasks
from vptr_cli.lines import whole_rows
from vptr_policy.checkpoint_folder import CARD

KEYS = ("policy", "variant", "episodes", "seed", "steps", "checkpoint", "outcomes")
"""What every line has."""


def read_results(path: Path, policies: Sequence[Path], episodes: int, seed: int, steps: int) -> List[Dict[str, Any]]:
    """The lines of a file of results about checkpoint folders as they are now; none where there is no file."""
    rows = whole_rows(path, KEYS, "remove the line: the part that evaluates makes up for it")
    asked = {"episodes": episodes, "seed": seed, "steps": steps}
    names = {str(policy) for policy in policies}
    found = [row for row in rows if row["policy"] in names and all(row[key] == asked[key] for key in asked)]
    weights = {name: identify(name) for name in {row["policy"] for row in found}}
    return [row for row in found if row["checkpoint"] == weights[row["policy"]]]


def is_evaluated(
    path: Path,
    policies: Sequence[Path],
    tasks: Sequence[str],
    variants: Sequence[str],
    episodes: int,
    seed: int,
    steps: int,
) -> bool:
    """Whether a file has the results of all of these conditions, of the checkpoints that are there now.

    ``tasks`` empty: those that the policies know, as `vptr sim evaluate` takes them.
    """
    if not path.is_file() or not all((policy / CARD).is_file() for policy in policies):
        return False
    names = [str(policy) for policy in policies]
    rows = read_results(path, policies, episodes, seed, steps)
    found = {(row["policy"], row.get("task"), row["variant"]) for row in rows}
    return found >= set(product(names, tasks or known_to_all(choose_tasks(()), names), variants))
