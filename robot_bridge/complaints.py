"""What pydantic found wrong with parameters, in one line."""

from pydantic import ValidationError


def complaints(kind: str, error: ValidationError) -> str:
    """All of it, each with the name of its parameter."""
    found = []
    for one in error.errors():
        name = ".".join(map(str, one["loc"])) or "all of them"
        text = one["msg"].replace("Value error, ", "").replace("Extra inputs are not permitted", "no such parameter")
        found.append(f"{kind} parameter {name}: {text}")
    return "; ".join(found)
