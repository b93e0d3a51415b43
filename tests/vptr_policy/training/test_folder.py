"""A run's folder belongs to its options and data."""

import json
from pathlib import Path

import pytest

from vptr_policy.training.folder import FORMAT, STATE, claim, held


def test_it_refuses_other_options_and_takes_what_does_not_matter(tmp_path: Path) -> None:
    claim(tmp_path / "run", {"steps": 3, "workers": 0})
    (tmp_path / "run" / STATE).write_bytes(b"learned")
    claim(tmp_path / "run", {"steps": 3, "workers": 2, "data_fingerprint": "abc"})
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert stored == {"format": FORMAT, "steps": 3, "workers": 2, "data_fingerprint": "abc"}
    for changed, message in (({"steps": 4}, "steps was 3, is 4"), ({"data_fingerprint": "x"}, "was abc, is x")):
        with pytest.raises(ValueError, match=f"holds a run of other options .*{message}"):
            claim(tmp_path / "run", changed)
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == stored


def test_a_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(ValueError, match="file is a file: expected a folder, or a name that is free"):
            claim(out, {})
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_that_has_learned_nothing_makes_way(tmp_path: Path) -> None:
    claim(tmp_path, {"alpha": 1.0, "start": "nowhere"})
    claim(tmp_path, {"alpha": 5.0})
    assert json.loads((tmp_path / "config.json").read_text()) == {"format": FORMAT, "alpha": 5.0}


def test_only_one_run_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    with held(tmp_path / "run"):
        with pytest.raises(ValueError, match="another `vptr train` works in this folder; wait until"), held(
            tmp_path / "run"
        ):
            pytest.fail("two runs at a time")
        with held(tmp_path / "run" / "video"):
            pass
    with held(tmp_path / "run"):
        pass


def test_a_damaged_config_is_named_with_what_to_do(tmp_path: Path) -> None:
    claim(tmp_path, {"steps": 3})
    (tmp_path / STATE).write_bytes(b"learned")
    config = tmp_path / "config.json"
    config.write_text(config.read_text()[:9])
    with pytest.raises(
        ValueError, match=r"config\.json is not JSON .*; take another --out, or remove the file to go on"
    ):
        claim(tmp_path, {"steps": 3})
    config.unlink()
    claim(tmp_path, {"steps": 3})


def test_a_run_of_several_processes_goes_on_with_as_many(tmp_path: Path) -> None:
    claim(tmp_path, {"steps": 3, "processes": 2})
    (tmp_path / STATE).write_bytes(b"learned")
    message = r"holds a run of 2 processes, is to go on with 1, .* `torchrun --nproc-per-node 2`, or .* another --out"
    with pytest.raises(ValueError, match=message):
        claim(tmp_path, {"steps": 3, "processes": 1})
    claim(tmp_path, {"steps": 3, "processes": 2})
    (tmp_path / "config.json").write_text(json.dumps({"steps": 3}))
    claim(tmp_path, {"steps": 3, "processes": 1})  # of before their number was known


@pytest.mark.parametrize("preset", ["ptr", "vip", "bc"])
def test_a_run_of_before_weight_decay_acted_goes_on_without(preset: str, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"preset": preset, "weight_decay": 1e-4}))
    (tmp_path / STATE).write_bytes(b"learned")
    did = 1e-4 if preset == "bc" else 0.0
    claim(tmp_path, {"preset": preset, "weight_decay": did})
    assert json.loads(config.read_text()) == {"format": FORMAT, "preset": preset, "weight_decay": did}
    with pytest.raises(ValueError, match=f"weight_decay was {did}, is 0.2"):
        claim(tmp_path, {"preset": preset, "weight_decay": 0.2})


def test_a_run_on_video_of_before_evaluations_were_refused_goes_on(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"preset": "icvf", "evaluate_every": 5}))
    (tmp_path / STATE).write_bytes(b"learned")
    claim(tmp_path, {"preset": "icvf", "evaluate_every": 0})
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "format": FORMAT, "preset": "icvf", "evaluate_every": 0
    }  # fmt: skip
    with pytest.raises(ValueError, match="evaluate_every was 0, is 3"):
        claim(tmp_path, {"preset": "icvf", "evaluate_every": 3})
