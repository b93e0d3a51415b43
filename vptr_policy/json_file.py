"""Files of JSON that a run left: a damaged one is named, with what was expected and what to do."""

import json
from pathlib import Path
from typing import Any, Dict, Sequence, Union


def read_object(path: Path, keys: Sequence[str], remedy: str) -> Dict[str, Any]:
    """The object in a file, which has ``keys``; raises ValueError with the remedy where it is not so."""
    return parse_object(path.read_bytes(), str(path), keys, remedy)


def parse_object(text: Union[str, bytes], where: str, keys: Sequence[str], remedy: str) -> Dict[str, Any]:
    """The same of a text that stood at ``where``."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON ({error}): expected an object {{...}}; {remedy}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{where} is of the type {type(found).__name__}: expected an object {{...}}; {remedy}")
    missing = [key for key in keys if key not in found]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}: expected an object with {', '.join(keys)}; {remedy}")
    return found
