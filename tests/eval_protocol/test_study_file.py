import json

import pytest

from eval_protocol.seal import SealError, read_key
from eval_protocol.study import schedule_from_json
from eval_protocol.study_file import study_from, study_from_yaml, write_study
from eval_protocol.yaml_source import PlanError
from tests.eval_protocol.checkpoints import checkpoint

TEXT = """\
policies:
  ours: models/ours
  base: models/base
tasks: [knife_in_pot,
  sweet_potato_on_plate]
scenarios: [1, 2]
seed: 7
hypothesis: ours is better
primary: [ours, base]
test: stratified
base_rate: 0.25
"""


@pytest.fixture
def written(tmp_path):
    for name in ("ours", "base"):
        checkpoint(tmp_path / "models" / name)

    def write(text=TEXT):
        (tmp_path / "study.yaml").write_text(text)
        return tmp_path / "study.yaml"

    return write


def test_a_study_is_laid_out_from_yaml(written, tmp_path):
    study, key = study_from_yaml(written())
    assert [(part.task, part.scenario) for part in study.parts] == [
        (task, scenario) for task in ("knife_in_pot", "sweet_potato_on_plate") for scenario in (1, 2)
    ]
    assert (study.seed, study.question.test, study.question.primary) == (7, "stratified", ("ours", "base"))
    assert key.policies[key.label("ours")].folder == str(tmp_path / "models" / "ours")
    assert key.commitment() == study.commitment


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ("  sweet_potato_on_plate", "  sweet_potato_on_plat"),
            "study.yaml:5: tasks.1: .*Did you mean 'sweet_potato_on_pl",
        ),
        (("models/base", "models/bas"), "study.yaml:3: policies.base: no checkpoint at"),
        (("[1, 2]", "[1, 4]"), "study.yaml:6: scenarios: .*no scenario 4"),
        (("[1, 2]", "[3]"), "study.yaml:6: scenarios: scenario 3 .* needs `targets`"),
        (("seed: 7", "seed: seven"), "study.yaml:7: seed: Input should be a valid integer"),
        (("[ours, base]", "[ours, ours]"), "study.yaml:9: primary: .*names 'ours' twice"),
        (("test: stratified", "tests: stratified"), "study.yaml:10: tests: no such key; did you mean 'test'"),
        (("base_rate: 0.25", "base_rate: 25"), "study.yaml:11: base_rate: Input should be less than 1, got 25"),
        (("seed: 7", "protocol: mine.yaml"), "no file .*mine.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(written, change, problem):
    assert change[0] in TEXT
    with pytest.raises(PlanError, match=problem):
        study_from_yaml(written(TEXT.replace(*change)))


def test_a_policy_that_does_not_know_a_task_is_refused(written, tmp_path):
    path = written(TEXT.replace("models/base", "models/narrow"))
    checkpoint(tmp_path / "models" / "narrow", tasks=["knife_in_pot"])
    with pytest.raises(
        PlanError, match=r"study\.yaml:3: policies\.base: .* does not know the task 'sweet_potato_on_plate'"
    ):
        study_from_yaml(path)


def test_runs_stand_for_the_checkpoints_they_ended_with(written, tmp_path):
    path = written(TEXT.replace("models/base", "runs/base"))
    checkpoint(tmp_path / "runs" / "base" / "checkpoint")
    (tmp_path / "runs" / "base" / "state.safetensors").write_bytes(b"of the training")
    _, key = study_from_yaml(path)
    assert key.policies[key.label("base")].folder == str(tmp_path / "runs" / "base" / "checkpoint")


def test_options_give_the_same_study_and_say_what_is_wrong(written, tmp_path):
    written()
    fields = {
        "policies": {name: str(tmp_path / "models" / name) for name in ("ours", "base")},
        "tasks": ["knife_in_pot"],
    }
    study, _ = study_from(fields)
    assert study.question.hypothesis == "ours and base differ in success in these conditions."
    assert study_from({**fields, "alternative": "greater"})[0].question.hypothesis.startswith(
        "ours succeeds more often"
    )
    with pytest.raises(PlanError, match=r"alpha: Input should be less than 0\.5"):
        study_from({**fields, "alpha": 2.0})
    with pytest.raises(PlanError, match="policies: Dictionary should have at least 2 items"):
        study_from({**fields, "policies": {"ours": fields["policies"]["ours"]}})


def test_plan_key_and_page_are_written_and_the_key_is_never_lost(written, tmp_path):
    study, key = study_from_yaml(written())
    plan, secret, page = write_study(tmp_path / "plan.json", study, key)
    assert [path.name for path in (plan, secret, page)] == ["plan.json", "plan.key.json", "plan.md"]
    assert schedule_from_json(json.loads(plan.read_text())) == study
    assert read_key(secret, study.commitment, study.body_hash()) == key
    assert study.hash() in page.read_text()
    before = plan.read_text()
    with pytest.raises(SealError, match="holds a key already"):
        write_study(tmp_path / "plan.json", *study_from_yaml(written()))
    assert plan.read_text() == before


@pytest.mark.parametrize("name", ["plan.md", "plan", "plan.key"])
def test_the_plan_is_not_written_where_key_or_page_go(written, tmp_path, name):
    with pytest.raises(PlanError, match=r"expected NAME\.json"):
        write_study(tmp_path / name, *study_from_yaml(written()))
    assert not (tmp_path / name).exists() and not (tmp_path / "plan.key.json").exists()
