"""`vptr eval unseal`, `correct`, `rate` and `review`: what is said of a session after its trials."""

import signal
import threading
from pathlib import Path
from typing import Literal, Tuple

from tyro.conf import Positional

from vptr_cli.eval_report import failed


def unseal(session: Positional[Path], key: Path, who: str, break_blinding: str = "") -> int:
    """Open the seal of a blind study: its report then shows the policies' names and the verdict.

    Args:
        session: folder of the session, or its session.sqlite
        key: file that `vptr eval plan` wrote beside the plan (.key.json)
        who: your name, for the log
        break_blinding: why the names must be known before the last trial; logged, and said in the report
    """
    from eval_protocol.blinding import unseal as open_seal
    from eval_protocol.reading import read_session
    from eval_protocol.store import Store, StoreError, session_file

    try:
        store = Store(session_file(session), exclusive=False)
        try:
            open_seal(store, key, who, break_blinding)
        finally:
            store.close()
        reading = read_session(session)
    except (StoreError, ValueError, OSError) as error:
        return failed("unseal", error)
    for policy in reading.policies():
        print(f"policy {policy.label} is {policy.name} ({policy.checkpoint})")
    opened = reading.unsealing
    if opened is not None and opened.who != who:
        print(f"opened before, by {opened.who}")
    return 0


def correct(
    session: Positional[Path],
    trial: int,
    who: str,
    verdict: Literal["success", "failure"],
    reason: str,
    milestones: Tuple[str, ...] = (),
    failure: str = "",
    note: str = "",
) -> int:
    """Correct the verdict on a trial; the old label stays in the log, with who changed it, when and why.

    Args:
        session: folder of the session, or its session.sqlite
        trial: number of the trial in the plan
        who: your name
        verdict: what it was: success or failure
        reason: why the old label was wrong
        milestones: those that were reached, of reach, grasp, transport, place; default: as noted before
        failure: kind of failure, as on the operator's page, such as "missed object"; default: as noted before
        note: a remark; default: that noted before
    """
    from eval_protocol.labels import correct as log_correction
    from eval_protocol.labels import noted, rubric_of
    from eval_protocol.store import Store, StoreError, session_file

    try:
        rubric_of(milestones, failure, note)
        store = Store(session_file(session), exclusive=False)
        try:
            old = noted(store, trial)
            went_wrong = failure or (old.failure if verdict == "failure" else "")
            rubric = rubric_of(milestones or old.milestones, went_wrong, note or old.note)
            log_correction(store, trial, who, verdict == "success", rubric, reason)
        finally:
            store.close()
    except (StoreError, ValueError, OSError) as error:
        return failed("correct", error)
    print(f"trial {trial} is now a {verdict}, says {who}; the old label stays in the log")
    return 0


def rate(session: Positional[Path], rater: str, player: str = "") -> int:
    """Rate a session's videos as a second rater: shuffled, without the first verdict; go on where you left off.

    Args:
        session: folder of the session, or its session.sqlite
        rater: your name; the first rater should be somebody else
        player: program that shows a video, such as "mpv --loop"; without it, open the path that is printed
    """
    from eval_protocol.second_rater import SecondRater
    from eval_protocol.store import Store, StoreError, session_file

    try:
        store = Store(session_file(session), exclusive=False)
        try:
            SecondRater(store, rater, player).run()
        finally:
            store.close()
    except (StoreError, ValueError, OSError) as error:
        return failed("rate", error)
    except EOFError:
        print("\nstopped; what was rated is kept: go on with the same command")
    return 0


def review(session: Positional[Path], host: str = "127.0.0.1", port: int = 0, token: str = "") -> int:
    """Serve a session's page without a robot, until Ctrl-C: videos beside each other, corrections, second ratings.

    Args:
        session: folder of the session, or its session.sqlite
        host: where the page can be opened: this machine; 0.0.0.0 or an address of this machine: others too
        port: 0: any
        token: that others must show; default a new one, which is printed
    """
    from eval_protocol.console.app import make_app
    from eval_protocol.console.archive import Archive
    from eval_protocol.console.control import Control
    from eval_protocol.store import StoreError, session_file
    from robot_bridge.web.access import Access, free_port, is_loopback, new_token
    from robot_bridge.web.server import WebServer, announcement

    try:
        desk, port = Archive(session_file(session).resolve().parent), port or free_port(host)
        access = Access(host, port, token if is_loopback(host) else token or new_token())
        server = WebServer(make_app(desk, access, Control()), host, port)
        server.start()
    except (StoreError, ValueError, OSError) as error:
        return failed("review", error)
    for line in announcement(access):
        print(line, flush=True)
    asked_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_end.set())
    asked_to_end.wait()
    server.close()
    return 0
