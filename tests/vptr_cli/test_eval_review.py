"""`vptr eval review`: the page of a session that is over, from a process of its own."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.eval_protocol.studies import study_session


@pytest.mark.timeout(60)
def test_a_session_that_is_over_is_reviewed_and_rated_until_ctrl_c(tmp_path: Path) -> None:
    study_session(tmp_path / "session", lambda name, number: name == "ours", trials=3)
    command = [sys.executable, "-m", "vptr_cli", "eval", "review", str(tmp_path / "session")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        found = re.search(r"console: (http://127[.]0[.]0[.]1:[0-9]+/)", process.stdout.readline())
        assert found is not None
        with urllib.request.urlopen(found[1] + "review/attempts", timeout=10) as answer:
            attempts = json.load(answer)["attempts"]
        assert [one["state"] for one in attempts] == ["committed"] * 3
        with urllib.request.urlopen(found[1] + "rate", timeout=10) as answer:
            assert b"Second rating" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_folder_without_a_session_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vptr_cli", "eval", "review", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and str(tmp_path) in done.stderr and "Traceback" not in done.stderr
