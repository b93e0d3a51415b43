"""Who may talk to a page's server."""

import socket

import pytest

from robot_bridge.web.access import Access, Forbidden, is_loopback, new_token, outward


def test_beyond_this_machine_a_token_is_needed() -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "robot.lab"):
        assert not is_loopback(host)
        with pytest.raises(ValueError, match=f"{host}, beyond this machine: it needs a token"):
            Access(host, 8080)
    for host in ("127.0.0.1", "::1", "localhost", "127.3.2.1"):
        assert is_loopback(host)
        Access(host, 8080).check_paired({})


def test_a_browser_is_paired_by_the_token_and_known_by_its_cookie() -> None:
    access = Access("0.0.0.0", 8080, new_token())
    with pytest.raises(Forbidden, match="not paired"):
        access.check_paired({})
    with pytest.raises(Forbidden, match="wrong token"):
        access.pair("guess")
    cookie = access.pair(access.token)
    access.check_paired({access.cookie: cookie})
    assert cookie != access.token
    with pytest.raises(Forbidden, match="not paired"):
        access.check_paired({access.cookie: access.token})


def test_whoever_tries_tokens_locks_nobody_out() -> None:
    access = Access("0.0.0.0", 8080, new_token())
    for guess in ["", "\ud800", "é", *map(str, range(50))]:
        with pytest.raises(Forbidden, match="wrong token"):
            access.pair(guess)
    access.check_paired({access.cookie: access.pair(access.token)})
    with pytest.raises(ValueError, match="4 characters, expected at least 12"):
        Access("0.0.0.0", 8080, "1234")


def test_a_console_that_is_started_again_with_its_token_knows_its_browsers() -> None:
    token = new_token()
    cookie = Access("0.0.0.0", 8080, token).pair(token)
    Access("0.0.0.0", 8080, token).check_paired({"vptr_console": cookie})
    for other in (cookie[:-1], cookie[1:], "." + cookie.split(".")[1], "a.b", "\ud800."):
        with pytest.raises(Forbidden, match="not paired"):
            Access("0.0.0.0", 8080, token).check_paired({"vptr_console": other})
    with pytest.raises(Forbidden, match="not paired"):
        Access("0.0.0.0", 8080, new_token()).check_paired({"vptr_console": cookie})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "", None, "127.0.0.1.evil.example", "[", "192.168.1.5"]
)
def test_other_names_are_not_answered_to(host: str) -> None:
    with pytest.raises(Forbidden, match="does not answer to the name"):
        Access("127.0.0.1", 8080).check_host(host)


def test_own_names_are_answered_to() -> None:
    for access in (Access("0.0.0.0", 8080, new_token()), Access("127.0.0.2", 8080)):
        for host in ("localhost:8080", "127.0.0.1:8080", "127.0.0.2", "[::1]:8080", f"{socket.gethostname()}:8080"):
            access.check_host(host)


def test_a_server_on_all_addresses_answers_to_each_of_them_and_to_no_foreign_name() -> None:
    access = Access("0.0.0.0", 8080, new_token())
    for host in ("192.168.1.20:8080", "[fe80::1]:8080", f"{outward('0.0.0.0')}:8080"):
        access.check_host(host)
    with pytest.raises(Forbidden, match=r"does not answer to the name 'evil\.example'"):
        access.check_host("evil.example:8080")


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:9999", "http://["])
def test_foreign_pages_are_refused(origin: str) -> None:
    access = Access("127.0.0.1", 8080)
    access.check_origin("http://127.0.0.1:8080", "127.0.0.1:8080")
    with pytest.raises(Forbidden, match="is not this console's"):
        access.check_origin(origin, "127.0.0.1:8080")


def test_the_address_can_be_opened_elsewhere_and_its_token_is_sent_to_nobody() -> None:
    token = new_token()
    assert Access("192.168.1.5", 80, token).url() == f"http://192.168.1.5:80/pair#{token}"
    shown = Access("0.0.0.0", 80, token).url()
    assert shown == f"http://{outward('0.0.0.0')}:80/pair#{token}" and "//0.0.0.0" not in shown
    assert Access("::1", 8080).url() == "http://[::1]:8080/"
