"""Who may talk to the console: pairing by a token, a cookie afterwards, and only pages of our own."""

import hmac
import ipaddress
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Dict, Mapping, Optional, Sequence
from urllib.parse import urlsplit

COOKIE = "vptr_console"
TRIES_PER_MINUTE = 20
"""Wrong tokens from all clients together, after which pairing pauses."""
TOKEN_BYTES = 16


class Forbidden(PermissionError):
    """A request that is refused; the message says why and what to do."""


@dataclass
class Access:
    """Checks requests. On loopback everybody on this machine is paired; beyond it only who has shown the token.

    ``hosts`` are the names under which the page may be asked for: others are refused, so that a foreign name that
    resolves to this machine (DNS rebinding) reaches nothing.
    """

    host: str
    port: int
    token: str = ""
    hosts: Sequence[str] = ()
    _paired: Dict[str, float] = field(default_factory=dict)
    _wrong: Dict[float, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.token:
            raise ValueError(f"the console would listen on {self.host}, beyond this machine: it needs a token for that")

    def check_host(self, header: Optional[str]) -> None:
        """Refuse requests to other names than ours."""
        name = (urlsplit(f"//{header or ''}").hostname or "").lower()
        if name not in {"localhost", "127.0.0.1", "::1", self.host.lower(), *(known.lower() for known in self.hosts)}:
            raise Forbidden(f"this console does not answer to the name {name!r}")

    def check_origin(self, header: Optional[str], host: Optional[str]) -> None:
        """Refuse what a page of somebody else sends: its origin must be the very address that it talks to."""
        if header is None or urlsplit(header).netloc.lower() != (host or "").lower():
            raise Forbidden(f"the page that asks ({header or 'of unknown origin'}) is not this console's")

    def check_paired(self, cookies: Mapping[str, str]) -> None:
        """Refuse browsers that have not shown the token."""
        if self.token and cookies.get(COOKIE, "") not in self._paired:
            raise Forbidden("this browser is not paired: open the address that the terminal shows")

    def pair(self, token: str) -> str:
        """The cookie of a browser that shows the token; raises Forbidden."""
        now = time.monotonic()
        self._wrong = {stamp: None for stamp in self._wrong if now - stamp < 60.0}
        if len(self._wrong) >= TRIES_PER_MINUTE:
            raise Forbidden("too many wrong tokens: wait a minute")
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            self._wrong[now] = None
            raise Forbidden("wrong token: open the address that the terminal shows")
        cookie = secrets.token_urlsafe(TOKEN_BYTES)
        self._paired[cookie] = now
        return cookie

    def url(self) -> str:
        """The address to open; a token stands behind the #, which browsers send to nobody."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/" + (f"pair#{self.token}" if self.token else "")


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
