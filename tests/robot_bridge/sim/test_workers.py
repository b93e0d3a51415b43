import os
import signal
import subprocess
import sys
import time

import pytest

from robot_bridge.sim.workers import Tally, WorkerDied, run_jobs


def square(number):
    return number, number * number, os.getpid()


def fail(number):
    if number == 1:
        raise ValueError(f"job {number} is wrong")
    time.sleep(60)


def wait_or_answer(number):
    if number > 0:
        time.sleep(60)
    return number


def die(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def report_and_sleep(folder):
    with open(os.path.join(folder, str(os.getpid())), "w"):
        time.sleep(60)


def count(tally, slot):
    tally.add(slot, slot)


def threads_allowed():
    return os.environ["OMP_NUM_THREADS"]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_every_job_is_done_once_in_other_processes():
    results = list(run_jobs(square, [(n,) for n in range(5)], workers=2))
    assert sorted(result[:2] for result in results) == [(n, n * n) for n in range(5)]
    assert os.getpid() not in {result[2] for result in results}


def test_one_worker_needs_no_process():
    assert list(run_jobs(square, [(3,)], workers=1)) == [(3, 9, os.getpid())]


def test_the_error_of_a_job_ends_the_run_at_once():
    start = time.monotonic()
    with pytest.raises(ValueError, match="job 1 is wrong"):
        list(run_jobs(fail, [(0,), (1,)], workers=2))
    assert time.monotonic() - start < 20


def test_an_abandoned_run_ends_its_workers_quietly(capfd):
    start = time.monotonic()
    results = run_jobs(wait_or_answer, [(n,) for n in range(6)], workers=2)
    assert next(results) == 0
    results.close()
    assert time.monotonic() - start < 20
    assert "Traceback" not in capfd.readouterr().err


def test_a_killed_worker_is_reported_and_nothing_hangs():
    start = time.monotonic()
    with pytest.raises(WorkerDied, match="killed, or out of memory"):
        list(run_jobs(die, [(0,), (1,)], workers=2))
    assert time.monotonic() - start < 20


def test_workers_get_one_thread_each_and_this_process_keeps_its_own(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert list(run_jobs(threads_allowed, [(), ()], workers=2)) == ["1", "1"]
    assert "OMP_NUM_THREADS" not in os.environ


@pytest.mark.parametrize("workers", [1, 2])
def test_jobs_count_in_memory_shared_with_the_parent(workers):
    tally = Tally(4)
    seen = []
    assert len(list(run_jobs(count, [(n,) for n in range(4)], workers, lambda: seen.append(1), (tally,)))) == 4
    assert tally.total() == 6
    assert seen


def test_no_worker_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        list(run_jobs(square, [(1,)], workers=0))


def test_workers_end_with_a_killed_parent(tmp_path):
    code = (
        "from robot_bridge.sim.workers import run_jobs;"
        f"import sys; sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r});"
        "from test_workers import report_and_sleep;"
        f"list(run_jobs(report_and_sleep, [({str(tmp_path)!r},)] * 2, workers=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        pids = [int(entry.name) for entry in tmp_path.iterdir()]
        assert len(pids) == 2
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)
