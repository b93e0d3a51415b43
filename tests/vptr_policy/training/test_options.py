"""Options and the command line that gives them."""

import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any, Dict, Type

import pytest
import tyro

from vptr_policy.training.options import LoopOptions
from vptr_policy.training.presets import PRESETS, options_class
from vptr_policy.training.robot_options import BCOptions, CQLOptions, RobotOptions, RWROptions
from vptr_policy.training.video_options import EmbeddingOptions, ICVFOptions


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 7, "hours": 0.5, "failures": True, "bfloat16": False},
        {"hidden": (64, 32, 16), "out": Path("a folder/run"), "colour": 0.0},
        {"data": (Path("one"), Path("two"))},
    ],
)
def test_the_command_gives_the_same_options_again(changes: Dict[str, Any]) -> None:
    options = BCOptions(**{"data": (Path("data"),), "out": Path("run"), **changes})
    words = shlex.split(options.command())
    assert words[:3] == ["vptr", "train", "bc"]
    assert tyro.cli(BCOptions, args=words[3:]) == options


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "--steps is 0, expected at least 1"),
        ({"save_every": 0}, "--save-every is 0"),
        ({"averaging": 1.0}, "--averaging is 1.0"),
        ({"hours": -1.0}, "--hours is -1.0"),
        ({"schedule": "linear"}, "--schedule is linear, expected constant or cosine"),
    ],
)
def test_what_cannot_be_is_refused(changes: Dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BCOptions((Path("data"),), Path("run"), **changes)


KINDS = (BCOptions, CQLOptions, RWROptions, ICVFOptions, EmbeddingOptions)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_has_a_limit(kind: Type[LoopOptions]) -> None:
    numbers = {entry.name for entry in fields(kind) if "float" in str(entry.type) or "int" in str(entry.type)}
    assert numbers == set(kind.LIMITS)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("preset", "name", "values", "expected"),
    [
        ("cql", "learning_rate", (-1.0, 0.0, NAN, INF), "more than 0"),
        ("cql", "critic_learning_rate", (-1.0, NAN), "more than 0"),
        ("cql", "alpha", (-1.0, NAN), "at least 0"),
        ("cql", "bc_weight", (-3.0,), "at least 0"),
        ("cql", "warm_up", (-5,), "at least 0"),
        ("cql", "success_share", (-0.1, 1.5, NAN), "at least 0 and at most 1"),
        ("bc", "target_success_share", (-0.1, 1.5, NAN), "at least 0 and at most 1"),
        ("cql", "actor_warm_up", (-5,), "at least 0"),
        ("cql", "target_rate", (5.0, 0.0), "more than 0 and at most 1"),
        ("cql", "initial_temperature", (0.0, -1.0, NAN), "more than 0"),
        ("cql", "dropout", (2.0, 1.0, -0.1), "at least 0 and less than 1"),
        ("cql", "hidden", ((256, 0), (-4,)), "at least 1 and at most 65536"),
        ("cql", "colour", (-1.0, 50.0, NAN), "at least 0 and at most 1"),
        ("cql", "image_side", (-3, 5), "0 or at least 32 and at most 4096"),
        ("cql", "threads", (0, -2), "at least 1"),
        ("cql", "shift", (-1, 200), "at least 0 and at most 64"),
        ("cql", "seed", (-1, 2**63), "at least 0"),
        ("cql", "width", (0, 20, -8), "a multiple of 8, at least 8"),
        ("cql", "bottleneck", (-1,), "at least 0"),
        ("cql", "weight_decay", (-1.0, NAN), "at least 0"),
        ("cql", "reward_scale", (0.0, -1.0, NAN), "more than 0"),
        ("cql", "reward_shift", (NAN, INF), "a finite number"),
        ("cql", "final_steps", (0,), "at least 1"),
        ("cql", "evaluate_every", (-1,), "at least 0"),
        ("cql", "evaluate_episodes", (0,), "at least 1"),
        ("cql", "video_batch", (0,), "at least 1"),
        ("cql", "discount", (1.0, -0.1), "at least 0 and less than 1"),
        ("vip-reward", "temperature", (-1.0, NAN), "at least 0"),
        ("icvf", "expectile", (2.0, -1.0, 0.0, 1.0), "more than 0 and less than 1"),
        ("icvf", "discount", (1.5, 1.0), "at least 0 and less than 1"),
        ("icvf", "target_rate", (7.0,), "more than 0 and at most 1"),
        ("icvf", "layers", (0, -1), "at least 1"),
        ("icvf", "heads", (0,), "at least 1"),
        ("icvf", "crop", (0.0, 1.5), "more than 0 and at most 1"),
        ("icvf", "side", (8,), "at least 32"),
        ("vip", "negatives", (0,), "at least 1"),
        ("vip", "discount", (2.0,), "at least 0 and less than 1"),
        ("vip", "embedding", (-1,), "at least 0"),
        ("vip", "l1", (-1.0, NAN), "at least 0"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(preset: str, name: str, values: Any, expected: str) -> None:
    for value in values:
        told = " ".join(map(str, value)) if isinstance(value, tuple) else value
        with pytest.raises(ValueError, match=f"--{name.replace('_', '-')} is {told}, expected {expected}"):
            _of(preset, **{name: value})


def test_a_run_among_its_data_is_refused(tmp_path: Path) -> None:
    there, beside = tmp_path / "data", tmp_path / "data-of-mine"
    for preset, name in (("bc", "data"), ("bc", "target"), ("v-ptr", "video"), ("icvf", "video")):
        for out in (there, there / "runs" / "bc", tmp_path / "elsewhere" / ".." / "data"):
            with pytest.raises(ValueError, match=f"--out is {out}, expected a folder outside of {there}"):
                _of(preset, **{name: (there,), "out": out})
        assert _of(preset, **{name: (there,), "out": beside})


def test_fine_tuning_that_would_never_begin_is_refused() -> None:
    target = {"target": (Path("target"),), "steps": 6}
    with pytest.raises(ValueError, match=r"--finetune-at is 100, expected at most --steps 6 \(as many: phase 2 alone"):
        _of("ptr", finetune_at=100, **target)
    assert _of("ptr", finetune_at=6, **target) and _of("ptr", finetune_at=100, steps=6)


@pytest.mark.parametrize("preset", ["icvf", "vip", "tcn", "lstd"])
def test_evaluations_of_an_encoder_are_refused(preset: str) -> None:
    with pytest.raises(ValueError, match=r"--evaluate-every is 5, expected 0: an encoder has no evaluation .*leave it"):
        _of(preset, evaluate_every=5)


def _of(preset: str, **changes: Any) -> LoopOptions:
    given = {"data" if issubclass(PRESETS[preset].options, RobotOptions) else "video": (Path("data"),)}
    return options_class(preset)(**{**given, "out": Path("run"), **changes})
