import shutil
import subprocess

import pytest

from eval_protocol.provenance import checkpoint_hash, git_sha, policy_hash, provenance
from robot_bridge.share import share_path
from vptr_policy.policy import load_policy


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "card.json").write_text("{}")
    (folder / "actor.safetensors").write_bytes(b"weights")
    return folder


def test_the_hash_follows_content_and_names_of_the_checkpoint_only(checkpoint):
    first = checkpoint_hash(checkpoint)
    (checkpoint / "notes.txt").write_text("mine")
    assert checkpoint_hash(checkpoint) == first
    (checkpoint / "actor.safetensors").write_bytes(b"other weights")
    second = checkpoint_hash(checkpoint)
    (checkpoint / "actor.safetensors").rename(checkpoint / "policy.safetensors")
    assert len({first, second, checkpoint_hash(checkpoint)}) == 3


def test_the_shipped_policy_names_itself_as_the_session_does():
    folder = share_path("models/v-ptr-sim")
    assert load_policy(folder).checkpoint == checkpoint_hash(folder)


def test_a_run_goes_by_the_weights_it_ended_with(checkpoint):
    run = checkpoint.parent / "run"
    run.mkdir()
    (run / "state.safetensors").write_bytes(b"of the training")
    checkpoint.rename(run / "checkpoint")
    assert policy_hash(run) == checkpoint_hash(run / "checkpoint") == provenance(run, "ann", {})["checkpoint"]


def test_a_folder_without_weights_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint in"):
        checkpoint_hash(tmp_path)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: provenance says 'unknown'")
def test_the_commit_is_named_and_marked_when_files_differ(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        return subprocess.run(
            ["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    assert git_sha(tmp_path) == "unknown (no git checkout)"
    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "x")
    sha = git("rev-parse", "HEAD")
    assert git_sha(tmp_path) == sha
    (tmp_path / "a").write_text("2")
    assert git_sha(tmp_path) == sha + " with uncommitted changes"


def test_an_address_without_a_server_is_said_to_be_one():
    with pytest.raises(ValueError, match=r"no policy server at http://127\.0\.0\.1:9"):
        policy_hash("http://127.0.0.1:9")


def test_provenance_names_what_a_report_needs(checkpoint):
    facts = provenance(checkpoint, "ann", {"speed": 2.0})
    assert facts["operator"] == "ann"
    assert facts["checkpoint"] == checkpoint_hash(checkpoint)
    assert facts["configuration"] == {"speed": 2.0}
    assert provenance(checkpoint, "", {})["operator"]
