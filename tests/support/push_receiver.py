"""A partner's receiver: an HTTPS server that answers as the test says, and records what comes.

`verify` checks a signature by the program of docs/partners.md.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from operations.install.paths import ROOT


@dataclass(frozen=True)
class Post:
    """One request: its path, headers and body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers each path with the status of `answers`, 200 without one; `hang` holds paths."""

    port: int
    context: ssl.SSLContext
    answers: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    hang: set[str] = field(default_factory=set)
    runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its address without a path."""
        return f"https://localhost:{self.port}"

    def to(self, path: str) -> list[Post]:
        """What came to a path."""
        return [one for one in self.posts if one.path == path]

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "localhost", self.port, ssl_context=self.context)
        await site.start()

    async def stop(self) -> None:
        """Listen no more."""
        self.released.set()
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        post = Post(request.path, CIMultiDict(request.headers), await request.read())
        self.posts.append(post)
        if post.path in self.hang:
            await self.released.wait()
        status = self.answers.get(post.path, 200)
        return web.Response(status=status, body=b"x" * 100_000, headers=self.headers)


def page_code(language: str, url: str, keys: Mapping[str, str]) -> str:
    """The program of the page, with this address and these keys (base64) by their ids."""
    page = (ROOT / "docs" / "partners.md").read_text("utf-8")
    (code,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    given = json.dumps(keys)
    filled: str = code.replace("https://labo.example/events", url)
    for former in ('{"k1": "BASE64"}', '{ k1: "BASE64" }'):
        filled = filled.replace(former, given)
    assert given in filled
    assert url in filled
    return filled


def verify(post: Post, url: str, keys: Mapping[str, str], now: float) -> None:
    """Check a signature as the page says; an exception where it is not one of ours."""
    names: dict[str, Any] = {}
    exec(page_code("python", url, keys), names)
    names["verify"](post.headers, post.body, lambda: now)
