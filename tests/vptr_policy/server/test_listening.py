"""The socket of a server: where it is, and that its answers are not held back."""

import asyncio
import socket
from typing import Any

import pytest

from vptr_policy.server.listening import bind, is_local, is_loopback, url


def test_a_socket_says_where_it_is() -> None:
    with bind("127.0.0.1", 0) as here, bind("0.0.0.0", 0) as anywhere:
        assert is_local(here) and not is_local(anywhere)
        assert url(here) == f"http://127.0.0.1:{here.getsockname()[1]}"
    for host, port in (("127.0.0.1", 99999), ("no such host.invalid", 0), ("203.0.113.1", 0)):
        with pytest.raises(OSError, match="cannot listen on"):
            bind(host, port)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "127.255.0.4", "::1", "::1%lo"])
def test_names_of_the_loopback_interface(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "localhost.example", "::2"])
def test_names_of_others(name: str) -> None:
    assert not is_loopback(name)


def test_answers_are_not_delayed() -> None:
    """Nagle's algorithm and delayed acknowledgements would add 40 ms to answers of two packets."""

    async def delayed() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = bind("127.0.0.1", 0)
        server = await asyncio.start_server(answer, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        no_delay = await found
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return no_delay

    assert asyncio.run(delayed()) == 1
