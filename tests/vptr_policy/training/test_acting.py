"""Options that a run would make nothing of are refused, those of the documented commands are not."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
import tyro
from runs import options

from vptr_cli.experiments import generalization, shipped
from vptr_cli.experiments.parts import Part
from vptr_cli.train import COMMANDS
from vptr_policy.training.acting import check_acting
from vptr_policy.training.chain import check_start
from vptr_policy.training.presets import PRESETS, options_class
from vptr_policy.training.robot_options import RobotOptions

TARGET: Dict[str, Any] = {"target": (Path("target"),)}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("target_share", 0.3, "0.3"),
        ("finetune_at", 3, "3"),
        ("target_success_share", 0.9, "0.9"),
        ("target_tasks", "each", "each"),
    ],
)
def test_what_is_of_the_targets_data_beside_the_sources(name: str, value: Any, told: str) -> None:
    flag = "--" + name.replace("_", "-")
    with pytest.raises(
        ValueError, match=rf"^{flag} is {told}, expected nothing, .* no target's data: .* give --target D"
    ):
        check_acting(options(Path("run"), "ptr", **{name: value}))
    with pytest.raises(ValueError, match=rf"^{flag} is {told}, expected nothing, because with --no-source .*--source$"):
        check_acting(options(Path("run"), "ptr", source=False, **TARGET, **{name: value}))
    check_acting(options(Path("run"), "ptr", **TARGET, **{name: value}))


@pytest.mark.parametrize("name", ["success_share", "target_success_share"])
def test_shares_of_successes_where_there_is_nothing_else(name: str) -> None:
    with pytest.raises(ValueError, match=r"-success-share is 0\.9, .* failed demonstrations are left out.*--failures$"):
        check_acting(options(Path("run"), "bc", **TARGET, **{name: 0.9}))
    check_acting(options(Path("run"), "bc", failures=True, **TARGET, **{name: 0.9}))
    check_acting(options(Path("run"), "ptr", **TARGET, **{name: 0.9}))


def test_video_of_a_preset_that_pre_trains_nothing() -> None:
    with pytest.raises(
        ValueError, match="--video is clips, expected nothing, because ptr has no pre-training: leave it"
    ):
        check_acting(options(Path("run"), "ptr", video=(Path("clips"),)))
    check_acting(options(Path("run"), "ptr", video=(Path("clips"),), pretraining="icvf"))


@pytest.mark.parametrize("scale", ["small", "paper"])
@pytest.mark.parametrize("preset", [name for name, one in PRESETS.items() if issubclass(one.options, RobotOptions)])
def test_no_preset_is_refused_for_its_own_defaults(preset: str, scale: str) -> None:
    check_acting(options_class(preset, scale)(data=(Path("data"),), out=Path("run")))  # type: ignore[arg-type, call-arg]


def _experiments() -> List[Part]:
    cases = [(setting, size) for setting in generalization.SETTINGS for size in generalization.SIZES.values()]
    found = [generalization.Generalization(Path("out"), *case).parts() for case in cases]
    return [*shipped.Shipped(Path("out"), shipped.SIZES["full"]).parts(), *(part for parts in found for part in parts)]


def test_the_trainings_of_the_experiments_are_fine() -> None:
    trainings = [part.words for part in _experiments() if part.words[0] == "train"]
    assert len(trainings) > 20
    for _, preset, *words in trainings:
        command, _, rest = COMMANDS[preset].select(list(words))
        chosen = tyro.cli(command.__annotations__["options"], args=rest)
        if isinstance(chosen, RobotOptions):
            check_start(chosen)
