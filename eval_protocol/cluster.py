"""Episodes of many policies, tasks and variants spread by Ray over the cores of one machine or of many.

What happens in an episode depends on its plan and number alone (eval_protocol.rollout), so that the numbers are those
of one process, whatever the machines and the order.
"""

import logging
import os
import socket
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from eval_protocol.rollout import Episode, RolloutPlan, run_episode

QUEUED = 4
"""Episodes handed to Ray ahead of time for each core."""

RETRIES = 3
"""How often an episode is run again whose process died."""


CONNECT_S = 5.0


class ClusterError(RuntimeError):
    """Ray could not be started or reached, or gave an episode up."""


def evaluate(
    plans: Sequence[RolloutPlan], workers: int, address: Optional[str] = None
) -> Iterator[Tuple[int, Episode]]:
    """Run the episodes of all plans and yield (number of the plan, episode) as they end.

    Args:
        plans: their policy folders must be readable under the same path on every machine.
        workers: cores to use; on a cluster, episodes at a time.
        address: of a running cluster (``auto`` or ``ray://host:port``); None starts Ray here for as long as it takes,
            unless one worker is all there is, for which this process will do.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}, expected at least 1")
    jobs = ((index, plan, number) for index, plan in enumerate(plans) for number in range(plan.episodes))
    if workers == 1 and address is None:
        yield from (_run(*job) for job in jobs)
        return
    with ray_session(workers, address) as ray:
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        yield from _drain(ray, remote, jobs, QUEUED * workers)


@contextmanager
def ray_session(workers: int, address: Optional[str]) -> Iterator[Any]:
    """The ``ray`` module, connected; a Ray that was started here ends with the block.

    Ray listens on all interfaces, whatever address it is given: only who has its token is heard.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)  # that tokens protect it is no news
    quiet: Dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    environment = {"env_vars": {"MUJOCO_GL": os.environ.get("MUJOCO_GL", "osmesa"), "OMP_NUM_THREADS": "1"}}
    try:
        if address is None:
            local: Dict[str, Any] = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
            ray.init(runtime_env=environment, **quiet, **local)
        else:
            _knock(address)
            ray.init(address, runtime_env=environment, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = "on this machine" if address is None else f"at {address!r}"
        raise ClusterError(f"Ray could not be reached {where}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at host:port: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_S).close()
    elif address != "auto":
        raise ValueError("expected auto, HOST:PORT or ray://HOST:PORT")


def _run(index: int, plan: RolloutPlan, number: int) -> Tuple[int, Episode]:
    return index, run_episode(plan, number)


def _drain(ray: Any, remote: Any, jobs: Iterator[Tuple[int, RolloutPlan, int]], ahead: int) -> Iterator[Any]:
    """Results of all jobs as they come, with at most ``ahead`` of them handed over at a time."""
    pending: List[Any] = []
    open_jobs = True
    while open_jobs or pending:
        while open_jobs and len(pending) < ahead:
            job = next(jobs, None)
            open_jobs = job is not None
            if job is not None:
                pending.append(remote.remote(*job))
        if pending:
            done, pending = ray.wait(pending)
            yield _result(ray, done[0])


def _result(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.as_instanceof_cause() from None
    except ray.exceptions.RayError as error:
        raise ClusterError(f"Ray gave an episode up after {RETRIES} more tries: {error}") from error


def gather(
    plans: Sequence[RolloutPlan],
    workers: int,
    address: Optional[str] = None,
    on_episode: Callable[[int, Episode], None] = lambda _index, _episode: None,
) -> List[List[Episode]]:
    """All episodes of each plan, in their order."""
    episodes: List[List[Episode]] = [[] for _ in plans]
    for index, episode in evaluate(plans, workers, address):
        episodes[index].append(episode)
        on_episode(index, episode)
    return [sorted(found, key=lambda episode: episode.number) for found in episodes]
