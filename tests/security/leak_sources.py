"""All that running services store or print, as text: tables, queues, logs, health and metrics.

`collect` adds the current content and keeps what it collected before, so that short-lived content
(an unconfirmed enrolment, a waiting event) is searched too. A piece is stored once per place,
however often it occurs. A reply waits in a queue that only the process that asked can read: a
queue of the search gets a copy of each.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg

from shared.messaging.topology import REPLIES
from tests.support.servers.system import System

TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""


#: Gets a copy of every reply.
REPLY_COPIES = "replies"
PUT_BACK, TAKEN = "ack_requeue_true", "ack_requeue_false"


@dataclass
class LeakSources:
    """Pieces of text by the place they were found in."""

    system: System
    pieces: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        """Copy every reply from now on."""
        broker = self.system.broker
        vhost = quote(broker.vhost, safe="")
        broker.admin.call("PUT", f"queues/{vhost}/{REPLY_COPIES}", {"durable": True})
        bindings = f"bindings/{vhost}/e/{REPLIES}/q/{REPLY_COPIES}"
        broker.admin.call("POST", bindings, {"routing_key": "#"})

    async def collect(self) -> None:
        """Every row of every table, and every message of every queue, as they are now."""
        await self._tables()
        self._queues()

    def add(self, place: str, lines: Iterable[str]) -> None:
        """Add lines."""
        self.pieces[place].update(lines)

    async def pages(self, ports: Mapping[str, int]) -> None:
        """The health pages of each service."""
        async with aiohttp.ClientSession() as session:
            for name, port in ports.items():
                for path in ("/health/live", "/health/ready", "/metrics"):
                    url = f"http://127.0.0.1:{port}{path}"
                    async with session.get(url) as answer:
                        assert answer.status == 200, (name, path)
                        self.pieces[f"{name} {path}"].add(await answer.text())

    def texts(self) -> dict[str, str]:
        """Everything, one text for each place."""
        return {place: "\n".join(sorted(found)) for place, found in self.pieces.items()}

    async def _tables(self) -> None:
        connection = await asyncpg.connect(self.system.database.admin_url)
        try:
            for schema, table in await connection.fetch(TABLES):
                found = self.pieces[f"table {schema}.{table}"]
                name = f'"{schema}"."{table}"'
                for row in await connection.fetch(f"SELECT t::text AS whole, t.* FROM {name} AS t"):
                    found.update(_readings(row.values()))
        finally:
            await connection.close()

    def _queues(self) -> None:
        """Messages are looked at and put back in their order; copies of replies are taken out."""
        broker = self.system.broker
        vhost = quote(broker.vhost, safe="")
        # An exclusive queue can be read by its own connection only.
        names = [one["name"] for one in broker.admin.queues(broker.vhost) if not one["exclusive"]]
        for name in names:
            path = f"queues/{vhost}/{quote(name, safe='')}/get"
            found = self.pieces[f"queue {name}"]
            order = {"ackmode": TAKEN if name == REPLY_COPIES else PUT_BACK}
            order |= {"count": 100_000, "encoding": "auto"}
            for message in broker.admin.call("POST", path, order):
                body = message.pop("payload")
                if message["payload_encoding"] == "base64":
                    found.update(_readings([base64.b64decode(body)]))
                # Rising numbers of deliveries would make every look a new piece.
                message["properties"].get("headers", {}).pop("x-delivery-count", None)
                for changing in ("redelivered", "message_count"):
                    message.pop(changing)
                found.update((body, json.dumps(message, ensure_ascii=False)))


def _readings(values: Iterable[Any]) -> Iterable[str]:
    """Each value as a dump shows it; bytes also as the text that they may be."""
    for value in values:
        if isinstance(value, bytes):
            yield value.hex()
            yield value.decode("utf-8", "replace")
        elif value is not None:
            yield str(value)
