"""The health and metrics pages of one service: `/health/live`, `/health/ready`, `/metrics`.

A few dozen lines of HTTP instead of a web framework, because every worker carries them all day. It
answers GET and HEAD, one request per connection, and does not identify itself in its headers.
"""

import asyncio
import json
from collections.abc import Callable, Mapping

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from shared.runtime.metrics import REGISTRY

#: A request line and headers longer than this, or slower, are not answered.
HEAD_BYTES = 8_192
HEAD_SECONDS = 5
JSON = "application/json"
REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

Page = tuple[int, str, bytes]


class HealthPages:
    """Serves the pages while it is open; `checks` is asked at each request for readiness."""

    def __init__(self, checks: Callable[[], Mapping[str, bool]]) -> None:
        self._checks = checks
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port. OSError where it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=HEAD_BYTES)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def close(self) -> None:
        """Stop listening and close open connections."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client is gone, too slow or does not speak HTTP
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        if method in (b"GET", b"HEAD"):
            status, kind, body = self._page(path)
        else:
            status, kind, body = 405, JSON, b"{}"
        lines = [
            f"HTTP/1.1 {status} {REASONS[status]}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        if status == 405:
            lines.append("Allow: GET, HEAD")
        answer = "\r\n".join([*lines, "", ""]).encode()
        return answer if method == b"HEAD" else answer + body

    def _page(self, path: str) -> Page:
        if path == "/health/live":
            return 200, JSON, b'{"live": true}'
        if path == "/health/ready":
            checks = dict(self._checks())
            ready = all(checks.values())
            return 200 if ready else 503, JSON, json.dumps({"ready": ready, **checks}).encode()
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
        return 404, JSON, b"{}"
