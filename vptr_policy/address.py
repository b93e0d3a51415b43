"""Addresses of policy servers, where a checkpoint folder could stand too, and the token that a server may ask for."""

import os
import re
from typing import Optional
from urllib.parse import urlsplit

TOKEN_VARIABLE = "VPTR_TOKEN"
"""The environment variable that holds the token of the server, where it asks for one."""
SCHEMES = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}


def is_address(policy: object) -> bool:
    """Whether a policy is named by the address of a server, and not by a folder."""
    scheme, separator, _ = str(policy).partition("://")
    return bool(separator) and scheme.lower() in SCHEMES


def websocket_url(address: str) -> str:
    """Where the websocket of the server at ``address`` is; raises ValueError where that is no address."""
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, named = urlsplit(""), False
    if parts.scheme.lower() not in SCHEMES or not named:
        raise ValueError(f"{address!r} is no address of a policy server: expected http://HOST:PORT")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"an address must hold no secrets: put the token into the variable {TOKEN_VARIABLE}")
    return f"{SCHEMES[parts.scheme.lower()]}://{parts.netloc}{parts.path or '/'}"


def read_token(given: Optional[str] = None) -> str:
    """The token given, else that in VPTR_TOKEN, without blanks around it; empty where there is none.

    Raises ValueError on one that no HTTP header can carry.
    """
    token = (os.environ.get(TOKEN_VARIABLE, "") if given is None else given).strip()
    if not re.fullmatch("[ -~]*", token):
        raise ValueError("the token must be printable ASCII, as HTTP headers are: choose one of letters and digits")
    return token
