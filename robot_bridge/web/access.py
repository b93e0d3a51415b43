"""Who may talk to a page's server: pairing by a token, a cookie afterwards, and only pages of our own."""

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass
from typing import Mapping, Optional
from urllib.parse import urlsplit

TOKEN_BYTES = 16
LEAST_TOKEN = 12
"""Characters of a token that somebody chose: fewer could be found by trying."""
PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that look like no other."""
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of this machine's."""
_ELSEWHERE = (("192.0.2.1", 9), ("2001:db8::1", 9))
"""Of no machine (RFC 5737, RFC 3849): the way there is the way to the network; nothing is sent."""


class Forbidden(PermissionError):
    """A request that is refused; the message says why and what to do."""


@dataclass
class Access:
    """Checks requests. On loopback everybody on this machine is paired; beyond it only who has shown the token.

    A paired browser keeps a cookie that is made of the token, so that it stays paired where the server is started
    again with the same one. ``service`` is what messages call it, and in the cookie's name: browsers send the cookies
    of all ports of a host. ``secure`` where it serves by TLS.
    """

    host: str
    port: int
    token: str = ""
    service: str = "console"
    secure: bool = False

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.token:
            raise ValueError(
                f"the {self.service} would listen on {self.host}, beyond this machine: it needs a token for that"
            )
        if 0 < len(self.token) < LEAST_TOKEN:
            raise ValueError(f"the token has {len(self.token)} characters, expected at least {LEAST_TOKEN}, or none")

    @property
    def cookie(self) -> str:
        """Its name."""
        return f"vptr_{self.service}"

    def check_host(self, header: Optional[str]) -> None:
        """Refuse requests to other names than ours: a foreign name that leads here (DNS rebinding) gets nothing.

        Numbers are no names: whoever asks for an address of ours has not been led here by a name.
        """
        name = _host_of(f"//{header or ''}")
        own = socket.gethostname().lower()
        if name in {"localhost", self.host.lower(), own, f"{own}.local"} or is_loopback(name):
            return
        if self.host not in EVERYWHERE or not _is_number(name):
            raise Forbidden(
                f"this {self.service} does not answer to the name {name!r}: open the address the terminal shows"
            )

    def check_origin(self, header: Optional[str], host: Optional[str]) -> None:
        """Refuse what a page of somebody else sends: its origin must be the very address that it talks to."""
        try:
            origin = urlsplit(header or "").netloc.lower()
        except ValueError:
            origin = ""
        if not origin or origin != (host or "").lower():
            raise Forbidden(f"the page that asks ({header or 'of unknown origin'}) is not this {self.service}'s")

    def check_paired(self, cookies: Mapping[str, str]) -> None:
        """Refuse browsers that have not shown the token."""
        browser, _, mark = cookies.get(self.cookie, "").partition(".")
        if self.token and not hmac.compare_digest(mark.encode(), self._mark(browser).encode()):
            raise Forbidden("this browser is not paired: open the address that the terminal shows")

    def pair(self, token: str) -> str:
        """The cookie of a browser that shows the token; raises Forbidden."""
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode()):
            raise Forbidden("wrong token: open the address that the terminal shows")
        browser = secrets.token_urlsafe(TOKEN_BYTES)
        return f"{browser}.{self._mark(browser)}"

    def url(self) -> str:
        """The address to open; a token stands behind the #, which browsers send to nobody."""
        host = outward(self.host) if self.host in EVERYWHERE else self.host
        name = f"[{host}]" if ":" in host else host
        return f"http{'s' if self.secure else ''}://{name}:{self.port}/" + (f"pair#{self.token}" if self.token else "")

    def _mark(self, browser: str) -> str:
        return hmac.new(self.token.encode(), browser.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def typed_token() -> str:
    """A token that nobody guesses, and that can be typed in a headset: 12 letters and digits, 59 bits."""
    drawn = "".join(secrets.choice(PLAIN) for _ in range(12))
    return "-".join(drawn[at : at + 4] for at in range(0, 12, 4))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def outward(host: str) -> str:
    """The address by which others reach a server on all addresses; this machine's name where it has no network."""
    family, elsewhere = (socket.AF_INET6, _ELSEWHERE[1]) if ":" in host else (socket.AF_INET, _ELSEWHERE[0])
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(elsewhere)
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _host_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
