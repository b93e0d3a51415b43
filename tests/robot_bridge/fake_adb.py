"""An adb server on a free port that speaks the host protocol, with devices that are made of a log."""

import contextlib
import socket
import socketserver
import threading
from typing import Dict, List, Optional, Tuple

VERSION = 41


class FakeAdb:
    """Serves until closed; a test fills ``devices`` (serial, state), ``apps`` and ``log``, and reads ``asked``."""

    def __init__(self, port: int = 0) -> None:
        self.devices: List[Tuple[str, str]] = [("1WMHH000X00000", "device")]
        self.apps = {"com.rail.oculus.teleop"}
        self.start_answer = "Starting: Intent { act=android.intent.action.MAIN }\n"
        self.log = b"--------- beginning of main\n"
        self.asked: List[str] = []
        self._ended = False
        self._readers: Dict[socket.socket, int] = {}
        self._more = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Append to the log; whoever reads it gets it."""
        with self._more:
            self.log += data
            self._more.notify_all()

    @property
    def readers(self) -> int:
        """How many read the log now."""
        return len(self._readers)

    def unplug(self) -> None:
        """End all that read the log."""
        with self._more:
            for reader in list(self._readers):
                with contextlib.suppress(OSError):  # it has gone by itself
                    reader.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the server and all connections."""
        with self._more:
            self._ended = True
            self._more.notify_all()
        self.unplug()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def stream(self, reader: socket.socket) -> None:
        """Send the log as it grows, until the reader is gone."""
        sent = 0
        self._readers[reader] = 0
        try:
            while not self._ended:
                with self._more:
                    data = self.log[sent:]
                    if not data:
                        self._more.wait(0.05)
                        reader.sendall(b"")
                if data:
                    reader.sendall(data)
                    sent += len(data)
        except OSError:
            pass  # unplugged
        finally:
            del self._readers[reader]

    def shell(self, command: str) -> Optional[bytes]:
        """What a command prints; None: the growing log."""
        if command.startswith("logcat"):
            return None
        if command.startswith("pm path "):
            package = command.split()[-1]
            return f"package:/data/app/{package}/base.apk\n".encode() if package in self.apps else b""
        return self.start_answer.encode() if command.startswith("am start") else b"unknown command\n"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    fake: FakeAdb


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """One connection: requests of four hexadecimal digits and a text, until one of them takes it over."""
        while True:
            size = self._receive(4)
            if not size:
                return
            request = self._receive(int(size, 16)).decode()
            self.server.fake.asked.append(request)
            if not self._answer(request):
                return

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.request.recv(size - len(data))
            if not chunk:
                return b""
            data += chunk
        return data

    def _answer(self, request: str) -> bool:
        fake = self.server.fake
        if request == "host:version":
            return self._okay(f"{VERSION:04x}")
        if request in ("host:devices", "host:devices-l"):
            return self._okay("".join(f"{serial}\t{state}\n" for serial, state in fake.devices))
        if request.endswith(":features"):
            return self._okay("cmd")
        if request.startswith(("host:tport:", "host:transport")):
            return self._transport(request)
        if request.startswith("shell"):
            return self._shell(request.split(":", 1)[1])
        return self._fail(f"unknown request {request}")

    def _transport(self, request: str) -> bool:
        fake = self.server.fake
        serial = request.rsplit(":", 1)[1]
        known = [name for name, state in fake.devices if state == "device" and serial in (name, "any")]
        if not known and not request.endswith("-any"):
            return self._fail(f"device '{serial}' not found")
        self.request.sendall(b"OKAY" + ((1).to_bytes(8, "little") if "tport" in request else b""))
        return True

    def _shell(self, command: str) -> bool:
        self.request.sendall(b"OKAY")
        printed = self.server.fake.shell(command)
        if printed is None:
            self.server.fake.stream(self.request)
        else:
            self.request.sendall(printed)
        return False

    def _okay(self, text: str) -> bool:
        self.request.sendall(b"OKAY" + f"{len(text):04x}{text}".encode())
        return False

    def _fail(self, text: str) -> bool:
        self.request.sendall(b"FAIL" + f"{len(text):04x}{text}".encode())
        return False
