"""One attempt at a receiver that answers as no server should, or that is not where it seems."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.push.receiver_client import NO_ANSWER, NOT_ALLOWED, open_client
from services.push.schedule import Outcome
from shared.runtime.service import utc_now
from tests.support.servers.certificates import Authority

LOOPBACK = ipaddress.ip_network("127.0.0.1/32")


@asynccontextmanager
async def receiver(authority: Authority, answer: bytes) -> AsyncIterator[str]:
    """A server that gives these bytes for an answer; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(
        serve, "127.0.0.1", 0, ssl=authority.server_context("localhost")
    )
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"


async def test_b_10_name_servers_that_do_not_answer_delay_no_other_receiver(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than the loop has threads of its own for names, on any machine."""
    known, released = socket.getaddrinfo, threading.Event()

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "silent.example":
            released.wait(30)
            raise socket.gaierror
        return known(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with (
        receiver(authority, b"HTTP/1.1 204 Yes\r\n\r\n") as url,
        open_client([LOOPBACK], authority.ca_file, "https://portal.example") as client,
    ):
        silent = [
            asyncio.create_task(client.post("https://silent.example/", b"{}", {}, utc_now()))
            for _ in range(40)
        ]
        await asyncio.sleep(0)
        outcome = await client.post(url, b"{}", {}, utc_now())
        released.set()
        await asyncio.gather(*silent)
    assert outcome.kind == "delivered"


async def attempt(authority: Authority, url: str) -> Outcome:
    """What comes of posting to an address, where this machine's own may be connected to."""
    async with open_client([LOOPBACK], authority.ca_file, "https://portal.example") as client:
        return await client.post(url, b"{}", {}, utc_now())


ANSWERS = {
    b"HTTP/1.1 000 No\r\n\r\n": ("unavailable", None, NO_ANSWER),
    b"HTTP/1.1 099 No\r\n\r\n": ("unavailable", None, NO_ANSWER),
    b"HTTP/1.1 999 No\r\n\r\n": ("refused", 999, ""),
    b"HTTP/1.1 204 Yes\r\n\r\n": ("delivered", 204, ""),
    b"220 ready\r\n": ("unavailable", None, NO_ANSWER),
    b"HTTP/1.1 200 Yes\r\nContent-Length: x\r\n\r\n": ("unavailable", None, NO_ANSWER),
    b"HTTP/1.1 503 No\r\nRetry-After: Thu, 15 Jan 2026 99999999999999999999:00:00 GMT\r\n\r\n": (
        "unavailable",
        503,
        "",
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_b_10_whatever_a_receiver_answers_an_attempt_has_an_outcome(
    authority: Authority, answer: bytes
) -> None:
    async with receiver(authority, answer) as url:
        outcome = await attempt(authority, url)
    assert (outcome.kind, outcome.status, outcome.reason) == ANSWERS[answer]


#: The resolver of the system reads the first three as addresses of this machine.
HOSTS = {
    "127.1": NO_ANSWER,
    "2130706433": NO_ANSWER,
    "127.0.0.2.": NO_ANSWER,
    "127.0.0.2": NOT_ALLOWED,
    "0x7f000002": NOT_ALLOWED,
    "[::1]": NOT_ALLOWED,
}


@pytest.mark.parametrize("host", HOSTS)
async def test_b_10_an_address_written_otherwise_is_not_connected_to(
    authority: Authority, host: str
) -> None:
    outcome = await attempt(authority, f"https://{host}:9/")
    assert (outcome.kind, outcome.reason) == ("unavailable", HOSTS[host])
