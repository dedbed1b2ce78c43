"""The control of the search: a text planted wherever a leak could be, which must be found there."""

from urllib.parse import quote

import asyncpg

from shared.runtime.telemetry import get_logger
from tests.security.leak_sources import LeakSources
from tests.security.secrets_seen import Secrets
from tests.support.servers.system import System

CONTROL = "C0ntrol+planted/here"


async def plant(system: System, evidence: LeakSources) -> None:
    """The control, written where a leak could be: in a text, in bytes, in a queue, in the log."""
    connection = await asyncpg.connect(system.database.admin_url)
    try:
        await connection.execute("CREATE TABLE mailer.scratch (line text, content bytea)")
        await connection.execute("INSERT INTO mailer.scratch VALUES ($1, NULL)", f"x{CONTROL}x")
        await connection.execute("CREATE TABLE mfa.scratch (content bytea)")
        await connection.execute("INSERT INTO mfa.scratch VALUES ($1)", CONTROL.encode())
    finally:
        await connection.close()
    admin, vhost = system.broker.admin, system.broker.vhost
    queue = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
    admin.call("PUT", f"queues/{quote(vhost, safe='')}/scratch", queue)
    message = {
        "properties": {"headers": {"note": CONTROL}},
        "routing_key": "scratch",
        "payload": "a header is enough",
        "payload_encoding": "string",
    }
    path = f"exchanges/{quote(vhost, safe='')}/amq.default/publish"
    admin.call("POST", path, message)
    get_logger("control").info("A control was planted.", action="control", note=CONTROL)
    await evidence.collect()


def require_control(texts: dict[str, str]) -> None:
    """The search finds what was planted, and nothing where it was not."""
    control = Secrets()
    control.add("control", CONTROL)
    there = {"table mailer.scratch", "table mfa.scratch", "queue scratch", "log"}
    assert control.found_in(texts) == {("control", place) for place in there}
