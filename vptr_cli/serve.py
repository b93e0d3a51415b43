"""`vptr serve`: a policy for clients on this machine or, with a token, on others."""

import secrets
from pathlib import Path
from typing import Optional

from vptr_cli.checkpoints import find_checkpoint
from vptr_cli.limits import expect, worker_count
from vptr_policy.address import TOKEN_VARIABLE, read_token


def serve(
    policy: str = "shipped",
    host: str = "127.0.0.1",
    port: int = 8000,
    backend: str = "auto",
    calibration: Optional[Path] = None,
    token: Optional[str] = None,
    threads: Optional[int] = None,
    concurrency: int = 16,
    timeout: float = 10.0,
    body_mb: float = 16.0,
    require_state: bool = False,
) -> int:
    """Serve the actions of a policy over HTTP (OpenVLA, AutoEval) and a websocket (openpi), until SIGTERM or Ctrl-C.

    Args:
        policy: checkpoint folder, run of `vptr train`, or shipped.
        host: address to listen on; beyond the loopback interface clients need the token.
        port: 0 picks a free one.
        backend: auto, eager (PyTorch), onnxruntime or int8; auto is PyTorch on a GPU, else onnxruntime.
        calibration: folder of recorded episodes (real pictures) that int8 is calibrated on and judged by.
        token: that clients must send; better put into the variable VPTR_TOKEN, for others on this machine see options
            (`ps`). Default: that in VPTR_TOKEN, else beyond the loopback interface a new one, which is printed.
        threads: of the network on the CPU; default one a core.
        concurrency: HTTP requests in flight, and websockets in use; more are refused with 503.
        timeout: for one action [s].
        body_mb: largest request [MB of 2^20 bytes].
        require_state: refuse observations without a state, in place of completing them by the arm's neutral one.
    """
    expect("concurrency", concurrency, 1)
    if not timeout > 0.0 or not body_mb > 0.0:
        raise ValueError(f"--timeout is {timeout} and --body-mb {body_mb}: expected more than 0")
    from vptr_cli.threads import wait_passively
    from vptr_policy.server.listening import bind, is_local, url

    folder = find_checkpoint(policy)
    listening = bind(host, port)
    secret = _token(token, is_local(listening))
    wait_passively()
    from vptr_policy.inference.backends import choose
    from vptr_policy.policy import load_policy
    from vptr_policy.server.service import ServerLimits, Service
    from vptr_policy.server.serving import serve as run
    from vptr_policy.server.worker import PolicyWorker

    loaded = load_policy(folder)
    loaded.inference = choose(backend, loaded.network, loaded.task_vectors(), worker_count(threads), calibration)
    limits = ServerLimits(concurrency, timeout, int(body_mb * 2**20), require_state=require_state)
    worker = PolicyWorker(loaded, timeout)
    worker.warm_up()

    def ready() -> None:
        latency = worker.latency()
        print(f"tasks: {', '.join(loaded.tasks)}")
        print(f"backend: {loaded.inference.name}, p50 {latency['p50_ms']} ms, p99 {latency['p99_ms']} ms at warm-up")
        print(f"serving on {url(listening)}", flush=True)

    run(Service(worker, limits), listening, secret, ready)
    return 0


def _token(given: Optional[str], local: bool) -> Optional[str]:
    """The token to ask for: the one given, one made up and printed where others can reach us, else none."""
    token = read_token(given)
    if given is not None and not token:
        raise ValueError("--token is empty: leave it out, or give at least a few random words")
    if token or local:
        return token or None
    made = secrets.token_urlsafe(24)
    print(f"token: {made} (clients send it as 'Authorization: Bearer ...'; our own read it from {TOKEN_VARIABLE})")
    return made


RUN = serve
