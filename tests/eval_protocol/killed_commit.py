"""Opens the session in argv[1], aborts what was interrupted, and commits one trial; meant to die at some write."""

import sys
from pathlib import Path

from eval_protocol.store import Store

store = Store(Path(sys.argv[1]) / "session.sqlite")
if store.session_or_none() is None:
    store.create({"trials": 2}, "hash", {}, 2)
    print("created", flush=True)
store.interrupted()
trial = store.next_trial()
if trial is not None:
    store.start(trial)
    store.commit(trial, True, "held", {"steps": list(range(2000))})
    print(trial.id, flush=True)
store.close()
