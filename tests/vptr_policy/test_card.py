"""The shipped card says what is true of it."""

from pathlib import Path

import pytest

from vptr_cli.experiments.shipped import SEED, SIZES, Shipped
from vptr_policy.card import Card
from vptr_policy.checkpoint import load_checkpoint

FOLDER = Path(__file__).resolve().parents[2] / "models" / "v-ptr-sim"
OUT = Path("runs/shipped")


@pytest.fixture(scope="module")
def card() -> Card:
    return load_checkpoint(FOLDER)[1]


def test_the_shipped_policy_was_made_by_the_command_that_reproduces_it(card: Card) -> None:
    words = next(part.words for part in Shipped(OUT, SIZES["full"]).parts() if part.name == "v-ptr")
    options = card.training["options"]
    assert card.training["command"].startswith("vptr train v-ptr ") and options["preset"] == "v-ptr"
    for place, name in [(place, word) for place, word in enumerate(words) if word.startswith("--")]:
        made, wanted = options[name[2:].replace("-", "_")], (*words, "--")[place + 1]
        if wanted.startswith("--"):
            assert made is True, name
        else:
            assert made == type(made)([wanted] if isinstance(made, list) else wanted), name


def test_its_card_names_the_data_and_what_it_achieved(card: Card) -> None:
    data = {part.name: part.words for part in Shipped(OUT, SIZES["full"]).parts() if part.name.startswith("data")}
    for kind, key in (("source", "sources"), ("target", "targets")):
        (folder,) = card.data[key]
        assert folder["folder"] == str(OUT / "data" / kind)
        assert folder["plan"]["seed"] == int(data[f"data-{kind}"][data[f"data-{kind}"].index("--seed") + 1])
    assert card.network.pretrained.startswith(f"icvf: {OUT / 'runs' / 'phase1'}")
    for name in ("rollout", "rollout_distractors", "rollout_colours"):
        assert card.metrics[name]["episodes"] == 400 and card.metrics[name]["seed"] == SEED


def test_it_is_small_and_tells_values() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 20e6
    assert (FOLDER / "critic.safetensors").is_file()
