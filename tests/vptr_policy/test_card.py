"""The shipped card says what is true of it."""

from pathlib import Path

from vptr_policy.checkpoint import load_checkpoint

FOLDER = Path(__file__).resolve().parents[2] / "models" / "bc-sim"


def test_the_shipped_policy_names_the_commands_that_made_it() -> None:
    card = load_checkpoint(FOLDER)[1]
    plan = card.data["plan"]
    expected = f"vptr sim generate --out data/bc --episodes {plan['episodes']} --seed {plan['seed']} --workers 2"
    assert card.data["command"] == expected
    assert card.data["folder"] == "data/bc" and "--data data/bc" in card.training["command"]
