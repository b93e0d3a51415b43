"""Options that a run would make nothing of are refused, those of the documented commands are not."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
import tyro
from clips import write_clips
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


@pytest.mark.parametrize(
    ("name", "value", "why", "remedy", "acting"),
    [
        ("imitate", "achieved", "no behaviour-cloning term", "give --bc-weight", {"bc_weight": 1.0}),
        ("bc_loss", "likelihood", "no behaviour-cloning term", "give --bc-weight", {"bc_weight": 1.0}),
        ("sentence_model", Path("model"), "no task is told in words", "give --language", {"language": True}),
        ("image_side", 64, "convolutional has a side of its own", "take --encoder r", {"encoder": "resnetv2-50"}),
        ("evaluate_episodes", 3, "nothing is evaluated", "give --evaluate-every", {"evaluate_every": 2}),
        ("evaluate_seed", 3, "nothing is evaluated", "give --evaluate-every", {"evaluate_every": 2}),
    ],
)
def test_what_is_of_something_that_is_not_done(
    name: str, value: Any, why: str, remedy: str, acting: Dict[str, Any]
) -> None:
    message = rf"^--{name.replace('_', '-')} is {value}, expected nothing, because .*{why}: leave it out, or {remedy}"
    with pytest.raises(ValueError, match=message):
        check_acting(options(Path("run"), "ptr", **{name: value}))
    check_acting(options(Path("run"), "ptr", **acting, **{name: value}))


def test_the_side_of_a_given_encoders_pictures_is_not_known_yet() -> None:
    check_acting(options(Path("run"), "ptr", image_side=64), Path("phase1"))


def test_a_share_of_the_target_that_no_batch_would_hold() -> None:
    with pytest.raises(ValueError, match=r"^--target-share is 1e-09, expected at least 1e-06: no batch would hold any"):
        check_acting(options(Path("run"), "ptr", target_share=1e-9, **TARGET))
    check_acting(options(Path("run"), "ptr", target_share=1e-6, **TARGET))


def test_video_of_a_preset_that_pre_trains_nothing() -> None:
    with pytest.raises(
        ValueError, match="--video is clips, expected nothing, because ptr has no pre-training: leave it"
    ):
        check_acting(options(Path("run"), "ptr", video=(Path("clips"),)))
    check_acting(options(Path("run"), "ptr", video=(Path("clips"),), pretraining="icvf"))


def test_video_beside_an_encoder_that_has_learned(tmp_path: Path) -> None:
    given = options(tmp_path / "run", "v-ptr", video=(Path("clips"),), pretrained=Path("phase1"))
    with pytest.raises(
        ValueError, match="--video is clips, expected nothing, because the encoder in phase1 has learned"
    ):
        check_start(given)
    (tmp_path / "before" / "video").mkdir(parents=True)
    given = options(tmp_path / "run", "v-ptr", video=(Path("clips"),), start=tmp_path / "before")
    with pytest.raises(ValueError, match=r"because the encoder in .*before/video has learned already: leave it out"):
        check_start(given)
    (tmp_path / "before" / "video").rmdir()
    with pytest.raises(FileNotFoundError, match=r"clips: no clips-\*\.tar here"):
        check_start(given)  # before any picture of the robot is decoded
    clips = write_clips(tmp_path / "clips", 0)
    check_start(options(tmp_path / "run", "v-ptr", video=(clips,), start=tmp_path / "before"))


def test_a_resnet_50_of_random_weights_has_no_statistics_to_keep(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"--encoder is resnet-50, expected a pre-trained one: .* --pretrained, or take"
    ):
        check_start(options(tmp_path / "run", "ptr", encoder="resnet-50"))
    check_start(options(tmp_path / "run", "ptr", encoder="resnet-50", width=24, pretrained=Path("model.pt")))


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
