"""The presets: each a command, whose defaults follow the scale."""

import shlex
from pathlib import Path
from typing import Any, Dict, List

import pytest
import tyro

from vptr_cli.main import main
from vptr_cli.train import COMMANDS
from vptr_policy.training.chain import pretraining
from vptr_policy.training.presets import PRESETS, options_class
from vptr_policy.training.robot_options import RobotOptions

PATHS: Dict[str, Any] = {"out": Path("run")}


def _options(name: str, scale: str = "small", **changes: Any) -> Any:
    chosen = options_class(name, scale)
    paths = {"data": (Path("data"),)} if issubclass(chosen, RobotOptions) else {"video": (Path("clips"),)}
    return chosen(**{**paths, **PATHS, "scale": scale, **changes})  # type: ignore[call-arg]


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("scale", ["small", "paper"])
def test_the_command_of_a_preset_gives_its_options_again(name: str, scale: str) -> None:
    options = _options(name, scale, seed=3, log_every=7)
    words = shlex.split(options.command())
    assert words[:3] == ["vptr", "train", name]
    command, suffix, rest = COMMANDS[name].select(words[3:])
    assert suffix == "" and tyro.cli(command.__annotations__["options"], args=rest) == options
    assert ("--scale" in words) == (scale == "paper")


def test_the_papers_systems_are_what_the_paper_says() -> None:
    assert (_options("v-ptr").pretraining, _options("v-ptr").alpha) == ("icvf", 5.0)
    assert _options("ptr").pretraining == "" and _options("ptr").alpha == 10.0
    assert not _options("v-ptr-no-phase-2").source and _options("v-ptr").source
    assert _options("vip-frozen-cql").frozen and not _options("vip-cql").frozen and _options("mvp-bc").frozen
    told = {name: getattr(_options(name), "language", False) for name in PRESETS}
    assert {name for name, language in told.items() if language} == {"v-ptr-language", "ptr-language", "bc-language"}
    paper = _options("v-ptr", "paper")
    assert (paper.steps, paper.batch, paper.encoder, paper.learning_rate) == (400_000, 64, "resnetv2-50", 1e-4)
    hidden = {name: _options(name, "paper").hidden for name in ("v-ptr", "v-ptr-language", "ptr", "vip-cql")}
    assert hidden.pop("v-ptr") == hidden.pop("v-ptr-language") == (1024,) * 3 and set(hidden.values()) == {(256,) * 3}
    assert {_options(name).critic_condition for name in ("v-ptr", "ptr", "cql")} == {"pixels"}, "the public code's"
    icvf = _options("icvf", "paper")
    assert (icvf.steps, icvf.learning_rate, icvf.schedule, icvf.side) == (2_000_000, 1e-4, "cosine", 224)
    assert _options("v-ptr", "paper", steps=7).steps == 7


CHAINED = [name for name in PRESETS if getattr(_options(name), "pretraining", "")]


@pytest.mark.parametrize("name", CHAINED)
def test_within_a_run_an_encoder_is_pretrained_as_by_its_own_preset(name: str) -> None:
    chosen = _options(name, "paper", video=(Path("clips"),))
    alone = _options(chosen.pretraining, "paper", video=(Path("clips"),), out=Path("run/video"))
    assert pretraining(chosen) == alone, "at the paper's scale nothing is another's"
    small = _options(name, video=(Path("clips"),), steps=77, seed=3)
    alone = _options(small.pretraining, video=(Path("clips"),), out=Path("run/video"), steps=77, seed=3)
    assert pretraining(small) == alone, "at the small scale as long as the robot phases"


def test_the_policy_of_vips_reward_is_that_of_its_appendix() -> None:
    chosen = _options("vip-reward", "paper")
    assert (chosen.steps, chosen.batch, chosen.learning_rate) == (20_000, 32, 1e-3)
    assert (chosen.hidden, chosen.warm_up, chosen.schedule, chosen.temperature) == ((256, 256), 0, "constant", 0.1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vptr"], "no preset 'vptr'; did you mean 'v-ptr'?"),
        (["bc", "--scale", "papr", "--data", "d", "--out", "o"], "no scale 'papr'; did you mean 'paper'?"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest(words: List[str], message: str, capsys: Any) -> None:
    assert main(["train", *words]) != 0
    if words[0] in PRESETS:
        assert message in capsys.readouterr().err
    else:
        assert "Did you mean 'v-ptr'?" in capsys.readouterr().err
        with pytest.raises(ValueError, match=message):
            options_class(words[0])


def test_help_shows_the_defaults_of_the_scale(capsys: Any) -> None:
    texts = []
    for words in ([], ["--scale", "paper"], ["--scale=paper"]):
        with pytest.raises(SystemExit):
            main(["train", "v-ptr", *words, "--help"])
        texts.append(" ".join(capsys.readouterr().out.replace("│", " ").split()))
    assert "(default: 10000)" in texts[0] and "(default: 400000)" in texts[1] and texts[1] == texts[2]
    assert " options ---" in texts[0] and "options options" not in texts[0]
