"""What a checkpoint is, told without braces."""

from dataclasses import replace
from pathlib import Path

from vptr_policy.card import Card, read_card
from vptr_policy.description import describe, duration, successes, words
from vptr_policy.networks.config import NetworkConfig

SHIPPED = read_card(Path(__file__).resolve().parents[2] / "models" / "v-ptr-sim")


def test_the_shipped_policy_is_told_in_lines_of_words() -> None:
    text = "\n".join(describe(SHIPPED, 416_000))
    assert not set("{}[]'") & set(text)
    for told in ("cql (alpha 1", "bc weight 20", "begun from icvf", "0.42 M", "67,428 transitions", "1 h 22 min"):
        assert told in text
    rollout = SHIPPED.metrics["rollout"]
    assert f"{rollout['successes']}/{rollout['episodes']}" in text and rollout["command"] in text


def test_a_card_that_says_little_is_told_too() -> None:
    card = replace(SHIPPED, algorithm={}, data={}, training={}, metrics={"rollout": {}, "success": 0.51234})
    lines = describe(card, 1)
    assert "data:       unknown" in lines and "metrics:    success 0.5123" in lines
    assert "vptr policy record" in lines[-1]
    assert successes({})[0].startswith("successes:  not recorded")


def test_what_came_before_is_told() -> None:
    before = {"data": {}, "training": {"command": "vptr train icvf --seed 3", "steps": 5000, "seconds": 61}}
    card = Card(
        {"name": "cql"}, NetworkConfig(1), ("a",), training={"command": "vptr train cql", "pretraining": before}
    )
    lines = describe(card, 1)
    place = lines.index("trained:    by `vptr train cql`")
    assert lines[place + 1 : place + 3] == [
        "encoder:    by `vptr train icvf --seed 3`",
        " " * 12 + "5,000 steps in 1 min 1 s",
    ]


def test_the_time_of_a_run_that_went_on_is_that_of_its_own_steps() -> None:
    training = {"command": "vptr train cql", "steps": 7000, "seconds": 61, "start": {"step": 6000, "seconds": 900.0}}
    card = Card({"name": "cql"}, NetworkConfig(1), ("a",), training=training)
    assert " " * 12 + "7,000 steps (those after 6,000 in 1 min 1 s)" in describe(card, 1)


def test_a_critic_that_sees_proprioception_is_told() -> None:
    told = [
        "\n".join(describe(replace(SHIPPED, network=replace(SHIPPED.network, critic_state=state)), 1))
        for state in (True, False)
    ]
    assert ["critic sees proprioception" in text for text in told] == [True, False]


def test_values_are_told_as_one_says_them() -> None:
    assert words({"learning_rate": 0.0001, "hidden": [256, 256], "cache": None, "failures": False}) == (
        "learning rate 0.0001, hidden 256 256, cache none, failures no"
    )
    assert (duration(62), duration(7320)) == ("1 min 2 s", "2 h 2 min")
