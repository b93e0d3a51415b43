"""Blinding: which policy is A and which is B is drawn by lot, committed to in the plan, and kept in a file of its own.

The plan holds sha256 of the key, whose random salt keeps anyone from finding it by trying the few possible keys, and
the key holds sha256 of the rest of the plan. So the person at the robot does not learn the names by looking at the plan
or at the session file, and nobody can exchange the names, or change the plan, after the results are known: a key that
opens the commitment is the one that was drawn for this very plan. Who can write both files can forge both; what tells
then is the sha256 on the page of the pre-registration, in somebody else's hands.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from pydantic import Field, ValidationError

from eval_protocol.plan import canonical_hash
from eval_protocol.yaml_source import Strict

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SALT_BYTES = 32


class SealError(ValueError):
    """A key that does not fit; the message says to what, and what to do."""


class NamedPolicy(Strict):
    """A policy of an evaluation: its name in the report, its checkpoint folder, and the hash of its files."""

    name: str = Field(min_length=1, max_length=60)
    folder: str
    checkpoint: str


class Key(Strict):
    """What the labels stand for."""

    salt: str = Field(pattern=f"^[0-9a-f]{{{2 * SALT_BYTES}}}$")
    policies: Dict[str, NamedPolicy]
    plan: str = ""
    """sha256 of the plan it was drawn for, without the commitment"""

    def commitment(self) -> str:
        """sha256 of the key, which the plan holds."""
        return "sha256 " + canonical_hash(self.model_dump(mode="json"))

    def label(self, name: str) -> str:
        """The label of the policy of a name."""
        return next(label for label, policy in self.policies.items() if policy.name == name)

    def names(self) -> Dict[str, str]:
        """Label -> name."""
        return {label: policy.name for label, policy in self.policies.items()}


def draw_key(policies: Sequence[NamedPolicy], salt: Optional[str] = None) -> Key:
    """Draw by lot who is A, B and so on; the lot is the system's, not the plan's seed, which everybody knows."""
    names = [policy.name for policy in policies]
    if len(set(names)) != len(names):
        raise SealError(f"two policies have one name ({', '.join(names)}): name them, as in --policy ours=FOLDER")
    if not 2 <= len(policies) <= len(LABELS):
        raise SealError(f"{len(policies)} policies: a blind comparison is of 2 to {len(LABELS)}")
    drawn: List[NamedPolicy] = list(policies)
    secrets.SystemRandom().shuffle(drawn)
    return Key(salt=salt or secrets.token_hex(SALT_BYTES), policies=dict(zip(LABELS, drawn)))


def write_key(path: Path, key: Key) -> None:
    """Write the key so that only its owner can read it; a key that is there already is never overwritten."""
    try:
        file = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SealError(
            f"{path} holds a key already: name another file, or remove it with the plan it opens"
        ) from error
    with open(file, "w", encoding="utf-8") as target:
        target.write(json.dumps(key.model_dump(mode="json"), indent=2) + "\n")


def read_key(path: Path, commitment: str, plan: str) -> Key:
    """Read a key; raises SealError where it is none, not the one that was committed to, or of another plan's sha256."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SealError(f"cannot read the key {path}: {error}; it lies where `vptr eval plan` wrote it") from error
    return key_from_json(value, commitment, plan, str(path))


def key_from_json(value: Mapping[str, Any], commitment: str, plan: str, source: str = "the key") -> Key:
    """A key from plain data, checked against the plan's commitment and the sha256 of the rest of the plan."""
    try:
        key = Key.model_validate(value)
    except ValidationError as error:
        raise SealError(f"{source} is no key: give the .key.json that was written beside the plan") from error
    if key.commitment() != commitment:
        raise SealError(f"{source} is not the key of this plan: {key.commitment()}, the plan says {commitment}")
    if key.plan != plan:
        raise SealError(
            f"the plan was changed after it was sealed: {source} was drawn for {key.plan or 'no plan'}, this one is "
            f"{plan}. Restore the plan as `vptr eval plan` wrote it, or make a new study"
        )
    return key
