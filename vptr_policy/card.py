"""What a checkpoint says about itself, and the strict reading of it."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW, IMAGE_SIZE
from vptr_policy.actions import CLIP
from vptr_policy.checkpoint_folder import CARD, CheckpointError
from vptr_policy.meant import meant
from vptr_policy.networks.config import CRITIC_CONDITIONS, NetworkConfig
from vptr_policy.networks.encoders import ENCODERS
from vptr_policy.resize import DESCRIPTION

FORMAT = "vptr-policy-1"
WIDEST = 65536
"""More units in a layer than this are no network but a damaged number."""
REMEDY = "copy the whole checkpoint folder again, or train it again with `vptr train bc`"


def _actions() -> Dict[str, Any]:
    return {
        "low": ACTION_LOW.tolist(),
        "high": ACTION_HIGH.tolist(),
        "clip": CLIP,
        "units": "metres and radians per 0.2 s step in base_link, gripper opening 0..1",
    }


def _preprocessing() -> Dict[str, Any]:
    return {"image_size": IMAGE_SIZE, "resize": DESCRIPTION, "state": "standardised by buffers of the network"}


@dataclass(frozen=True)
class Card:
    """What a checkpoint says about itself."""

    algorithm: Dict[str, Any]
    """name and options of the training algorithm"""
    network: NetworkConfig
    tasks: Tuple[str, ...]
    """names, in the order of the one-hot task id where there is one"""
    gripper: str = "binary"
    """binary: the opening is rounded to 0 or 1; continuous: it is sent as it is"""
    preprocessing: Dict[str, Any] = field(default_factory=_preprocessing)
    actions: Dict[str, Any] = field(default_factory=_actions)
    data: Dict[str, Any] = field(default_factory=dict)
    training: Dict[str, Any] = field(default_factory=dict)
    """command, git SHA, steps, seconds, versions"""
    metrics: Dict[str, Any] = field(default_factory=dict)
    language: Dict[str, Any] = field(default_factory=dict)
    """of a policy that is told its task in words: ``texts`` whose embeddings it keeps, the text of each of the
    ``tasks``, and the hash of the sentence ``model``; empty for one-hot task ids"""
    aliases: Dict[str, str] = field(default_factory=dict)
    """other names of tasks, asked for first: what the target's data call the task that they are, and ``source/NAME``"""
    files: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    """name -> sha256 and bytes, filled in by save"""
    format: str = FORMAT

    @property
    def main_task(self) -> str:
        """What the policy was made for: the first task of the target's data, where there were any; else of all."""
        return str([*self.data.get("target_tasks", ()), *self.tasks][0])


OBJECTS = (
    "algorithm",
    "network",
    "preprocessing",
    "actions",
    "data",
    "training",
    "metrics",
    "language",
    "aliases",
    "files",
)


def read_card(folder: Path) -> Card:
    """The card of a checkpoint folder, checked for shape but not against the files' hashes; raises CheckpointError."""
    path = Path(folder) / CARD
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CheckpointError(
            f"no checkpoint at {folder}: {CARD} is missing (a checkpoint is a folder with {CARD} and its weights)"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): expected a file; {REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not JSON ({error}); {REMEDY}") from error
    return _parse(path, loaded)


def _parse(path: Path, loaded: Any) -> Card:
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        found = loaded.get("format") if isinstance(loaded, dict) else type(loaded).__name__
        raise CheckpointError(f"{path}: expected format {FORMAT!r}, found {_short(found)}; {REMEDY}")
    unknown = sorted(set(loaded) - {entry.name for entry in fields(Card)})
    if unknown:
        raise CheckpointError(f"{path}: unknown keys {unknown}; was it written by a newer version?")
    for name in ("algorithm", "network", "tasks"):
        _expect(path, name, loaded.get(name), name in loaded, "an entry of this name")
    for name in OBJECTS:
        value = loaded.get(name, {})
        _expect(path, name, value, isinstance(value, dict), "an object {...}")
    network, tasks = parse_network(path, loaded["network"]), loaded["tasks"]
    named = isinstance(tasks, list) and all(isinstance(task, str) and task for task in tasks)
    _expect(path, "tasks", tasks, named and len(tasks) == len(set(tasks)), "a list of different names")
    card = Card(**{**loaded, "network": network, "tasks": tuple(tasks)})
    _check_files(path, card.files)
    _check_meaning(path, card)
    return card


def parse_network(path: Path, loaded: Dict[str, Any]) -> NetworkConfig:
    """The shape of a network from the card at ``path``; raises CheckpointError."""
    names = {entry.name for entry in fields(NetworkConfig)}
    _expect(path, "network", sorted(loaded), set(loaded) <= names and "tasks" in loaded, f"of the keys {sorted(names)}")
    default = NetworkConfig(tasks=1)
    encoder = loaded.get("encoder", default.encoder)
    if encoder not in list(ENCODERS):
        known = ", ".join(ENCODERS)
        raise CheckpointError(
            f"{path}: network.encoder is {_short(encoder)}, expected one of {known}{meant(str(encoder), ENCODERS)}"
        )
    values = {**asdict(default), "hidden": list(default.hidden), **loaded}
    for name, (is_good, expected) in NETWORK_CHECKS.items():
        _expect(path, f"network.{name}", values[name], is_good(values[name]), expected)
    return NetworkConfig(**{**values, "hidden": tuple(values["hidden"])})


def _check_files(path: Path, files: Dict[str, Any]) -> None:
    for name, entry in files.items():
        plain = bool(name) and Path(name).name == name and name not in (CARD, "..")
        _expect(path, "files", name, plain, f"names of files beside {CARD}")
        good = isinstance(entry, dict) and set(entry) == {"sha256", "bytes"}
        _expect(
            path, f"files.{name}", entry, good and isinstance(entry["sha256"], str), '{"sha256": ..., "bytes": ...}'
        )


def _check_meaning(path: Path, card: Card) -> None:
    if card.language:
        _check_language(path, card)
    elif len(card.tasks) != card.network.tasks:
        raise CheckpointError(
            f"{path}: {len(card.tasks)} task names for a network of {card.network.tasks} tasks, "
            f"expected as many; {REMEDY}"
        )
    for key, ours in _actions().items():
        _expect(path, f"actions.{key}", card.actions.get(key), card.actions.get(key) == ours, str(ours))
    if card.preprocessing != _preprocessing():
        raise CheckpointError(
            f"{path}: the policy expects pictures prepared as {_short(card.preprocessing)}, "
            f"this version prepares them as {_preprocessing()}; {REMEDY}"
        )
    known = all(_is_text(name) and name in card.tasks for name in card.aliases.values())
    _expect(path, "aliases", card.aliases, known, "names of tasks for other names")
    _expect(path, "gripper", card.gripper, card.gripper in ("binary", "continuous"), "binary or continuous")


def _check_language(path: Path, card: Card) -> None:
    texts, tasks, model = (card.language.get(name) for name in ("texts", "tasks", "model"))
    named = isinstance(texts, list) and bool(texts) and all(isinstance(text, str) for text in texts)
    _expect(path, "language.texts", texts, named, "a list of sentences")
    told = isinstance(tasks, dict) and sorted(tasks) == sorted(card.tasks) and set(tasks.values()) <= set(texts or ())
    _expect(path, "language.tasks", tasks, told, "one of the texts for each of the tasks")
    _expect(path, "language.model", model, isinstance(model, str), "the hash of a sentence model")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and 1 <= value <= WIDEST


def _is_side(value: Any) -> bool:
    return _is_size(value) or (value == 0 and _is_whole(value))


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(_is_size(size) for size in value)


NETWORK_CHECKS: Dict[str, Tuple[Callable[[Any], bool], str]] = {
    "tasks": (_is_size, "a whole number from 1 on"),
    "hidden": (_are_sizes, "a list of whole numbers from 1 on"),
    "width": (lambda value: _is_size(value) and value % 8 == 0, "a multiple of 8"),
    "frozen": (lambda value: isinstance(value, bool), "true or false"),
    "batch_statistics": (lambda value: isinstance(value, bool), "true or false"),
    "symmetric_padding": (lambda value: isinstance(value, bool), "true or false"),
    "image_side": (_is_side, "a whole number, 0 for pictures as they come"),
    "embedding": (_is_side, "a whole number, 0 for none"),
    "bottleneck": (_is_side, "a whole number, 0 for none"),
    "dropout": (_is_share, "a number from 0 to less than 1"),
    "critic_condition": (lambda value: value in list(CRITIC_CONDITIONS), "one of " + ", ".join(CRITIC_CONDITIONS)),
    "critic_state": (lambda value: isinstance(value, bool), "true or false"),
    "pretrained": (lambda value: isinstance(value, str), "a text, empty for random weights"),
}


def _expect(path: Path, name: str, value: Any, good: bool, expected: str) -> None:
    if not good:
        raise CheckpointError(f"{path}: {name} is {_short(value)}, expected {expected}; {REMEDY}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
