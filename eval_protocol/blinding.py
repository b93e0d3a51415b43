"""When the names behind A and B become known, and what is logged of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from eval_protocol.seal import Key, SealError, key_from_json, read_key
from eval_protocol.session import verdicts
from eval_protocol.store import Store
from eval_protocol.study import Study, schedule_from_json

BROKEN = "blinding_broken"
"""Kind of the events that say so."""


@dataclass(frozen=True)
class Names:
    """What the labels of a study stand for; ``key`` is None while it is sealed."""

    key: Optional[Key]

    def of(self, label: str) -> str:
        """The policy's name, or ``policy A`` while the names are sealed."""
        return self.key.policies[label].name if self.key else f"policy {label}"


def names_of(store: Store, study: Study) -> Names:
    """The names as far as the session file tells them."""
    opened = store.unsealing()
    return Names(key_from_json(opened.key, study.commitment, study.body_hash()) if opened else None)


def unseal(store: Store, path: Path, who: str, reason: str = "") -> None:
    """Open the seal with the key at ``path``; before the study's end that breaks the blinding, and needs a reason.

    Raises SealError where the key is not the plan's, or the study has not ended and no reason is given.
    """
    study = schedule_from_json(store.session().plan)
    if not isinstance(study, Study):
        raise SealError("this session is of one policy: nothing is sealed")
    key = read_key(path, study.commitment, study.body_hash())
    if not who.strip():
        raise SealError("who opens the seal? Give a name with --who NAME; it will be logged")
    if store.unsealing() is not None:
        return
    known, planned = verdicts(store.trials(), len(study.slots)), len(study.slots)
    judged = sum(verdict is not None for verdict in known)
    early = judged < planned and not study.ended(known)
    if early and not reason.strip():
        raise SealError(
            f"{judged} of {planned} trials are judged: opened now, the rest is no longer blind. Finish the session, or "
            "say why with --break-blinding REASON; it will be logged"
        )
    if early:
        log_break(store, who, f"{reason} ({judged} of {planned} trials judged)")
    store.unseal(who, key.model_dump(mode="json"), judged, planned, reason if early else "")


def log_break(store: Store, who: str, reason: str) -> None:
    """Log that somebody at the robot has learned, or may have learned, which policy is which."""
    store.log(BROKEN, f"{who}: {reason}")
