"""A Quest over adb: starts oculus_reader's app and reads what it logs.

The app itself is not shipped: https://github.com/rail-berkeley/oculus_reader has it (Apache-2.0).
"""

import socket
import threading
import time
from typing import List, Optional

from adbutils import AdbClient, AdbConnection, AdbDevice, AdbError

from robot_bridge.teleop.haptics import Haptic
from robot_bridge.teleop.inbox import Inbox
from robot_bridge.teleop.logcat import TAG, LogcatParser
from robot_bridge.teleop.sample import Input, Notice

PACKAGE = "com.rail.oculus.teleop"
ACTIVITY = f"{PACKAGE}/{PACKAGE}.MainActivity"
START = f"am start -n {ACTIVITY} -a android.intent.action.MAIN -c android.intent.category.LAUNCHER"
LOG = f"logcat -v threadtime -T 1 -s {TAG}:I"
INSTALLED = f"pm path {PACKAGE}"

HOST, PORT = "127.0.0.1", 5037
"""Where an adb server listens unless told otherwise; here adbutils starts one where none runs."""
ANSWER_S = 5.0
"""How long the headset may take for an answer."""
RETRY_S = 1.0
CHUNK = 65536


class AdbFailure(RuntimeError):
    """The headset cannot be reached over adb; says what to do."""


class QuestOverAdb:
    """A Source: reads the app's log in a thread, and connects again whenever the connection is lost.

    Args:
        serial: of the headset, where several devices are connected.
        host: of the adb server.
        port: of the adb server.
        retry_s: between two attempts to connect [s].
    """

    def __init__(
        self, serial: Optional[str] = None, host: str = HOST, port: int = PORT, retry_s: float = RETRY_S
    ) -> None:
        self._serial, self._host, self._port, self._retry_s = serial, host, port, retry_s
        self.parser = LogcatParser()
        self._inbox = Inbox()
        self._problem = "connecting to the headset"
        self._over = threading.Event()
        self._connection: Optional[AdbConnection] = None
        self._thread = threading.Thread(target=self._run, name="quest over adb", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> List[Input]:
        """All that came since the last call, waiting up to ``timeout_s`` for the first."""
        return self._inbox.take(timeout_s)

    def pulse(self, haptic: Haptic) -> None:
        """The app cannot let anybody feel anything."""

    def problem(self) -> str:
        """What is wrong with the connection and what to do; empty while it is read."""
        return self._problem

    def close(self) -> None:
        """End the connection and the thread."""
        self._over.set()
        connection = self._connection
        if connection is not None:
            _wake(connection)
        self._thread.join(timeout=2 * ANSWER_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._follow()
                problem = "the headset's log ended: is the cable out?"
            except (AdbFailure, AdbError, OSError, EOFError) as error:
                problem = str(error) or type(error).__name__
            if not self._over.is_set() and not self._problem:
                self._inbox.put(Notice("closed", problem, time.monotonic(), "logcat"))
            self._problem = problem
            self._over.wait(self._retry_s)

    def _follow(self) -> None:
        """Connect, start the app and read its log until it ends."""
        device = find_device(self._host, self._port, self._serial)
        start_app(device)
        self._connection = connection = device.open_shell(LOG)
        try:
            connection.conn.settimeout(None)  # a headset that is asleep logs nothing
            if not self._over.is_set():
                self._problem = ""
                self._read(connection.conn)
        finally:
            self._connection = None
            connection.close()

    def _read(self, log: socket.socket) -> None:
        while not self._over.is_set():
            data = log.recv(CHUNK)
            if not data:
                return
            for sample in self.parser.feed(data, time.monotonic()):
                self._inbox.put(sample)


def _wake(connection: AdbConnection) -> None:
    """End a read of another thread."""
    try:
        connection.conn.shutdown(socket.SHUT_RDWR)
    except (AdbError, OSError):
        return  # it has ended by itself


def find_device(host: str = HOST, port: int = PORT, serial: Optional[str] = None) -> AdbDevice:
    """The one headset that can be used; raises AdbFailure where there is none, or no telling which."""
    _require_server(host, port)
    client = AdbClient(host=host, port=port, socket_timeout=ANSWER_S)
    try:
        states = {info.serial: info.state for info in client.list()}
    except (AdbError, OSError, ValueError) as error:
        raise AdbFailure(f"what listens on {host}:{port} does not answer as an adb server does: {error}") from error
    if serial is None:
        serial = _only(states)
    elif serial not in states:
        raise AdbFailure(f"no device {serial}; connected: {', '.join(states) or 'none'}")
    if states[serial] == "unauthorized":
        raise AdbFailure(f"{serial} has not allowed this computer: put the headset on and allow USB debugging")
    if states[serial] != "device":
        raise AdbFailure(f"{serial} is {states[serial]}: plug it in again, or restart it")
    return client.device(serial=serial)


def _only(states: dict) -> str:
    """The one serial number there is."""
    if not states:
        raise AdbFailure("no device: plug the headset in with a data cable, in developer mode (`adb devices` lists it)")
    if len(states) > 1:
        raise AdbFailure(f"several devices ({', '.join(states)}): choose one by its serial number")
    return next(iter(states))


def _require_server(host: str, port: int) -> None:
    """Raise AdbFailure where no adb server listens, unless it is the usual one, which adbutils can start."""
    try:
        socket.create_connection((host, port), timeout=ANSWER_S).close()
    except OSError as error:
        if (host, port) != (HOST, PORT):
            raise AdbFailure(
                f"no adb server on {host}:{port} ({error}): start it with `adb -P {port} start-server`"
            ) from error


def start_app(device: AdbDevice) -> None:
    """Start the app; raises AdbFailure where it is not installed or does not start."""
    if not str(device.shell(INSTALLED, timeout=ANSWER_S)).startswith("package:"):
        raise AdbFailure(
            f"the app {PACKAGE} is not installed on {device.serial}: install teleop-debug.apk of "
            "https://github.com/rail-berkeley/oculus_reader with `adb install`"
        )
    answer = str(device.shell(START, timeout=ANSWER_S))
    if "Error" in answer or "Exception" in answer:
        raise AdbFailure(f"the app does not start on {device.serial}: {' '.join(answer.split())}")
