"""HTTP and websockets by hand: quick, and free to send what no library would."""

import socket
import struct
from typing import Any, Iterator, List, Optional, Tuple

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def post_all(address: Tuple[str, int], path: str, bodies: List[bytes]) -> Iterator[Tuple[int, bytes]]:
    """Send requests all at once over one connection; status and body of each answer."""
    head = "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n"
    with socket.create_connection(address, timeout=60) as connection, connection.makefile("rb") as answers:
        connection.sendall(b"".join(head.format(path, len(body)).encode() + body for body in bodies))
        for _ in bodies:
            lines = list(iter(answers.readline, b"\r\n"))
            length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
            yield int(lines[0].split()[1]), answers.read(length)


class BareSocket:
    """A websocket whose frames are written and read as they are."""

    def __init__(self, address: Tuple[str, int], receive_buffer: Optional[int] = None) -> None:
        self._connection = socket.socket()
        self._connection.settimeout(20)
        if receive_buffer is not None:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._connection.connect(address)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._frames = self._connection.makefile("rb")
        self._connection.sendall(UPGRADE)
        lines = list(iter(self._frames.readline, b"\r\n"))
        assert b" 101 " in lines[0], lines

    def __enter__(self) -> "BareSocket":
        return self

    def __exit__(self, *_: Any) -> None:
        self._frames.close()
        self._connection.close()

    def send(self, payload: bytes, kind: int = BINARY) -> None:
        """One whole frame, masked with zeros."""
        size = len(payload)
        length = struct.pack("!BH", 128 | 126, size) if 126 <= size < 2**16 else struct.pack("!BQ", 128 | 127, size)
        head = struct.pack("!B", 128 | kind) + (struct.pack("!B", 128 | size) if size < 126 else length)
        self._connection.sendall(head + bytes(4) + payload)

    def ping(self, count: int) -> None:
        """Ask for so many answers of 127 bytes, which the server does not think about."""
        self._connection.sendall((struct.pack("!BB", 128 | PING, 128 | 125) + bytes(4 + 125)) * count)

    def receive(self) -> Tuple[int, bytes]:
        """The kind and the payload of the next frame."""
        kind, size = self._frames.read(2)
        if size > 125:
            form = "!H" if size == 126 else "!Q"
            (size,) = struct.unpack(form, self._frames.read(struct.calcsize(form)))
        return kind & 15, self._frames.read(size)
