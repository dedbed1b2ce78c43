"""The health pages over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from shared.runtime.health import HEAD_BYTES, HealthPages
from shared.runtime.metrics import REGISTRY

CHECKS = {"database": True, "broker": True}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    CHECKS.update(database=True, broker=True)
    pages = HealthPages(lambda: CHECKS)
    yield await pages.start("127.0.0.1", 0)
    await pages.close()


async def send(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return answer


async def get(port: int, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    answer = await send(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body


async def test_readiness_names_what_is_missing_and_liveness_ignores_it(port: int) -> None:
    assert (await get(port, "/health/ready"))[0] == 200
    CHECKS["broker"] = False
    status, _, body = await get(port, "/health/ready")
    assert status == 503
    assert json.loads(body) == {"ready": False, "database": True, "broker": False}
    assert (await get(port, "/health/live?x=1"))[0] == 200


async def test_metrics_are_those_of_the_registry(port: int) -> None:
    status, head, body = await get(port, "/metrics")
    assert (status, "text/plain" in head) == (200, True)
    for metric in REGISTRY.collect():
        assert metric.name.encode() in body


async def test_head_has_no_body_and_other_methods_are_refused(port: int) -> None:
    status, head, body = await get(port, "/health/live", "HEAD")
    assert (status, body) == (200, b"")
    assert "Content-Length: 14" in head
    status, head, _ = await get(port, "/health/live", "POST")
    assert (status, "Allow: GET, HEAD" in head) == (405, True)


@pytest.mark.parametrize("path", ["/", "/health", "/health/ready/", "/.git/HEAD", "/debug", "*"])
async def test_cr_08_nothing_else_is_served_and_the_server_is_not_named(
    port: int, path: str
) -> None:
    status, head, _ = await get(port, path)
    assert status == 404
    assert "server" not in head.lower()


@pytest.mark.parametrize(
    "data", [b"\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"x" * (HEAD_BYTES * 4)]
)
async def test_rubbish_is_answered_or_disconnected_and_the_next_client_is_served(
    port: int, data: bytes
) -> None:
    try:
        answer = await send(port, data)
    except ConnectionError:
        answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 405"))
    assert (await get(port, "/health/live"))[0] == 200


async def test_closing_does_not_wait_for_a_silent_client() -> None:
    pages = HealthPages(lambda: CHECKS)
    port = await pages.start("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await get(port, "/health/live")
    async with asyncio.timeout(60):
        await pages.close()
    writer.close()
