import json
from pathlib import Path

import pytest

from vptr_cli.experiments import results
from vptr_cli.experiments.generalization import METHODS, SETTINGS, SIZES, VARIANTS, Generalization, find_setting
from vptr_cli.experiments.parts import describe
from vptr_cli.main import GROUPS, main
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


def test_an_evaluation_is_done_once_all_of_its_results_are_of_the_policies_there(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")
    one = Generalization(tmp_path, find_setting("paper"), SIZES["small"])
    part = next(part for part in one.parts() if part.name == "evaluate-paper-targets")
    rows = []
    for method in METHODS:
        policy = one.policy(method, "targets") / "checkpoint"
        policy.mkdir(parents=True)
        for variant in VARIANTS:
            row = {"policy": str(policy), "task": "axis_targets", "variant": variant, "episodes": 20, "outcomes": []}
            rows.append({**row, "seed": 300, "steps": 40, "checkpoint": "now"})

    def told(rows):
        one.results.parent.mkdir(exist_ok=True)
        one.results.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return describe([part])[0].split()[1]

    assert describe([part])[0].split()[1] == "open"
    assert told(rows) == "open", "the policies are gone"
    for row in rows:
        (Path(row["policy"]) / "card.json").write_text("{}")
    assert told(rows) == "done"
    assert told(rows[1:]) == told([{**rows[0], "checkpoint": "before"}, *rows[1:]]) == "open"
    assert told([{**rows[0], "task": "axis_containers"}, *rows[1:]]) == "open"


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
    large = {part.name: part.words for part in experiment("resnetv2-50").parts()}
    assert all(part.startswith("data-") for part in set(ours) & set(large))
    trained = [words for words in large.values() if words[0] == "train"]
    assert all(words[words.index("--encoder") + 1] == "resnetv2-50" and "--width" not in words for words in trained)


@pytest.mark.parametrize(
    ("setting", "part", "flag", "value"),
    [
        ("paper", "data-source-mixed", "--quality", "mixed"),
        ("paper", "data-source-mixed", "--until", "1500"),
        ("paper", "data-target-targets-10", "--until", "10"),
        ("paper", "data-target-targets-10", "--keep", "successes"),
        ("paper", "phase3-v-ptr", "--target-share", "0.7"),
        ("paper", "phase2-ptr", "--alpha", "5.0"),
        ("paper", "phase2-v-ptr", "--bc-weight", "0.0"),
        ("source-share", "phase3-bc", "--target-share", "0.3"),
        ("demonstrations-44", "data-target-containers-44", "--until", "44"),
        ("demonstrations-44", "phase3-bc", "--target", "there/data/target-targets-44"),
        ("success", "data-source-success", "--keep", "successes"),
        ("success", "data-source-success", "--quality", "mixed"),
        ("success", "phase2-bc", "--data", "there/data/source-success"),
        ("cloning-100", "phase1", "--steps", "5000"),
        ("longer-video", "phase1", "--steps", "15000"),
        ("longer-video", "phase2-v-ptr", "--pretrained", "there/runs/phase1-x3-seed0"),
        ("few-source", "phase2-ptr", "--data", "there/data/source-mixed-10th"),
    ],
)
def test_a_setting_varies_what_it_says(setting, part, flag, value):
    words = next(one.words for one in experiment(setting).parts() if one.name.startswith(part))
    assert words[words.index(flag) + 1] == value


def test_methods_are_judged_in_a_hundred_scenes_of_each_kind():
    evaluations = [part.words for part in experiment().parts() if part.name.startswith("evaluate")]
    assert len(evaluations) == 3
    for words in evaluations:
        assert int(words[words.index("--episodes") + 1]) >= 100
        assert words[words.index("--variant") + 1 :][:2] == ("unseen", "train")


def test_all_source_data_are_kept_but_of_the_setting_success():
    for setting in SETTINGS:
        (source,) = (part.words for part in experiment(setting.name).parts() if part.name.startswith("data-source"))
        assert ("--keep" in source) == (setting.name == "success")


def test_other_clips_take_the_place_of_the_generated_ones_for_v_ptr_alone():
    ours = {part.name: part for part in experiment("cloning-100").parts()}
    clips = Path("data/ego4d.v2")
    given = Generalization(Path("there"), find_setting("cloning-100"), SIZES["full"], 0, clips)
    theirs = {part.name: part for part in given.parts()}
    assert "data-video" not in theirs
    phase_1 = theirs["phase1-of-ego4d.v2-seed0"]
    assert phase_1.needs == () and phase_1.words[phase_1.words.index("--video") + 1] == str(clips.resolve())
    begun = [part.words for name, part in theirs.items() if name.startswith("phase2-v-ptr")]
    assert [words[words.index("--pretrained") + 1] for words in begun] == ["there/runs/phase1-of-ego4d.v2-seed0"]
    shared = {name for name in ours if name in theirs}
    assert shared == {name for name in ours if "v-ptr" not in name and name.split("-")[0] in ("phase2", "phase3")} | {
        name for name in ours if name.startswith("data-") and name != "data-video"
    }
    assert all(ours[name].words == theirs[name].words for name in shared)
    assert given.results != experiment("cloning-100").results
    other = Generalization(Path("there"), find_setting("cloning"), SIZES["full"], 0, Path("100"))
    assert other.results != experiment("cloning-100").results, "whatever the folder is called"


def test_clips_that_are_not_there_are_told_before_anything_is_made(tmp_path, capsys):
    words = ["experiment", "generalization", "--smoke", "--out", str(tmp_path / "out"), "--video", str(tmp_path / "no")]
    assert main(words) == 1
    assert "no clips-*.tar here" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


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
