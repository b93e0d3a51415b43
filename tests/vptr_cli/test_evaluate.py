import json
import shutil

import pytest

from eval_protocol import cluster
from eval_protocol.rollout import Episode, RolloutPlan, rollout, summary
from robot_bridge.share import share_path
from vptr_cli.checkpoints import known_to_all
from vptr_cli.evaluate import append_result, evaluate_plans, identify, key, read_results


def plan(policy="expert", episodes=1):
    return RolloutPlan(policy, "sweet_potato_on_plate", episodes=episodes, seed=3)


def result(of, checkpoint="expert"):
    return {**summary(of, list(rollout(of)), 1.0), "checkpoint": checkpoint}


def test_what_stands_in_the_file_is_not_run_again(tmp_path):
    out = tmp_path / "results" / "all.jsonl"
    marked = {**result(plan()), "seconds": 4321.0}
    append_result(out, marked)
    assert evaluate_plans([plan()], 1, None, out) == [marked]


def test_outcomes_stand_in_the_order_of_the_scenes_however_they_ended(tmp_path, monkeypatch):
    """Pairs of two policies are made by place; on Ray an episode that is over first comes first."""
    ended = [Episode(number, number, number in (0, 3), "time_limit", 7, []) for number in (3, 0, 2, 1)]
    monkeypatch.setattr(cluster, "evaluate", lambda plans, workers, address: ((0, episode) for episode in ended))
    (found,) = evaluate_plans([plan(episodes=4)], 2, None, tmp_path / "all.jsonl")
    assert found["outcomes"] == [True, False, False, True]


def test_a_line_that_a_killed_run_left_unfinished_is_cut_off(tmp_path):
    out = tmp_path / "all.jsonl"
    append_result(out, result(plan()))
    whole = out.read_text()
    out.write_text(whole + '{"policy": "exp')
    assert list(read_results(out)) == [(*key(plan()), "expert")]
    assert out.read_text() == whole


def test_other_weights_in_the_same_folder_are_another_condition(tmp_path):
    folder = tmp_path / "policy"
    shutil.copytree(share_path("models/v-ptr-sim"), folder)
    before = identify(str(folder))
    card = json.loads((folder / "card.json").read_text())
    card["metrics"] = {"changed": True}
    (folder / "card.json").write_text(json.dumps(card))
    assert identify(str(folder)) != before


def test_a_file_of_something_else_is_refused(tmp_path):
    out = tmp_path / "notes.txt"
    out.write_text("shopping list\n")
    with pytest.raises(ValueError, match="no file of results"):
        read_results(out)


def test_without_a_task_those_that_all_policies_know_are_run(tmp_path):
    shipped, of_one = share_path("models/v-ptr-sim"), tmp_path / "policy"
    shutil.copytree(shipped, of_one)
    card = json.loads((of_one / "card.json").read_text())
    card["tasks"] = [name if name == "knife_in_pot" else f"other_{place}" for place, name in enumerate(card["tasks"])]
    (of_one / "card.json").write_text(json.dumps(card))
    asked = ("croissant_out_of_colander", "knife_in_pot")
    assert known_to_all(asked, ("expert", str(shipped))) == asked
    assert known_to_all(asked, ("expert", str(shipped), str(of_one))) == ("knife_in_pot",)
    with pytest.raises(ValueError, match="no task of croissant_out_of_colander is known to all"):
        known_to_all(asked[:1], (str(of_one),))
    card["aliases"] = dict.fromkeys(asked[:1], card["tasks"][0])
    (of_one / "card.json").write_text(json.dumps(card))
    assert known_to_all(asked, (str(of_one),)) == asked, "what was learned as one task goes by the names of all of it"
