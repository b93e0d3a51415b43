"""The socket that a server listens on, and how it is called."""

import errno
import ipaddress
import socket


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises OSError that names the address."""
    if not 0 <= port < 2**16:  # getaddrinfo would take the rest of a division by that
        raise OSError(f"cannot listen on {host}:{port}: expected a port of 0 to {2**16 - 1}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # the protocol is named, for asyncio turns off Nagle's delay (40 ms) only where it is
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except (OSError, UnicodeError) as error:
        hint = (
            "; end what listens there, or choose another --port"
            if getattr(error, "errno", 0) == errno.EADDRINUSE
            else ""
        )
        raise OSError(f"cannot listen on {host}:{port}: {error}{hint}") from error
    return listening


def is_local(listening: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    return is_loopback(listening.getsockname()[0])


def is_loopback(host: str) -> bool:
    """Whether a host's name is one of the loopback interface: localhost, 127.0.0.0/8 or ::1."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def url(listening: socket.socket) -> str:
    """The address of a socket, as a client takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
