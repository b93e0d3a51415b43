"""The cable as the way from a headset to the page: ports of the headset lead to this machine."""

import shlex
from typing import Optional

from adbutils import AdbDevice, AdbError

from robot_bridge.teleop.adb import ANSWER_S, HOST, PORT, AdbFailure, find_device

VIEW = "am start -a android.intent.action.VIEW -d"


def forward(port: int, serial: Optional[str] = None, adb_port: int = PORT) -> AdbDevice:
    """Let localhost:``port`` on the headset lead to the same port here; raises AdbFailure that says what to do."""
    device = find_device(HOST, adb_port, serial)
    try:
        device.reverse(f"tcp:{port}", f"tcp:{port}")
    except (AdbError, OSError) as error:
        raise AdbFailure(f"{device.serial} does not take the way back: {error}; plug it in again") from error
    return device


def open_page(device: AdbDevice, address: str) -> None:
    """Open an address in the headset's browser; raises AdbFailure where it has none."""
    try:
        answer = str(device.shell(f"{VIEW} {shlex.quote(address)}", timeout=ANSWER_S))
    except (AdbError, OSError) as error:
        raise AdbFailure(f"{device.serial} did not open the page: {error}") from error
    if "Error" in answer or "Exception" in answer:
        raise AdbFailure(f"{device.serial} did not open the page: {' '.join(answer.split())}")
