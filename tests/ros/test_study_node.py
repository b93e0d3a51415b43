"""A blind study over ROS: the policy node acts with the weights of each trial's policy, and nobody is told which."""

import json
import shutil
import signal
from pathlib import Path
from typing import Dict

import pytest

from eval_protocol.blinding import unseal
from eval_protocol.lab import load_lab
from eval_protocol.preregistration import Question
from eval_protocol.reading import read_session
from eval_protocol.record import records
from eval_protocol.seal import draw_key
from eval_protocol.store import Store
from eval_protocol.study import Study, make_study, sealed
from eval_protocol.study_file import named_policy, write_study
from robot_bridge.share import share_path
from tests.ros.conftest import SMALL_CAMERA, Master, Node, Nodes, wait_for

TASK = "sweet_potato_on_plate"
TRIALS = 4


def copies(folder: Path, source: Path) -> Dict[str, Path]:
    """Two checkpoints that differ in their cards."""
    found = {}
    for name in ("secret_ours", "secret_base"):
        found[name] = Path(shutil.copytree(source, folder / name))
        card = json.loads((found[name] / "card.json").read_text())
        (found[name] / "card.json").write_text(json.dumps({**card, "metrics": {"copy": name}}))
    return found


def plan_of(folder: Path, checkpoints: Dict[str, Path]) -> Path:
    """A study of two sets of trials, two seconds each."""
    protocol = folder / "short.yaml"
    text = share_path("config/protocol/v_ptr.yaml").read_text()
    protocol.write_text(text.replace("time_limit_s: 60.0", "time_limit_s: 2.0"))
    key = draw_key([named_policy(name, at, [TASK]) for name, at in checkpoints.items()])
    question = Question(hypothesis="They differ.", primary=("secret_ours", "secret_base"))
    study, key = make_study(key, [TASK], [1], 0, question, load_lab(protocol))
    short = Study.model_validate({**study.to_json(), "slots": study.to_json()["slots"][:TRIALS], "commitment": ""})
    write_study(folder / "plan.json", *sealed(short, key))
    return folder / "plan.json"


@pytest.mark.timeout(170)
def test_a_blind_study_is_run_killed_resumed_opened_and_reported(
    private_master: Master, tmp_path: Path, shipped_policy: Path
) -> None:
    plan = plan_of(tmp_path, copies(tmp_path, shipped_policy))
    private_master.use_sim_time()
    nodes = Nodes(private_master, tmp_path)
    try:
        nodes.start("bridge_node", name_="bridge", robot="sim", speed=2.0)
        nodes.start("camera_node", name_="camera", **SMALL_CAMERA)
        nodes.start("policy_node", name_="policy", policy=shipped_policy)
        first = session(nodes, tmp_path, plan)
        wait_for(lambda: "trial  1/4" in first.output(), 100.0, lambda: "the first verdict:\n" + first.output())
        first.kill(signal.SIGKILL)
        second = session(nodes, tmp_path, plan)
        wait_for(lambda: second.process.poll() is not None, 120.0, lambda: "the session's end:\n" + second.output())
        assert second.process.returncode == 0, second.output()
    finally:
        nodes.kill_all()
    said = first.output() + second.output()
    assert "policy A" in said and "policy B" in said and "secret" not in said and "The names are sealed" in said
    check_blind(tmp_path)
    check_opened(tmp_path)


def session(nodes: Nodes, folder: Path, plan: Path) -> Node:
    return nodes.start(
        "session_node", name_="session", plan=plan, key=plan.with_suffix(".key.json"), speed=2.0,
        session_dir=folder / "session", operator="test",
    )  # fmt: skip


def check_blind(folder: Path) -> None:
    """Each judged trial was its policy's, and neither file nor report says whose folder that is."""
    reading = read_session(folder / "session")
    judged = [row for row in reading.rows if row.state == "committed"]
    assert [row.number for row in judged] == [1, 2, 3, 4]
    for row in judged:
        assert row.result["checkpoint"] == f"policy {reading.schedule.at(row.number)[1].label()}"
    for name in ("session.sqlite", "report.html", "trials.csv", "trials.json"):
        assert str(folder / "secret_").encode() not in (folder / "session" / name).read_bytes()
    for one in records(reading):
        if one.judged:
            assert one.video and one.picture and one.path_m is not None and one.clipped is not None
            assert one.latency_p50_ms is not None and one.rate_hz == pytest.approx(5.0, abs=1.5)


def check_opened(folder: Path) -> None:
    store = Store(folder / "session" / "session.sqlite", exclusive=False)
    unseal(store, folder / "plan.key.json", "lea")
    store.close()
    reading = read_session(folder / "session")
    assert [policy.name for policy in reading.policies()] == ["secret_ours", "secret_base"]
    assert {one.policy for one in records(reading)} == {"secret_ours", "secret_base"}
