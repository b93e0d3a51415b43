"""The session node over the real bridge and camera, with a policy that stands still; nodes are killed under it."""

import os
import re
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Dict, Union

import pytest
import yaml

from eval_protocol.lab import PROTOCOL
from eval_protocol.store import Store
from robot_bridge.share import share_path
from tests.ros.conftest import REPO, SMALL_CAMERA, Master, Node, Nodes, wait_for

WEIGHTS = b"stands still"
CHECKPOINT = "sha256 " + sha256(f"policy.safetensors {sha256(WEIGHTS).hexdigest()}\n".encode()).hexdigest()
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


class StandingPolicy:
    """tests/ros/standing_policy.py as a process of its own."""

    def __init__(self, master: Master, checkpoint: str = CHECKPOINT, **parameters: float) -> None:
        script = str(Path(__file__).with_name("standing_policy.py"))
        given = [f"_{name}:={value}" for name, value in parameters.items()]
        self.process = subprocess.Popen(
            [sys.executable, script, "__name:=policy", f"_checkpoint:={checkpoint}", *given],
            env=master.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


class Stack:
    """Bridge, camera and standing policy on a master of their own, in simulated time; tests kill and renew them."""

    def __init__(self, master: Master, folder: Path) -> None:
        self.master, self.nodes = master, Nodes(master, folder)
        self.parts: Dict[str, Union[Node, StandingPolicy]] = {}

    def renew(self) -> None:
        """Start what is not there."""
        if "policy" not in self.parts:
            self.start_policy()
        if "bridge" not in self.parts:
            self.start_bridge()
        if "camera" not in self.parts:
            self.parts["camera"] = start_camera(self.nodes)

    def start_bridge(self) -> None:
        self.parts["bridge"] = start_bridge(self.nodes)

    def start_policy(self, *checkpoint: str, **parameters: float) -> None:
        """In place of the one that is there."""
        self.kill("policy")
        self.master.forget("policy")
        self.parts["policy"] = StandingPolicy(self.master, *checkpoint, **parameters)

    def kill(self, *names: str) -> None:
        """kill -9 of the bridge, the camera or the policy, if it is there."""
        for name in names:
            if name in self.parts:
                self.parts.pop(name).kill()

    def start_session(self, settings: dict, script: Union[str, Path] = "session_node") -> Node:
        return self.nodes.start(script, name_="session", **settings)

    def end_sessions(self) -> None:
        self.nodes.kill_all(but=list(self.parts.values()))

    def close(self) -> None:
        self.kill(*list(self.parts))
        self.nodes.kill_all()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("stack")
    master = Master(folder)
    master.use_sim_time()
    stack = Stack(master, folder)
    yield stack
    stack.close()
    master.kill()


@pytest.fixture
def stack(shared: Stack, request: pytest.FixtureRequest):
    """All of the module's stack runs; no session is left after the test, and nothing at all after one that failed."""
    shared.renew()
    failed = request.session.testsfailed
    yield shared
    if request.session.testsfailed > failed:
        shared.kill(*list(shared.parts))
    shared.end_sessions()


@pytest.fixture
def other_policy(shared: Stack):
    """Starts another policy for this test alone."""
    yield shared.start_policy
    shared.kill("policy")


@pytest.fixture
def settings(tmp_path):
    protocol = tmp_path / "short.yaml"
    protocol.write_text(share_path(PROTOCOL).read_text().replace("time_limit_s: 60.0", "time_limit_s: 2.0"))
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "policy.safetensors").write_bytes(WEIGHTS)
    return {
        "task": "sweet_potato_on_plate",
        "protocol": protocol,
        "policy": checkpoint,
        "speed": 3.0,
        "session_dir": tmp_path / "session",
        "operator": "test",
    }


def start_bridge(stack: Nodes, speed: float = 3.0) -> Node:
    return stack.start("bridge_node", name_="bridge", robot="sim", speed=speed)


def start_camera(stack: Nodes) -> Node:
    return stack.start("camera_node", name_="camera", **SMALL_CAMERA)


def judged(session: Node, count: int) -> bool:
    return len(re.findall(r"success|failure", session.output())) >= count


def mid_trial(session: Node, settings: dict, count: int) -> None:
    """Wait until ``count`` verdicts are logged by this process and the policy runs in the next trial."""
    wait_for(lambda: judged(session, count), 40.0, lambda: f"{count} verdicts:\n" + session.output())
    before = ready_events(settings)
    wait_for(lambda: ready_events(settings) > before, 20.0, lambda: "the next trial to be ready:\n" + session.output())
    time.sleep(0.2)


def ready_events(settings: dict) -> int:
    store = Store(settings["session_dir"] / "session.sqlite", read_only=True)
    count = sum(event.kind == "ready" for event in store.events())
    store.close()
    return count


def rows(settings: dict):
    store = Store(settings["session_dir"] / "session.sqlite", read_only=True)
    trials = store.trials()
    store.close()
    return trials


@pytest.mark.timeout(170)
def test_every_node_may_be_killed_and_all_twelve_trials_are_still_run_and_logged(stack, settings):
    session = stack.start_session(settings)
    mid_trial(session, settings, 1)
    session.kill()
    session = stack.start_session(settings)
    mid_trial(session, settings, 1)
    stack.kill("policy")
    wait_for(lambda: "the policy node died" in session.output(), 15.0, "the abort")
    stack.renew()
    mid_trial(session, settings, 2)
    stack.kill("bridge")
    wait_for(lambda: session.output().count("aborted") >= 2, 15.0, "the abort")
    stack.renew()
    mid_trial(session, settings, 3)
    stack.kill("camera")
    stack.renew()
    wait_for(lambda: session.process.poll() is not None, 90.0, lambda: "the session's end:\n" + session.output())
    assert session.process.returncode == 0, session.output()
    trials = rows(settings)
    assert sorted(row.number for row in trials if row.state == "committed") == list(range(1, 13))
    reasons = [row.reason for row in trials if row.state == "aborted"]
    assert sum(reason.startswith("interrupted") for reason in reasons) == 1
    assert any("policy node died" in reason for reason in reasons)
    assert any("/sim/status failed" in reason or "nothing from the bridge" in reason for reason in reasons)
    report = settings["session_dir"] / "report.html"
    assert session.output().splitlines()[-1] == f"report: {report}"
    assert report.read_text().count("<video") == 12


@pytest.mark.timeout(100)
def test_ctrl_c_ends_the_session_in_five_seconds_and_the_trial_is_kept_as_an_abort(stack, settings):
    session = stack.start_session(settings)
    mid_trial(session, settings, 1)
    began = time.monotonic()
    session.kill(signal.SIGINT)
    assert time.monotonic() - began < 5.0
    assert session.process.returncode == 1
    assert [row.state for row in rows(settings)[:3]] == ["committed", "aborted", "planned"]
    assert "shut down" in rows(settings)[1].reason


INTRUDER = """
import rospy
from actionlib_msgs.msg import GoalID
from robot_bridge.sim.scene import sample_scene
from vptr_widowx.msg import RunEpisodeActionFeedback, RunEpisodeActionGoal
from vptr_widowx.srv import ResetScene

seen = []
rospy.init_node("intruder")
cancel = rospy.Publisher("/policy/run_episode/cancel", GoalID, queue_size=1)
goal = rospy.Publisher("/policy/run_episode/goal", RunEpisodeActionGoal, queue_size=1)
rospy.Subscriber("/policy/run_episode/feedback", RunEpisodeActionFeedback, seen.append)

def next_episode(after):
    while not any(message.feedback.step == 1 for message in seen[after:]) and not rospy.is_shutdown():
        rospy.rostime.wallsleep(0.01)
    return len(seen)

count = next_episode(0)
cancel.publish(GoalID())
count = next_episode(count)
foreign = RunEpisodeActionGoal()
foreign.goal.task, foreign.goal.time_limit_s = "sweet_potato_on_plate", 0.1
goal.publish(foreign)
count = next_episode(count)
rospy.ServiceProxy("/sim/reset", ResetScene)(sample_scene("knife_in_pot", 3).to_json())
print("done", flush=True)
"""


@pytest.mark.timeout(120)
def test_an_episode_that_others_cut_short_is_aborted_and_repeated_and_never_a_failure(stack, settings):
    session = stack.start_session(settings)
    wait_for(lambda: judged(session, 1), 40.0, lambda: "a verdict:\n" + session.output())
    subprocess.run([sys.executable, "-c", INTRUDER], env=stack.master.environment, cwd=REPO, check=True, timeout=40)
    wait_for(lambda: session.output().count("aborted") >= 3, 15.0, "three aborts")
    wait_for(lambda: len(re.findall(r"\(attempt \d\)", session.output())) >= 1, 20.0, "a repeat")
    session.kill()
    trials = rows(settings)
    reasons = [row.reason for row in trials if row.state == "aborted"]
    assert sum("somebody else cancelled" in reason for reason in reasons) == 2, reasons
    assert sum("another scene than the trial's" in reason for reason in reasons) == 1, reasons
    assert {row.result["ended"] for row in trials if row.state == "committed"} == {"time_limit"}
    assert {row.result["checkpoint"] for row in trials if row.state == "committed"} == {CHECKPOINT}


@pytest.mark.timeout(120)
def test_a_stop_ends_the_session_until_somebody_resumes_the_arm_and_the_session(stack, settings):
    session = stack.start_session(settings)
    wait_for(lambda: judged(session, 1), 40.0, lambda: "a verdict:\n" + session.output())
    trigger(stack.master, "/widowx/stop")
    check_stopped(session)
    session = stack.start_session(settings)
    check_stopped(session)
    aborts = [row.reason for row in rows(settings) if row.state == "aborted"]
    assert sum("slowing down" not in reason for reason in aborts) <= 2, aborts
    trigger(stack.master, "/widowx/resume")
    session = stack.start_session(settings)
    wait_for(lambda: judged(session, 1), 40.0, lambda: "a verdict:\n" + session.output())
    assert all(row.result["ended"] == "time_limit" for row in rows(settings) if row.state == "committed")


JUMP = """
import rospy
from rosgraph_msgs.msg import Clock
from vptr_widowx.msg import RunEpisodeActionFeedback

steps = []
rospy.init_node("jumper")
clock = rospy.Publisher("/clock", Clock, queue_size=1, tcp_nodelay=True)
rospy.Subscriber("/policy/run_episode/feedback", RunEpisodeActionFeedback, lambda heard: steps.append(heard.feedback))
while clock.get_num_connections() < 2 or not steps:
    rospy.rostime.wallsleep(0.01)
seen = len(steps)
while not any(message.step == 1 for message in steps[seen:]):
    rospy.rostime.wallsleep(0.01)
far = rospy.Time.now() + rospy.Duration(5000)
for _ in range(200):
    clock.publish(Clock(far))
    rospy.rostime.wallsleep(0.001)
print("jumped", flush=True)
"""


@pytest.mark.timeout(100)
def test_a_trial_in_which_the_clock_jumped_is_no_verdict(stack, settings):
    session = stack.start_session({**settings, "speed": 1.0})  # its half second is more of the machine's time than at 3
    wait_for(lambda: judged(session, 1), 40.0, lambda: "a verdict:\n" + session.output())
    subprocess.run([sys.executable, "-c", JUMP], env=stack.master.environment, check=True, timeout=40)
    wait_for(lambda: "aborted" in session.output(), 15.0, lambda: "the abort:\n" + session.output())
    session.kill()
    (aborted,) = (row for row in rows(settings) if row.state == "aborted")
    stack.kill("bridge", "camera", "policy")
    assert "the clock jumped" in aborted.reason
    assert all(row.result["duration_s"] < 2.5 for row in rows(settings) if row.state == "committed")


@pytest.mark.timeout(100)
def test_a_second_bridge_that_takes_over_within_a_trial_ends_it_without_a_verdict(stack, settings):
    long = settings["protocol"].read_text().replace("time_limit_s: 2.0", "time_limit_s: 45.0")
    settings["protocol"].write_text(long)
    session = stack.start_session(settings)
    wait_for(lambda: "simulation at" in session.output(), 30.0, lambda: "the session:\n" + session.output())
    mid_trial(session, settings, 0)
    stack.start_bridge()  # of the same name
    wait_for(lambda: "aborted" in session.output(), 15.0, lambda: "the abort:\n" + session.output())
    wait_for(lambda: ready_events(settings) == 2, 30.0, lambda: "the repeat:\n" + session.output())
    session.kill()
    stack.kill("policy")  # it would go on for its 45 seconds
    first, repeat = rows(settings)[:2]
    assert (first.number, first.state, repeat.number, repeat.state) == (1, "aborted", 1, "running")
    assert re.search("the clock jumped by 1[0-9]{5}|the policy node gave up|/sim/status failed", first.reason)


def check_stopped(session: Node) -> None:
    wait_for(lambda: session.process.poll() is not None, 20.0, lambda: "the session's end:\n" + session.output())
    assert session.process.returncode == 1
    assert (
        "the arm was stopped (/widowx/stop was called): call /widowx/resume, then resume the session in "
        in session.output()
    )
    assert "Traceback" not in session.output()


def trigger(master: Master, service: str) -> None:
    subprocess.run(["rosservice", "call", service], env=master.environment, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.timeout(100)
def test_nothing_moves_until_a_policy_that_hung_has_ended_its_episode(stack, settings):
    policy = stack.parts["policy"]
    session = stack.start_session(settings, REPO / "tests" / "ros" / "impatient_session.py")
    mid_trial(session, settings, 1)
    policy.process.send_signal(signal.SIGSTOP)
    wait_for(
        lambda: "did not end its episode within 1.25 s" in session.output(),
        25.0,
        lambda: "the warning:\n" + session.output(),
    )
    wait_for(lambda: "waiting for the policy node" in session.output(), 25.0, lambda: "the wait:\n" + session.output())
    assert "gave no sign of life for 2 s" in rows(settings)[1].reason
    assert rows(settings)[2].state == "planned", "the repeat must not begin while the policy may act"
    policy.process.send_signal(signal.SIGCONT)
    wait_for(lambda: judged(session, 2), 30.0, lambda: "a verdict:\n" + session.output())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("acting", "told"), [("sha256 0123", "other weights acted"), ("", "which weights acted")])
def test_no_trial_counts_in_which_other_weights_acted(stack, other_policy, settings, acting, told):
    other_policy(acting)
    session = stack.start_session(settings)
    wait_for(lambda: told in session.output(), 40.0, lambda: "the abort:\n" + session.output())
    assert not judged(session, 1)


@pytest.mark.timeout(120)
def test_a_machine_that_does_not_keep_up_is_given_less_to_do_until_it_does(stack, other_policy, tmp_path, settings):
    other_policy(delay=0.25)
    shorter = settings["protocol"].read_text().replace("time_limit_s: 2.0", "time_limit_s: 1.0")
    settings["protocol"].write_text(shorter)
    command = [sys.executable, "-m", "tests.ros.slow_session", str(tmp_path), CHECKPOINT, str(settings["protocol"])]
    done = subprocess.run(
        command, env=stack.master.environment, cwd=REPO, stdout=subprocess.PIPE, text=True, timeout=100, check=True
    )
    slower = [float(speed) for speed in re.findall(r"slowing down to ([\d.]+) times", done.stdout)]
    assert len(slower) >= 2 and slower == sorted(slower, reverse=True), (
        done.stdout
    )  # more than the attempts it is given
    assert f"judged at {slower[-1]:g} times real time" in done.stdout
    trials = rows({"session_dir": tmp_path})
    assert [row.state for row in trials[: len(slower) + 1]] == ["aborted"] * len(slower) + ["committed"]
    assert all("the machine did not keep up" in row.reason for row in trials[: len(slower)])


@pytest.mark.timeout(150)
def test_an_operator_sets_the_scenes_and_judges_at_the_terminal(stack, settings):
    lab = yaml.safe_load(settings["protocol"].read_text())
    for kind in ("poses", "containers"):
        lab[kind] = {pose: lab[kind][pose] for pose in ("left_front", "right_front")}
    settings["protocol"].write_text(yaml.safe_dump(lab))
    command = ["rosservice", "call", "/sim/set_speed", "6.0"]
    subprocess.run(command, env=stack.master.environment, check=True, stdout=subprocess.DEVNULL)
    code, output = answered({**settings, "robot": "interbotix"}, stack.master.environment)
    assert code == 0, output
    assert "Place the sweet potato directly under the gripper." in output
    trials = rows(settings)
    assert sum(row.reason == "operator: a cable hangs in the way" for row in trials) == 1
    verdicts = [row.success for row in trials if row.state == "committed"]
    assert verdicts == [True, False] * 3
    assert {row.reason for row in trials if row.state == "committed"} == {"operator: lifted it", "operator: missed it"}


def answered(settings: dict, environment: dict):
    """Run a session and answer it as an operator would; returns its exit status and what it said."""
    arguments = [f"_{key}:={value}" for key, value in settings.items()]
    session = subprocess.Popen(
        [sys.executable, str(SCRIPTS / "session_node"), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, questions, aborted = "", 0, False
    data = os.read(session.stdout.fileno(), 4096)
    while data:
        output += data.decode()
        for question in re.findall(r"Enter when the .*?: |end it early with .*?repeat: ", output)[questions:]:
            questions += 1
            answer = ""
            if question.startswith("end it early"):
                odd = int(re.findall(r"trial (\d+)/6:", output)[-1]) % 2
                answer = ("s lifted it" if odd else "f missed it") if aborted else "a a cable hangs in the way"
                aborted = True
            os.write(session.stdin.fileno(), f"{answer}\n".encode())
        data = os.read(session.stdout.fileno(), 4096)
    session.stdin.close()
    session.stdout.close()
    return session.wait(timeout=10), output


def test_a_wrong_parameter_is_one_clear_line(master, nodes, settings):
    node = nodes.start("session_node", name_="session", **{**settings, "task": "knife_in_pan"})
    wait_for(lambda: node.process.poll() is not None, 15.0, "the node's end")
    assert node.process.returncode == 1
    assert "Did you mean 'knife_in_pot'" in node.output()
    assert "Traceback" not in node.output()
