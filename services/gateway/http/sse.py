"""Server-sent events: one page follows one thing, asked again about every second.

A stream says only what changed, breathes every 15 s so that proxies keep it open, and ends after
ten minutes, when the thing is settled, when the browser has gone, or at once when the process
drains. A page that lost its stream asks `/etat` instead.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from services.gateway.http.errors import AWAY, PageError
from services.gateway.http.metrics import STREAMS
from shared.runtime.telemetry import get_logger

LONGEST = 600.0
#: Streams that one process keeps open: each asks about every second. Beyond, pages ask `/etat`.
MOST = 1_000
BREATH = 15.0
#: Seconds between two questions: often at first, while something is about to happen.
EAGER, EAGER_FOR, PATIENT = 1.0, 60.0, 3.0
#: Seconds within which it is noticed that a page has gone: one question, and a little.
NOTICED = PATIENT + 0.5

#: A name, its data, and whether the stream ends with it.
Said = tuple[str, Mapping[str, object], bool]
Ask = Callable[[], Awaitable[list[Said]]]

log = get_logger("gateway")


class Streams:
    """The open streams of this process, counted by browser."""

    def __init__(self, most_per_visitor: int) -> None:
        self._most = most_per_visitor
        self._open: Counter[str] = Counter()
        self._freed = asyncio.Event()
        self._draining = asyncio.Event()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    async def drain(self) -> None:
        """End every stream now and open no more."""
        self._draining.set()

    @asynccontextmanager
    async def _place(self, visitor: str) -> AsyncIterator[None]:
        if self._draining.is_set():
            raise PageError(503)
        if self.count >= MOST:
            raise PageError(503, retry_after=30)
        await self._until_free(visitor)
        self._open[visitor] += 1
        STREAMS.inc()
        try:
            yield
        finally:
            STREAMS.dec()
            self._open[visitor] -= 1
            if not self._open[visitor]:
                del self._open[visitor]
            self._freed.set()
            self._freed = asyncio.Event()

    async def _until_free(self, visitor: str) -> None:
        """A page that was reloaded holds its former place until its going is noticed."""
        try:
            async with asyncio.timeout(NOTICED):
                while self._open[visitor] >= self._most:
                    await self._freed.wait()
        except TimeoutError:
            raise PageError(429, event="excess_rate_limit_exceeded", retry_after=30) from None

    async def follow(self, request: web.Request, visitor: str, ask: Ask) -> web.StreamResponse:
        """Send what `ask` says whenever it says something new; `ask` decides when it is over.

        Once it has begun a failure ends it in order, since an error page would go into its middle.
        """
        async with self._place(visitor):
            response = web.StreamResponse(
                headers={
                    "Content-Type": "text/event-stream; charset=utf-8",
                    "Cache-Control": "no-store",
                    "X-Accel-Buffering": "no",
                }
            )
            response.enable_compression(web.ContentCoding.identity)
            try:
                await response.prepare(request)
                await self._tell(request, response, ask)
                await response.write_eof()
            except ConnectionError:
                pass  # the browser left: nobody to tell
            return response

    async def _tell(self, request: web.Request, response: web.StreamResponse, ask: Ask) -> None:
        try:
            await self._speak(request, response, ask)
        except ConnectionError:
            raise
        except Exception:
            log.exception("A live page cannot go on.", action="unexpected_error")

    async def _speak(self, request: web.Request, response: web.StreamResponse, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        started = spoke = loop.time()
        last: dict[str, str] = {}
        await response.write(b"retry: 3000\n\n")
        while not self._draining.is_set() and loop.time() - started < LONGEST:
            if request.transport is None or request.transport.is_closing():
                return
            for name, data, over in await _asked(ask):
                text = json.dumps(data)
                if last.get(name) != text:
                    last[name] = text
                    spoke = loop.time()
                    await response.write(f"event: {name}\ndata: {text}\n\n".encode())
                if over:
                    return
            if loop.time() - spoke >= BREATH:
                spoke = loop.time()
                await response.write(b": still here\n\n")
            await self._pause(EAGER if loop.time() - started < EAGER_FOR else PATIENT)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._draining.wait()
        except TimeoutError:
            pass


async def _asked(ask: Ask) -> list[Said]:
    try:
        return await ask()
    except AWAY:
        return []  # asked again in a moment
