"""`oversized_fields`: how long reading a form of 64 KiB in one field holds the event loop.

In this process, without servers: the time of a loop's one step is that of the gateway's.
"""

import asyncio
import time
from types import SimpleNamespace
from typing import cast

from aiohttp import web

from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, percentile
from services.gateway.http.forms import MAX_BODY_BYTES, URLENCODED, read_fields
from services.gateway.http.sliding_window import OVERSIZED, SlidingWindow
from services.gateway.sessions.request_state import REQUEST_STATE

#: What a field is filled with, as a browser encodes it, or a client that means harm.
FILLERS = {
    "combining marks": b"%CC%95%CC%96",
    "letters": b"a",
    "encoded letters": b"%41",
    "percent signs": b"%25",
    "ligatures": b"%EF%B7%BA",
}
FIELDS = ("last_name", "text")


class _Request(dict[object, object]):
    """As much of a request as reading its body needs."""

    content_type, charset = URLENCODED, "utf-8"

    def __init__(self, body: bytes) -> None:
        super().__init__({REQUEST_STATE: SimpleNamespace(network="192.0.2.0/24")})
        self.body, self.content_length = body, len(body)
        self.headers: dict[str, str] = {}
        self.app = {OVERSIZED: SlidingWindow(1_000_000, 60)}

    async def read(self) -> bytes:
        return self.body


async def run(_environment: Environment, plan: Plan) -> list[Line]:
    """One line for each filler."""
    lines = []
    for name, filler in FILLERS.items():
        spent = []
        for field in FIELDS:
            start = f"{field}=".encode()
            body = start + filler * ((MAX_BODY_BYTES - len(start)) // len(filler))
            for _ in range(plan.floor_samples):
                began = time.perf_counter()
                await read_fields(cast(web.Request, _Request(body)), (field,))
                spent.append(1_000 * (time.perf_counter() - began))
                await asyncio.sleep(0)
        lines.append(
            Line(
                scenario="oversized_fields",
                what=f"64 KiB of {name}, p95",
                unit="ms",
                values=[percentile(spent, 0.95)],
                aim="<= 5 ms",
                passed=percentile(spent, 0.95) <= 5,
            )
        )
    return lines
