"""How many of what, in words."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 session``, ``2 sessions``; ``plural`` where it is not the noun with an s."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
