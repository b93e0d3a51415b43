"""What is an address of a policy server, and what is none."""

import pytest

from vptr_policy.address import TOKEN_VARIABLE, is_address, read_token, websocket_url


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("http://gpu:8000", True),
        ("HTTPS://gpu", True),
        ("ws://gpu:8000/", True),
        ("models/v-ptr-sim", False),
        ("/srv/http/policy", False),
        ("http:/gpu", False),
        ("file:///models/v-ptr-sim", False),
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


def test_a_token_has_no_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "  some words \r\n")
    assert read_token() == "some words" and read_token("\tgiven ") == "given" and read_token("") == ""
    monkeypatch.delenv(TOKEN_VARIABLE)
    assert read_token() == ""


@pytest.mark.parametrize("token", ["geheimnißvoll", "one\ntwo", "a\0", "\ud800"])
def test_a_token_that_no_header_carries_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII") as told:
        read_token(token)
    assert token not in str(told.value)
