import shutil

import pytest

from vptr_cli.checkpoints import find_policy, shipped_policy
from vptr_cli.main import main
from vptr_policy.checkpoint_folder import CheckpointError


def test_policies_go_by_names_and_folders(tmp_path):
    assert find_policy("expert") == "expert"
    assert find_policy("shipped") == str(shipped_policy()) == find_policy(str(shipped_policy()))
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "card.json").write_text("{}")
    assert find_policy(str(tmp_path)) == str(tmp_path / "checkpoint")


def test_the_demo_takes_the_folder_of_a_run(tmp_path, monkeypatch):
    asked = {}

    def launch(name, arguments, log):
        asked.update(arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("vptr_cli.launch.Launch", launch)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    shutil.copytree(shipped_policy(), tmp_path / "run" / "checkpoint")
    for policy, folder in ((str(tmp_path / "run"), tmp_path / "run" / "checkpoint"), ("shipped", shipped_policy())):
        assert main(["demo", "--policy", policy, "--session-dir", str(tmp_path / "session")]) == 130
        assert asked["policy"] == str(folder.resolve())


def test_no_policy_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        find_policy(str(tmp_path / "nothing"))
