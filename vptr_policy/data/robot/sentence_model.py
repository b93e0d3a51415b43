"""What a folder of sentence-transformers may hold, so that loading it runs nothing of the folder's choosing.

Some versions of that library import whatever class ``modules.json`` names, also from outside of the library; some of
its modules import what their own settings name; and weights that are no safetensors are unpickled.
"""

import json
from pathlib import Path
from typing import Any, Dict, List

MARK = "modules.json"
"""What a folder of sentence-transformers has."""
LIBRARY, ACTIVATIONS = "sentence_transformers.", "torch.nn."
WEIGHTS = {"Transformer": ("model.safetensors", "model.safetensors.index.json"), "Dense": ("model.safetensors",)}
"""Modules that have weights, and the files of which one must be there."""
MODULES = (*WEIGHTS, "Pooling", "Normalize")
"""Modules made of settings and of such weights alone, a Dense's activation apart."""
WITHOUT_PICKLES = {"use_safetensors": True}
"""For the library: how it has the weights of a Transformer loaded."""


def check_model(folder: Path) -> None:
    """Raises ValueError where ``folder`` is no model of sentence-transformers, or loading it might run other code."""
    if not (folder / MARK).is_file():
        raise ValueError(f"{folder}: no sentence-transformers model here, expected a folder with {MARK}")
    for module in _modules(folder / MARK):
        _check_module(folder, str(module.get("type")), str(module.get("path")))


def _check_module(folder: Path, kind: str, path: str) -> None:
    name, home = kind.rpartition(".")[2], folder / path
    if not kind.startswith(LIBRARY) or name not in MODULES:
        raise ValueError(
            f"{folder / MARK} names the module {kind}, expected modules of {LIBRARY[:-1]} and of these alone: "
            f"{', '.join(MODULES)}. Others might run code that the folder chooses; take another model"
        )
    if name == "Transformer" and path:
        raise ValueError(
            f"{folder / MARK} has its Transformer in {path}, expected in the folder itself; take a model "
            "that was saved by sentence-transformers 2 or later"
        )
    if name == "Dense":
        activation = str(_read(home / "config.json", dict).get("activation_function"))
        if not activation.startswith(ACTIVATIONS):
            raise ValueError(
                f"{home / 'config.json'} names the activation_function {activation}, expected one of "
                f"{ACTIVATIONS[:-1]}: any other might run code that the folder chooses; take another model"
            )
    if name in WEIGHTS and not any((home / weights).is_file() for weights in WEIGHTS[name]):
        raise ValueError(
            f"{home} has no {WEIGHTS[name][0]}, which its {name} needs: pickles such as pytorch_model.bin can run code "
            "and are not loaded. Take the model with its safetensors"
        )


def _modules(path: Path) -> List[Dict[str, Any]]:
    modules = _read(path, list)
    if not all(isinstance(module, dict) for module in modules):
        raise ValueError(f"{path} is not what it should be, expected a list of modules; take the model anew")
    return list(modules)


def _read(path: Path, kind: type) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({error}); take the model anew") from error
    if not isinstance(content, kind):
        raise ValueError(f"{path} is not what it should be, expected a JSON {kind.__name__}; take the model anew")
    return content
