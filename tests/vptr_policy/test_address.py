"""What is an address of a policy server, and what is none."""

import pytest

from vptr_policy.address import is_address, websocket_url


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("http://gpu:8000", True),
        ("HTTPS://gpu", True),
        ("ws://gpu:8000/", True),
        ("models/bc-sim", False),
        ("/srv/http/policy", False),
        ("http:/gpu", False),
        ("file:///models/bc-sim", False),
        ("", False),
    ],
)
def test_an_address_has_a_scheme(policy: str, expected: bool) -> None:
    assert is_address(policy) is expected


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://gpu:8000", "ws://gpu:8000/"),
        ("https://gpu/policies/a", "wss://gpu/policies/a"),
        ("ws://[::1]:80/", "ws://[::1]:80/"),
    ],
)
def test_the_websocket_is_where_the_server_is(address: str, url: str) -> None:
    assert websocket_url(address) == url


@pytest.mark.parametrize(
    "address",
    ["http://", "http://gpu:port", "http://gpu:0", "http://gpu:99999", "gpu:8000", "ftp://gpu", "http://[::1"],
)
def test_what_is_none_is_said_to_be_none(address: str) -> None:
    with pytest.raises(ValueError, match="expected http://HOST:PORT"):
        websocket_url(address)


def test_an_address_holds_no_secrets() -> None:
    with pytest.raises(ValueError, match="VPTR_TOKEN"):
        websocket_url("http://user:secret@gpu:8000")
