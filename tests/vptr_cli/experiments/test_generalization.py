from pathlib import Path

import pytest

from vptr_cli.experiments.generalization import SETTINGS, SIZES, Generalization, find_setting
from vptr_cli.main import GROUPS
from vptr_policy.training.presets import options_class


def experiment(name="paper", size="full"):
    return Generalization(Path("there"), find_setting(name), SIZES[size])


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_part_has_a_name_of_its_own_and_needs_what_comes_before(setting):
    parts = experiment(setting.name).parts()
    names = [part.name for part in parts]
    assert len(names) == len(set(names))
    for number, part in enumerate(parts):
        assert set(part.needs) <= set(names[:number]), part.name


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_commands_are_those_of_the_command_line(setting):
    for part in experiment(setting.name).parts():
        assert part.words[0] in GROUPS
        if part.words[0] == "train":
            known = options_class(part.words[1]).__dataclass_fields__
            flags = [word[2:].replace("-", "_") for word in part.words if word.startswith("--")]
            assert set(flags) <= set(known), part.name


@pytest.mark.parametrize("name", ["paper", "cloning"])
def test_all_methods_have_the_same_budget_and_data(name):
    words = [
        part.words for part in experiment(name).parts() if part.name.startswith("phase3") and "targets" in part.name
    ]
    assert len(words) == 3
    for flag in (
        "--steps",
        "--finetune-at",
        "--data",
        "--target",
        "--target-share",
        "--batch",
        "--width",
        "--learning-rate",
        "--averaging",
        "--warm-up",
        "--weight-decay",
        "--schedule",
    ):
        assert len({line[line.index(flag) + 1] for line in words}) == 1, flag


@pytest.mark.parametrize("setting", SETTINGS)
def test_all_methods_learn_from_the_commanded_action(setting):
    for part in experiment(setting.name).parts():
        if part.words[0] != "train" or part.words[1] == "icvf":
            continue
        options = {name: field.default for name, field in options_class(part.words[1]).__dataclass_fields__.items()}
        for flag in ("action", "imitate", "bc_weight"):
            if "--" + flag.replace("_", "-") in part.words:
                options[flag] = part.words[part.words.index("--" + flag.replace("_", "-")) + 1]
        assert options["action"] == "action", part.name
        assert float(options.get("bc_weight", 0.0)) == 0.0 or options["imitate"] == "action", part.name


def test_fewer_source_trajectories_are_data_and_runs_of_their_own():
    few, all_of_them = ({part.name: part for part in experiment(n).parts()} for n in ("few-source", "cloning"))
    words = few["data-source-mixed-10th"].words
    assert words[words.index("--until") + 1] == "150"
    shared = {name for name in few if name in all_of_them and few[name].words == all_of_them[name].words}
    assert {"data-video", "phase1-seed0", "data-target-targets-10"} <= shared
    assert not any(name.startswith(("phase2", "phase3")) for name in set(few) & set(all_of_them))


def test_another_weight_of_cloning_in_phase_3_shares_all_before_it_and_what_is_learned_by_cloning():
    ours = {part.name: part.words for part in experiment("cloning").parts()}
    theirs = {part.name: part.words for part in experiment("cloning-100").parts()}
    shared = {name for name in ours if theirs.get(name) == ours[name]}
    assert shared == {name for name in ours if not name.startswith(("phase3-v-ptr", "phase3-ptr", "evaluate"))}
    others = [words for name, words in theirs.items() if name not in shared and words[0] == "train"]
    assert [words[words.index("--bc-weight") + 1] for words in others] == ["100.0"] * 6


def test_settings_of_other_capacity_share_data_alone():
    ours = {part.name: part.words for part in experiment("cloning").parts()}
    for name, width in (("narrow", "16"), ("wide", "32")):
        theirs = {part.name: part.words for part in experiment(name).parts()}
        assert all(part.startswith("data-") for part in set(ours) & set(theirs))
        widths = {words[words.index("--width") + 1] for words in theirs.values() if "--width" in words}
        assert widths == {width}


def test_only_v_ptr_begins_from_video():
    for part in experiment().parts():
        if part.name.startswith("phase2"):
            assert ("--pretrained" in part.words) == ("v-ptr" in part.name)


def test_settings_share_what_they_have_in_common():
    ours, theirs = ({part.name for part in experiment(name).parts()} for name in ("cloning", "longer-video"))
    shared = ours & theirs
    assert {
        "data-video",
        "data-source-mixed",
        "phase2-ptr-mixed-alpha1-bc20-shipped-seed0",
    } <= shared
    assert not any(name.startswith("phase2-v-ptr") for name in shared)


def test_more_demonstrations_go_on_from_the_same_phase_2():
    ours, theirs = ({part.name for part in experiment(name).parts()} for name in ("cloning", "demonstrations-44"))
    assert {name for name in ours if name.startswith("phase2")} <= theirs
    assert not any(name.startswith("phase3") for name in ours & theirs)


def test_trainings_of_another_seed_are_parts_of_their_own():
    ours, theirs = (
        {part.name: part.words for part in Generalization(Path("there"), SETTINGS[0], SIZES["full"], seed).parts()}
        for seed in (0, 1)
    )
    shared = {name for name in set(ours) & set(theirs) if not name.startswith("evaluate")}
    assert shared == {name for name in ours if name.startswith("data-")}
    assert all(ours[name] == theirs[name] for name in shared)


def test_an_unknown_setting_is_answered_with_all():
    with pytest.raises(ValueError, match="known: paper, source-share"):
        find_setting("papr")
