"""A server of a small random policy in a process of its own, with short time-outs and tasks that misbehave."""

import sys
import time

import torch

from robot_bridge.web import connection
from vptr_policy.card import Card
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.policy import TrainedPolicy
from vptr_policy.server.listening import bind, url
from vptr_policy.server.service import ServerLimits, Service
from vptr_policy.server.serving import serve
from vptr_policy.server.worker import PolicyWorker

BAD_TASKS = ("slow_one", "hanging_one", "broken_one", "lost_one", "stuck_one")
TASKS = ("knife_in_pot", "cucumber_in_bowl", "näher_ran", *BAD_TASKS)
TIMEOUT_S, BODY_S, HEAD_S, IDLE_S = 1.5, 0.7, 0.8, 1.5
CONCURRENCY = 3


def make_policy(checkpoint: str = "sha256 of a test") -> TrainedPolicy:
    """The same weights in each process."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=len(TASKS), width=8, hidden=(16,)))
    return TrainedPolicy(actor, Card({"name": "bc"}, actor.config, TASKS, gripper="continuous"), checkpoint)


class Misbehaving:
    """Inference that takes long, hangs, fails or loses itself in NaN, by the task."""

    name = "misbehaving"

    def __init__(self, policy):
        self.inner = policy.inference

    def __call__(self, planes, state, task):
        told = TASKS[int(task.argmax())]
        if told == "broken_one":
            raise KeyError("a secret of the inside")
        time.sleep({"slow_one": 0.5, "hanging_one": 2 * TIMEOUT_S, "stuck_one": 1e6}.get(told, 0.0))
        return self.inner(planes, state, task) * (float("nan") if told == "lost_one" else 1.0)


def main(token="", port="0", *checkpoint):
    connection.HEAD_S = HEAD_S
    policy = make_policy(*checkpoint)
    policy.inference = Misbehaving(policy)
    worker = PolicyWorker(policy, TIMEOUT_S)
    worker.warm_up()
    limits = ServerLimits(CONCURRENCY, TIMEOUT_S, body_bytes=4 * 2**20, body_s=BODY_S, idle_s=IDLE_S)
    service = Service(worker, limits)
    listening = bind("127.0.0.1", int(port))
    serve(service, listening, token or None, lambda: print("serving on", url(listening), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
