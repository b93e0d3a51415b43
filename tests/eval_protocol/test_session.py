import pytest

from eval_protocol.plan import make_plan
from eval_protocol.session import Aborted, Session, Stopped, TooSlow, accounted, open_session
from eval_protocol.store import Store, StoreError
from tests.eval_protocol.fake import FakeRobot


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "session.sqlite")
    open_session(store, make_plan("knife_in_pot"), {"checkpoint": "c1", "git_sha": "a"}, resume=False)
    yield store
    store.close()


def run(store, robot, **more):
    lines = []
    Session(store, robot, say=lines.append, **more).run()
    return lines


def test_all_twelve_trials_are_run_in_order_and_logged(store, tmp_path):
    robot = FakeRobot(tmp_path)
    lines = run(store, robot)
    assert robot.calls == [f"{what} {n}" for n in range(1, 13) for what in ("prepare", "check", "run")]
    rows = store.trials()
    assert [(row.number, row.state, row.success) for row in rows] == [
        (n, "committed", n % 2 == 1) for n in range(1, 13)
    ]
    assert rows[0].result["milestones"] == ["reach", "grasp", "transport", "place"]
    assert len(lines) == 12
    assert lines[0].split() == ["trial", "1/12", "left_front", "under", "the", "gripper", "success", "12.0", "s", "1/1"]
    assert lines[-1].endswith("6/12")


def test_aborts_are_recorded_and_repeated(store, tmp_path):
    robot = FakeRobot(tmp_path, {3: ["camera stale", "arm not armed"], 12: ["policy died"]})
    lines = run(store, robot)
    rows = store.trials()
    assert [(row.attempt, row.state, row.reason) for row in rows if row.number == 3] == [
        (1, "aborted", "camera stale"),
        (2, "aborted", "arm not armed"),
        (3, "committed", "predicate"),
    ]
    assert accounted(rows) == {"committed": 12, "aborted": 3, "interrupted": 0, "running": 0}
    assert robot.calls.count("recover") == 3
    assert sum("aborted, will be repeated: camera stale" in line for line in lines) == 1


def test_a_trial_that_keeps_being_aborted_stops_the_session_and_can_be_resumed(store, tmp_path):
    with pytest.raises(Stopped, match="trial 2 was aborted 3 times in a row, last because: no image"):
        run(store, FakeRobot(tmp_path, {2: ["no image"] * 9}), max_attempts=3)
    assert accounted(store.trials()) == {"committed": 1, "aborted": 3, "interrupted": 0, "running": 0}
    run(store, FakeRobot(tmp_path))
    assert accounted(store.trials()) == {"committed": 12, "aborted": 3, "interrupted": 0, "running": 0}


def test_a_robot_that_does_not_come_back_stops_the_session(store, tmp_path):
    robot = FakeRobot(tmp_path, {1: ["bridge died"]})
    robot.lost = True
    with pytest.raises(Stopped, match="did not come back"):
        run(store, robot)
    assert [row.state for row in store.trials()][:3] == ["aborted", "planned", "planned"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("x"), Stopped("the node is shut down")])
def test_whatever_ends_the_session_is_the_reason_of_an_abort(store, tmp_path, error):
    robot = FakeRobot(tmp_path)

    def run_policy(plan, trial, attempt):
        raise error

    robot.run_policy = run_policy
    with pytest.raises(type(error)):
        run(store, robot)
    first, second = store.trials()[:2]
    assert (first.state, second.state) == ("aborted", "planned")
    assert first.reason.startswith(("session stopped", "error in the session"))


@pytest.mark.parametrize("end", [Stopped("the node is shut down"), Aborted("nobody judged")])
def test_an_episode_that_was_never_judged_keeps_its_video(store, tmp_path, end):
    robot = FakeRobot(tmp_path, video=True)
    robot.lost = True

    def verdict(plan, trial, episode):
        raise end

    robot.verdict = verdict
    with pytest.raises(Stopped):
        run(store, robot)
    row = store.trials()[0]
    assert row.state == "aborted" and (tmp_path / row.result["video"]).is_file() and row.result["steps"] == 60


def test_what_was_run_before_an_abort_is_kept(store, tmp_path):
    robot = FakeRobot(tmp_path)
    run_policy = robot.run_policy

    def fail_once(plan, trial, attempt):
        robot.run_policy = run_policy
        raise Aborted("camera stale", run_policy(plan, trial, attempt))

    robot.run_policy = fail_once
    run(store, robot)
    assert store.trials()[0].result["steps"] == 60


def test_resuming_needs_the_word_the_same_plan_and_the_same_checkpoint(store):
    same = {"checkpoint": "c1", "git_sha": "a"}
    with pytest.raises(Stopped, match="holds a session already"):
        open_session(store, make_plan("knife_in_pot"), same, resume=False)
    with pytest.raises(Stopped, match=r"another plan .task knife_in_pot, scenario 1, seed 0"):
        open_session(store, make_plan("knife_in_pot", seed=1), same, resume=True)
    with pytest.raises(Stopped, match="one session judges one policy"):
        open_session(store, make_plan("knife_in_pot"), {**same, "checkpoint": "c2"}, resume=True)
    open_session(store, make_plan("knife_in_pot"), {**same, "git_sha": "b"}, resume=True)
    assert store.events()[-1].detail == "resumed; changed: git_sha"


def test_an_abort_that_made_things_slower_is_not_one_more_failure(store, tmp_path):
    robot = FakeRobot(tmp_path)
    run_policy, left = robot.run_policy, [TooSlow("too slow"), TooSlow("too slow"), Aborted("loose cable")] * 2

    def fail(plan, trial, attempt):
        if left:
            raise left.pop(0)
        return run_policy(plan, trial, attempt)

    robot.run_policy = fail
    run(store, robot, max_attempts=3)
    assert accounted(store.trials())["aborted"] == 6
    with pytest.raises(Stopped, match="3 times in a row"):
        left += [Aborted("loose cable"), TooSlow("too slow")] * 3
        store.next_trial = lambda: store.trials()[-1]
        store.start = store.abort = lambda *_: None
        run(store, robot, max_attempts=3)


def test_a_known_verdict_is_not_lost_to_a_passing_fault_of_the_disk(store, tmp_path, monkeypatch):
    monkeypatch.setattr("eval_protocol.session.COMMIT_PAUSE_S", 0.0)
    commit, faults = store.commit, [StoreError("cannot write: disk full")] * 4

    def full(*arguments):
        if faults:
            raise faults.pop()
        commit(*arguments)

    store.commit = full
    lines = run(store, FakeRobot(tmp_path))
    assert accounted(store.trials()) == {"committed": 12, "aborted": 0, "interrupted": 0, "running": 0}
    assert sum("success is not logged yet: cannot write: disk full" in line for line in lines) == 4


def test_a_disk_that_stays_full_ends_the_session_and_the_trial_is_repeated_on_resume(store, tmp_path, monkeypatch):
    monkeypatch.setattr("eval_protocol.session.COMMIT_PAUSE_S", 0.0)
    commit, tries = store.commit, []

    def full(*arguments):
        tries.append(arguments)
        raise StoreError("cannot write: disk full")

    store.commit = full
    with pytest.raises(StoreError, match="disk full"):
        run(store, FakeRobot(tmp_path))
    assert len(tries) == 5
    store.commit = commit
    run(store, FakeRobot(tmp_path))
    assert accounted(store.trials()) == {"committed": 12, "aborted": 0, "interrupted": 1, "running": 0}
