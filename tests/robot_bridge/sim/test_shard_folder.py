"""A folder that is filled by a plan: what is made, kept, counted and refused."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Tuple

import pytest

from robot_bridge.sim.shard_folder import ShardFolder, ShardPlan
from robot_bridge.sim.shards import Counts, ShardError, read_index
from robot_bridge.sim.workers import Tally

ZERO: Counts = {"letters": 0, "words": {}}


@dataclass(frozen=True)
class Letters(ShardPlan):
    KIND: ClassVar[str] = "text"
    LATER: ClassVar[Tuple[str, ...]] = ("case",)

    text: str
    shard_size: int = 2
    case: str = "lower"

    @property
    def total(self) -> int:
        return len(self.text)

    @property
    def command(self) -> str:
        return f"write {self.text} in DIR"


def count(path: Path) -> Counts:
    text = path.read_text()
    return {"letters": len(text), "words": {text: {"times": 1}}}


def write(tally: Tally, plan: Letters, path: Path, shard: int) -> Tuple[int, Counts]:
    path.write_text("".join(plan.text[number] for number in plan.numbers(shard)))
    tally.add(shard, len(plan.numbers(shard)))
    return shard, count(path)


def fill(plan: Letters, folder: Path) -> Tuple[ShardFolder, int]:
    shards, tally = ShardFolder(folder, plan, count, {"format": "letters", **ZERO}), Tally(plan.shards)
    assert shards.fill(write, 1, lambda: None, (tally,)) is not None
    return shards, tally.total()


def test_a_plan_is_divided_into_shards() -> None:
    plan = Letters("abcde")
    assert plan.shards == 3 and [list(plan.numbers(shard)) for shard in range(3)] == [[0, 1], [2, 3], [4]]
    assert plan.name(7) == "text-00007.tar"


def test_the_index_counts_the_shards(tmp_path: Path) -> None:
    shards, made = fill(Letters("ababc"), tmp_path / "new")
    assert (shards.kept, made) == (0, 5)
    index = read_index(tmp_path / "new")
    assert index["complete"] and index["letters"] == 5 and index["format"] == "letters"
    assert index["words"] == {"ab": {"times": 2}, "c": {"times": 1}}
    assert index["plan"] == {"text": "ababc", "shard_size": 2, "case": "lower"}
    assert index["command"] == "write ababc in DIR" and len(index["shards"]) == 3


def test_only_what_is_missing_is_made(tmp_path: Path) -> None:
    fill(Letters("abcde"), tmp_path)
    (tmp_path / "text-00001.tar").unlink()
    (tmp_path / "text-00001.tar.partial").write_text("half")
    (tmp_path / "text-00000.tar").write_text("--")
    shards, made = fill(Letters("abcde"), tmp_path)
    assert (shards.kept, made) == (3, 2)
    assert [path.read_text() for path in sorted(tmp_path.glob("text-*"))] == ["--", "cd", "e"]


def test_partial_files_of_others_are_left_alone(tmp_path: Path) -> None:
    theirs = ("film.mkv.partial", "text-7.tar.partial", "other-00000.tar.partial", "my-index.json.partial")
    for name in (*theirs, "text-00001.tar.partial", "index.json.partial"):
        (tmp_path / name).write_text("half")
    fill(Letters("abcde"), tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.partial")) == sorted(theirs)


def test_what_is_begun_is_not_complete(tmp_path: Path) -> None:
    ShardFolder(tmp_path, Letters("abcde"), count, ZERO)
    index = read_index(tmp_path)
    assert not index["complete"] and index["letters"] == 0 and index["words"] == {}


def test_other_data_are_refused(tmp_path: Path) -> None:
    fill(Letters("abcde"), tmp_path)
    with pytest.raises(ShardError, match=r"another plan \(text: abcde there, abc here\): name another folder"):
        fill(Letters("abc"), tmp_path)
    (tmp_path / "index.json").unlink()
    with pytest.raises(ShardError, match=r"holds shards but no index\.json"):
        fill(Letters("abcde"), tmp_path)


def test_what_older_folders_do_not_mention_has_its_default(tmp_path: Path) -> None:
    fill(Letters("abcde"), tmp_path)
    path = tmp_path / "index.json"
    path.write_text(path.read_text().replace('"case": "lower",', ""))
    assert "case" not in read_index(tmp_path)["plan"]
    fill(Letters("abcde"), tmp_path)
    with pytest.raises(ShardError, match="case: lower there, upper here"):
        fill(replace(Letters("abcde"), case="upper"), tmp_path)
