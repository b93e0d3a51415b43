"""`vptr teleop`: what teleoperation needs beside the running robot: a certificate, the cable, a keyboard."""

import os
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from vptr_cli.limits import expect

FOLDER = "vptr/teleop"
"""Below the user's configuration folder: beside no code, so that it is never shipped."""


def certificate(address: Tuple[str, ...] = (), out: Optional[Path] = None, renew: bool = False) -> int:
    """Make a certificate authority of this machine alone, and a certificate for the teleoperation page.

    Browsers give poses only to pages with a certificate, beyond this machine and the cable. Nothing is overwritten,
    and all files are readable by their owner alone.

    Args:
        address: IP addresses and names of this machine; default the one by which others reach it, its name, localhost.
        out: folder; default vptr/teleop in the user's configuration folder.
        renew: make a new certificate by the authority that is there and that headsets know already.
    """
    from robot_bridge.web.certificate import AUTHORITY, make

    folder = (out or _folder()).expanduser().absolute()
    addresses = address or _own_addresses()
    for path in make(folder, addresses, renew):
        print(f"wrote {path}")
    print(f"for {', '.join(addresses)}")
    print(f"start with: roslaunch vptr_widowx collect.launch host:=0.0.0.0 certificate:={folder}")
    print(f"the headset need not warn once it trusts {folder / AUTHORITY} (docs/collect.md)")
    return 0


def usb(
    port: Optional[int] = None,
    token: Optional[str] = None,
    serial: Optional[str] = None,
    adb_port: int = 5037,
    open: bool = True,
) -> int:
    """Let a headset on the cable reach the teleoperation page as http://localhost, and open it there.

    Args:
        port: of the page; default that of the running teleoperation node.
        token: of the page; default that of the running teleoperation node.
        serial: number of the headset, where several devices are connected.
        adb_port: of the adb server.
        open: open the page in the headset's browser.
    """
    from robot_bridge.teleop.usb import forward, open_page

    expect("adb-port", adb_port, 1)
    if port is None or token is None:
        from robot_bridge.nodes.teleop_address import running_page

        found = running_page()
        port, token = port or found[0], token or found[1]
    device = forward(port, serial, adb_port)
    address = f"http://localhost:{port}/pair#{token}"
    print(f"{device.serial}: localhost:{port} leads to this machine while the cable is in")
    if open:
        open_page(device, address)
        print("opened in the headset: put it on")
    print(f"address: {address}")
    return 0


def keyboard(facing: int = 180, preset: str = "bridge") -> None:
    """Drive the arm by the keys of this terminal; robot and pictures run already (collect.launch source:=none).

    Args:
        facing: where you look, seen from the robot [deg]: 180 facing it, 0 behind it, 90 at its right, 270 at its left.
        preset: bridge (5 Hz) or smooth.
    """
    from robot_bridge.teleop.keyboard import HELP
    from robot_bridge.teleop.options import options_from

    options_from({"source": "keyboard", "facing": facing, "preset": preset})
    print(HELP, flush=True)
    node = ["rosrun", "vptr_widowx", "teleop_node", "_source:=keyboard", f"_facing:={facing}", f"_preset:={preset}"]
    os.execvp(node[0], node)


def _folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / FOLDER


def _own_addresses() -> Tuple[str, ...]:
    import socket

    from robot_bridge.web.access import outward

    name = socket.gethostname().lower()
    return tuple(dict.fromkeys([outward("0.0.0.0"), name, f"{name}.local", "localhost", "127.0.0.1"]))


COMMANDS: Dict[str, Callable[..., Any]] = {"certificate": certificate, "usb": usb, "keyboard": keyboard}
