"""A certificate of this machine alone, proved by real TLS connections."""

import datetime
import http.client
import socket
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from fastapi import FastAPI

from robot_bridge.web import certificate
from robot_bridge.web.access import free_port
from robot_bridge.web.certificate import AUTHORITY, AUTHORITY_KEY, CHAIN, KEY, CertificateError, check, make
from robot_bridge.web.server import WebServer

ADDRESSES = ["192.168.1.7", "127.0.0.1", "fd00::7", "robot.lab", "localhost"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "new" / "teleop"
    make(made, ADDRESSES)
    return made


def ask(port: int, host: str, authority: Path) -> int:
    connection = http.client.HTTPSConnection(
        host, port, timeout=10.0, context=ssl.create_default_context(cafile=str(authority))
    )
    try:
        connection.request("GET", "/docs")
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_trusts_the_authority_connects_to_our_addresses_and_to_no_others(folder: Path) -> None:
    port = free_port("127.0.0.1")
    server = WebServer(FastAPI(), "127.0.0.1", port, check(folder, "127.0.0.1"))
    server.start()
    try:
        assert ask(port, "127.0.0.1", folder / AUTHORITY) == 200
        with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.2"):
            server_elsewhere(port, folder / AUTHORITY)
        with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
            ask(port, "127.0.0.1", other_authority(folder))
    finally:
        server.close()


def server_elsewhere(port: int, authority: Path) -> None:
    """The same server by a name that its certificate is not for."""
    context = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection(("127.0.0.1", port), 10.0) as plain:
        context.wrap_socket(plain, server_hostname="127.0.0.2")


def other_authority(folder: Path) -> Path:
    other = folder.parent / "other"
    make(other, ADDRESSES)
    return other / AUTHORITY


def test_files_are_their_owners_alone_and_nothing_is_overwritten(folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == {AUTHORITY, AUTHORITY_KEY, CHAIN, KEY}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(CertificateError, match="nothing is overwritten"):
        make(folder, ADDRESSES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_renewal_keeps_the_authority_and_takes_new_addresses(folder: Path) -> None:
    (folder / f"{KEY}.new").write_bytes(b"of a renewal that was killed")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(CertificateError, match=r"for .*192\.168\.1\.7.*, not for 10\.0\.0\.5"):
        check(folder, "10.0.0.5")
    assert make(folder, ["10.0.0.5"], renew=True) == [folder / CHAIN, folder / KEY]
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after[AUTHORITY] == before[AUTHORITY] and after[KEY] != before[KEY] and set(after) < set(before)
    assert check(folder, "10.0.0.5") == (folder / CHAIN, folder / KEY)


def test_the_authority_vouches_for_no_site_of_the_internet(folder: Path) -> None:
    for address in ("8.8.8.8", "example.com", "notlocalhost"):
        with pytest.raises(CertificateError, match=f"cannot vouch for {address}"):
            make(folder, [address], renew=True)
    make(folder, ["robot2.local", "sub.robot.lab"], renew=True)
    with pytest.raises(CertificateError, match="at least one address"):
        make(folder.parent / "none", [])


@pytest.mark.parametrize("name", [AUTHORITY, AUTHORITY_KEY, CHAIN, KEY])
def test_broken_files_are_told_and_what_to_do(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"-----BEGIN NOTHING-----")
    with pytest.raises(CertificateError, match=r"no authority|no certificate can be read"):
        make(folder, ADDRESSES, renew=True)
        check(folder)  # what was broken of the certificate has been renewed
        raise CertificateError("no certificate can be read: renewed")
    with pytest.raises(CertificateError, match="make one with"):
        check(folder.parent / "nowhere")


def test_a_certificate_that_ran_out_is_told(folder: Path, monkeypatch: Any) -> None:
    real = certificate._now()
    leaf = x509.load_pem_x509_certificate((folder / CHAIN).read_bytes())
    assert (leaf.not_valid_after_utc - real).days == 396 and leaf.not_valid_before_utc < real
    monkeypatch.setattr(certificate, "_now", lambda: real + datetime.timedelta(days=398))
    with pytest.raises(CertificateError, match=r"ran out on .*--renew"):
        check(folder)
