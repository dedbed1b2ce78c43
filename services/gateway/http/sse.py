"""Server-sent events: one page follows one state, polled about every second.

A stream sends only changes, and a comment every 15 s so that proxies do not close it. It ends after
ten minutes, when the state is final, when the browser has gone, or at once when the process drains.
A page that lost its stream polls `/etat` instead.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_ERRORS, HttpError
from shared.runtime.metrics import gauge
from shared.runtime.telemetry import get_logger

MAX_SECONDS = 600.0
#: Open streams of one process: each polls about every second. Beyond, pages poll `/etat`.
MAX_STREAMS = 1_000
KEEPALIVE_SECONDS = 15.0
#: Seconds between two polls: often at first, while a change is likely.
FAST_POLL, FAST_POLL_PERIOD, SLOW_POLL = 1.0, 60.0, 3.0
#: Seconds within which a closed page is noticed: one poll, and a little.
DISCONNECT_NOTICED = SLOW_POLL + 0.5

#: A name, its data, and whether the stream ends with it.
SseEvent = tuple[str, Mapping[str, object], bool]
Poll = Callable[[], Awaitable[list[SseEvent]]]

OPEN_STREAMS = gauge("impex_http_streams", "Live pages open now.")

log = get_logger("gateway")


class Streams:
    """The open streams of this process, counted by browser."""

    def __init__(self, max_per_browser: int) -> None:
        self._most = max_per_browser
        self._open: Counter[str] = Counter()
        self._freed = asyncio.Event()
        self._draining = asyncio.Event()

    async def drain(self) -> None:
        """End every stream and accept no new one."""
        self._draining.set()

    @asynccontextmanager
    async def _slot(self, browser: str) -> AsyncIterator[None]:
        if self._draining.is_set():
            raise HttpError(503)
        if self._open.total() >= MAX_STREAMS:
            raise HttpError(503, retry_after=30)
        await self._until_free(browser)
        self._open[browser] += 1
        OPEN_STREAMS.inc()
        try:
            yield
        finally:
            OPEN_STREAMS.dec()
            self._open[browser] -= 1
            if not self._open[browser]:
                del self._open[browser]
            self._freed.set()
            self._freed = asyncio.Event()

    async def _until_free(self, browser: str) -> None:
        """A page that was reloaded holds its former place until its going is noticed."""
        try:
            async with asyncio.timeout(DISCONNECT_NOTICED):
                while self._open[browser] >= self._most:
                    await self._freed.wait()
        except TimeoutError:
            raise HttpError(429, event="excess_rate_limit_exceeded", retry_after=30) from None

    async def follow(self, request: web.Request, browser: str, ask: Poll) -> web.StreamResponse:
        """Send what `ask` returns whenever it changes; `ask` decides when the stream ends.

        Once begun, a failure ends the stream: an error page cannot be sent any more.
        """
        async with self._slot(browser):
            response = web.StreamResponse(
                headers={
                    "Content-Type": "text/event-stream; charset=utf-8",
                    "Cache-Control": "no-store",
                    "X-Accel-Buffering": "no",
                }
            )
            response.enable_compression(web.ContentCoding.identity)
            with suppress(ConnectionError):  # the browser has gone
                await response.prepare(request)
                try:
                    await self._send(request, response, ask)
                except ConnectionError:
                    raise
                except Exception:
                    log.exception("A stream of events failed.", action="unexpected_error")
                await response.write_eof()
            return response

    async def _send(self, request: web.Request, response: web.StreamResponse, ask: Poll) -> None:
        loop = asyncio.get_running_loop()
        started = spoke = loop.time()
        last: dict[str, str] = {}
        await response.write(b"retry: 3000\n\n")
        while not self._draining.is_set() and loop.time() - started < MAX_SECONDS:
            if request.transport is None or request.transport.is_closing():
                return
            for name, data, final in await _poll(ask):
                text = json.dumps(data)
                if last.get(name) != text:
                    last[name] = text
                    spoke = loop.time()
                    await response.write(f"event: {name}\ndata: {text}\n\n".encode())
                if final:
                    return
            if loop.time() - spoke >= KEEPALIVE_SECONDS:
                spoke = loop.time()
                await response.write(b": keep-alive\n\n")
            await self._pause(FAST_POLL if loop.time() - started < FAST_POLL_PERIOD else SLOW_POLL)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._draining.wait()


STREAMS = web.AppKey("streams", Streams)


async def _poll(ask: Poll) -> list[SseEvent]:
    try:
        return await ask()
    except UNAVAILABLE_ERRORS:
        return []  # the next poll tries again
