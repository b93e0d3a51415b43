import json

import pytest

from vptr_cli.experiments.parts import Part, PartFailed, choose, describe, minutes, run_parts
from vptr_cli.experiments.results import read_results


def part(folder, name, *words, done=None, needs=()):
    return Part(name, words or ("sim", "tasks"), folder / done if done else None, needs)


def test_what_is_done_is_not_run_again(tmp_path):
    (tmp_path / "there").write_text("")
    said = []
    run_parts([part(tmp_path, "first", "no-such-command", done="there")], tmp_path, said.append)
    assert said == ["1/1 first: done before"]


def test_an_index_of_data_that_is_still_made_is_not_done(tmp_path):
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"complete": False}))
    assert not part(tmp_path, "data", done="index.json").finished
    index.write_text(json.dumps({"complete": True}))
    assert part(tmp_path, "data", done="index.json").finished


def test_parts_run_in_order_and_their_time_is_kept(tmp_path):
    run_parts([part(tmp_path, "names"), part(tmp_path, "again")], tmp_path / "log")
    rows = [json.loads(line) for line in (tmp_path / "log" / "parts.jsonl").read_text().splitlines()]
    assert [row["part"] for row in rows] == ["names", "again"] and rows[0]["recipe"] == "vptr sim tasks"
    assert minutes(tmp_path / "log") == pytest.approx(sum(row["seconds"] for row in rows) / 60)


def test_half_a_line_of_a_killed_run_is_cut_off(tmp_path):
    log = tmp_path / "parts.jsonl"
    run_parts([part(tmp_path, "names")], tmp_path)
    whole = log.read_text()
    log.write_text(whole + '{"part": "nam')
    assert minutes(tmp_path) >= 0.0
    run_parts([part(tmp_path, "again")], tmp_path)
    assert [json.loads(line)["part"] for line in log.read_text().splitlines()] == ["names", "again"]


def test_what_another_command_made_is_refused_but_may_be_moved(tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "there").write_text("")
    row = {"part": "data", "seconds": 1.0, "recipe": "vptr sim generate --until 10 --out OUT/data"}
    (first / "parts.jsonl").write_text(json.dumps(row) + "\n")
    first.rename(tmp_path / "moved")
    words = ("sim", "generate", "--until", "10", "--out", str(tmp_path / "moved" / "data"))
    run_parts([part(tmp_path / "moved", "data", *words, done="there")], tmp_path / "moved", lambda line: None)
    more = ("sim", "generate", "--until", "44", *words[4:])
    with pytest.raises(PartFailed, match=r"was made by\n.*--until 10 .*\n.* made by\n.*--until 44 "):
        run_parts([part(tmp_path / "moved", "data", *more, done="there")], tmp_path / "moved")


def test_a_part_that_fails_ends_the_run(tmp_path):
    said = []
    with pytest.raises(PartFailed, match="wrong ended with status 2"):
        run_parts([part(tmp_path, "wrong", "no-such-group"), part(tmp_path, "after")], tmp_path, said.append)
    assert not any("after" in line for line in said)


def test_a_part_that_leaves_nothing_has_failed(tmp_path):
    with pytest.raises(PartFailed, match="is not there"):
        run_parts([part(tmp_path, "idle", done="missing")], tmp_path)


def test_one_part_is_run_with_those_it_needs(tmp_path):
    parts = [
        part(tmp_path, "data"), part(tmp_path, "other"), part(tmp_path, "train", needs=("data",)),
        part(tmp_path, "judge", needs=("train",)),
    ]  # fmt: skip
    assert [chosen.name for chosen in choose(parts, "judge")] == ["data", "train", "judge"]
    assert choose(parts, None) == parts
    with pytest.raises(ValueError, match="did you mean 'judge'"):
        choose(parts, "juge")


def test_the_list_tells_what_is_open(tmp_path):
    assert describe([part(tmp_path, "names")]) == ["names  open  vptr sim tasks"]


def test_the_list_asks_what_a_command_that_finds_out_by_itself_would_find(tmp_path):
    commands = [Part(str(done), ("sim", "tasks"), is_complete=lambda done=done: done) for done in (True, False)]
    assert describe(commands) == ["True   done  vptr sim tasks", "False  open  vptr sim tasks"]


def test_what_is_damaged_is_named(tmp_path):
    (tmp_path / "index.json").write_text('{"complete"')
    with pytest.raises(ValueError, match=r"index\.json is not JSON .*; remove .* to make it anew"):
        describe([part(tmp_path, "data", done="index.json")])
    (tmp_path / "parts.jsonl").write_text('{"part": "names", "seconds": 1.0, "recipe": "vptr"}\n{"part": "again"}\n')
    with pytest.raises(ValueError, match=r"parts\.jsonl, line 2, lacks seconds, recipe: expected .*; remove the line"):
        minutes(tmp_path)


def test_a_damaged_line_of_results_is_named(tmp_path):
    results = tmp_path / "results.jsonl"
    for damaged, message in (
        ("{", "is not JSON"),
        ('{"policy": "p"}', "lacks variant, episodes"),
        ("3", "is of the type int"),
    ):
        results.write_text(damaged + "\n")
        with pytest.raises(ValueError, match=rf"results\.jsonl, line 1, {message}.*; remove the line"):
            read_results(results, [], 20, 300, 40)
