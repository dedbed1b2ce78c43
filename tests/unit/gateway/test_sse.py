"""Streams with failures in between."""

from collections.abc import Callable

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from services.gateway.http import sse
from services.gateway.http.errors import HttpError
from services.gateway.http.sse import SseEvent, Streams
from shared.errors import DependencyDown


async def followed(monkeypatch: pytest.MonkeyPatch, *answers: Callable[[], list[SseEvent]]) -> str:
    """The whole stream for `answers` given in turn."""
    monkeypatch.setattr(sse, "FAST_POLL", 0.01)
    turn = iter(answers)

    async def ask() -> list[SseEvent]:
        return next(turn)()

    async def show(request: web.Request) -> web.StreamResponse:
        return await Streams(2).follow(request, "somebody", ask)

    app = web.Application()
    app.router.add_get("/", show)
    async with (
        TestServer(app) as server,
        ClientSession() as client,
        client.get(server.make_url("/")) as answer,
    ):
        return await answer.text()


def first() -> list[SseEvent]:
    return [("mail", {"state": "waiting"}, False)]


def last() -> list[SseEvent]:
    return [("due", {"due": "terms"}, True)]


def unavailable() -> list[SseEvent]:
    raise DependencyDown("database", "no answer")


def slow() -> list[SseEvent]:
    raise TimeoutError


def broken() -> list[SseEvent]:
    raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize("outage", [unavailable, slow])
async def test_a_short_outage_does_not_end_a_stream(
    monkeypatch: pytest.MonkeyPatch, outage: Callable[[], list[SseEvent]]
) -> None:
    received = await followed(monkeypatch, first, outage, last)
    assert [line for line in received.splitlines() if line.startswith("event")] == [
        "event: mail",
        "event: due",
    ]


async def test_lg_07_a_failure_in_a_stream_ends_it_without_a_page_in_its_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received = await followed(monkeypatch, first, broken)
    assert received.endswith('data: {"state": "waiting"}\n\n')


async def test_au_17_one_process_keeps_so_many_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_STREAMS", 1)
    streams = Streams(2)
    async with streams._slot("one"):
        with pytest.raises(HttpError) as refused:
            await streams._slot("two").__aenter__()
    assert refused.value.status == 503
    async with streams._slot("two"):
        assert streams._open.total() == 1
