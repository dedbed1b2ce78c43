"""The service over the broker: valid and invalid events, a kill in between."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import asyncpg
import msgspec
import pytest
import pytest_asyncio

from operations.operate.dossiers import DossierMessage, publish_all
from shared.contracts import backoffice
from shared.database import Connection
from shared.messaging.dead_letters import list_letters
from shared.messaging.envelope import wrap
from shared.messaging.topology import EVENTS, OPERATOR
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.harness.dossier_events import ACCOUNT, changed, decided, filed, saved
from tests.support.logs import written_log
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

#: Starting a service takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)

DOSSIER_COUNT = 200


@dataclass
class BackofficePublisher:
    """The application that publishes events, and access to the table."""

    system: System
    database: Connection

    @property
    def operator_url(self) -> str:
        """The broker's URL for reading dead letters."""
        return self.system.broker.url(OPERATOR)

    async def rows(self) -> list[Any]:
        """Every dossier, by id."""
        return list(await self.database.fetch("SELECT * FROM dossiers.dossiers ORDER BY 1"))

    async def processed_count(self) -> int:
        """How many messages were processed."""
        sql = "SELECT count(*) FROM dossiers.inbox WHERE consumer = 'dossiers'"
        return int(await self.database.fetchval(sql))

    async def publish(self, *messages: tuple[str, str, bytes]) -> None:
        """Publish (type, message id, body) unchanged, as the publisher's user."""
        connection = await aio_pika.connect(self.system.broker.url(backoffice.OWNER))
        async with connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(EVENTS, ensure=False)
            for kind, message_id, body in messages:
                message = aio_pika.Message(
                    body,
                    message_id=message_id,
                    type=kind,
                    user_id=backoffice.OWNER,
                    delivery_mode=2,
                )
                await exchange.publish(message, kind)


@pytest_asyncio.fixture(loop_scope="package")
async def publisher(
    test_servers: TestServers, tmp_path: Path
) -> AsyncIterator[BackofficePublisher]:
    """The publisher's side of the broker; each test runs the service itself."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    connection = await asyncpg.connect(database.admin_url)
    system = System(database, broker, tmp_path)
    yield BackofficePublisher(system, connection)
    system.close()
    await connection.close()
    test_servers.delete(broker)
    test_servers.drop(database)


def message_of(event: backoffice.DossierEvent, subject: str | None = ACCOUNT, **data: Any) -> Any:
    """(type, id, body) of an event, with some data replaced."""
    message_id, body = wrap(backoffice.OWNER, event, subject=subject, now=utc_now())
    envelope = msgspec.json.decode(body)
    envelope["data"] |= data
    return event.TYPE, message_id, json.dumps(envelope, ensure_ascii=False).encode()


def unknown_type() -> Any:
    """An event of an unknown version."""
    _, message_id, body = message_of(filed())
    kind = "backoffice.DossierFiled.v2"
    return (
        backoffice.DossierFiled.TYPE,
        message_id,
        body.replace(b"DossierFiled.v1", kind[11:].encode()),
    )


def foreign_source() -> Any:
    """Another application's, by its own contracts."""
    kind, message_id, body = message_of(filed())
    return kind, message_id, body.replace(b"impex/backoffice", b"impex/gateway")


INVALID = {
    "kind must be one of AI, DEI, DEC": message_of(filed(kind="XYZ")),
    "the subject is missing": message_of(filed(), None),
    "the subject must be an account's id, which is a UUID": message_of(
        filed(), "pierre@exemple.fr"
    ),
    "version must be 1 to 2147483647": message_of(filed(version=0)),
    "medicine is longer than 300 characters": message_of(filed(medicine="x" * 301)),
    "dosage holds a control or invisible character": message_of(filed(dosage="5\x07mg")),
    "decided_at is before 1990 or in the future": message_of(
        decided(), decided_at="0001-01-01T00:00:00Z"
    ),
    "changed_at has no time zone": message_of(changed(), changed_at="2026-01-15T12:00:00"),
    "dossier_id must be 1 to 64 letters, digits and . _ ~ : -": message_of(filed("a/b")),
    "status is empty": message_of(changed(status=" ")),
    "wrong fields: Invalid RFC3339 encoded datetime": message_of(decided(), decided_at="soon"),
    "wrong fields: Expected `int`, got `str` - at `$.version`": message_of(filed(), version="2"),
    "wrong fields: Expected `str`, got `null` - at `$.medicine`": message_of(
        filed(), medicine=None
    ),
    "not strict JSON": (backoffice.DossierFiled.TYPE, str(uuid4()), b"{"),
    "type or version not known here": unknown_type(),
    "not said by backoffice": foreign_source(),
}


async def test_b_06_o_09_each_event_is_logged_and_invalid_ones_are_dead_letters_with_their_reason(
    publisher: BackofficePublisher,
) -> None:
    """No crash, no loss, and no value of the event in the reason."""
    kind, good_id, good = message_of(filed("good"))
    with written_log() as written:
        await _dead_with_their_reason(publisher, (kind, good_id, good))
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    logged = [(one["action"], one.get("message_id"), one.get("type")) for one in lines]
    assert logged.count(("message_handled", good_id, kind)) == 1
    assert {message_id for action, message_id, _ in logged if action == "message_dead"} == {
        message_id for _, message_id, _ in INVALID.values()
    }


async def _dead_with_their_reason(publisher: BackofficePublisher, good: Any) -> None:
    async with publisher.system.run("dossiers"):
        await publisher.publish(*INVALID.values(), good)

        async def all_there() -> list[Any]:
            letters = await list_letters(publisher.operator_url, "dossiers")
            return letters if len(letters) == len(INVALID) and await publisher.rows() else []

        letters = await eventually(all_there, 60, every=0.2)
    reasons = {letter.id: letter.error for letter in letters}
    for reason, (_, message_id, _) in INVALID.items():
        assert reasons[message_id].startswith(reason), reasons[message_id]
    assert all(letter.attempt == 1 for letter in letters), "a retry would not help"
    assert [row["dossier_id"] for row in await publisher.rows()] == ["good"]


@pytest.mark.faults
async def test_b_08_a_kill_in_the_middle_of_events_loses_and_repeats_none(
    publisher: BackofficePublisher,
) -> None:
    """Six hundred events, the last of each dossier first; `kill -9` once some are processed and
    others are being processed, which a lock holds up."""
    messages = [
        DossierMessage(account_id=ACCOUNT, event=make(f"d{number:03}"))
        for make in (decided, filed, saved)
        for number in range(DOSSIER_COUNT)
    ]
    url = publisher.system.broker.url(backoffice.OWNER)
    first = publisher.system.spawn("dossiers")
    await eventually(first.ready, 60, every=0.1)
    await publish_all(url, messages[:DOSSIER_COUNT])
    await eventually(lambda: _some(publisher), 60, every=0.005)
    async with publisher.database.transaction():
        await publisher.database.execute("LOCK TABLE dossiers.inbox IN SHARE MODE")
        await publish_all(url, messages[DOSSIER_COUNT:])
        await eventually(lambda: _waits(publisher), 60, why="an event waits for the lock")
        first.kill()
    assert await publisher.processed_count() < len(messages), "killed in the middle"
    second = publisher.system.spawn("dossiers")

    async def all_processed() -> bool:
        second.ready()
        return await publisher.processed_count() == len(messages)

    await eventually(all_processed, 60, every=0.1)
    await publish_all(url, messages)  # the same events are the same messages
    await eventually(lambda: not publisher.system.broker.depths()["dossiers"], 60, every=0.2)
    assert second.stop() == 0
    rows = await publisher.rows()
    assert [row["dossier_id"] for row in rows] == [
        f"d{number:03}" for number in range(DOSSIER_COUNT)
    ]
    assert {(row["version"], row["contents_version"], row["status"]) for row in rows} == {
        (4, 2, "granted")
    }
    assert await publisher.processed_count() == len(messages)
    assert not publisher.system.broker.depths()["dossiers.dead"]


async def _waits(publisher: BackofficePublisher) -> bool:
    """Whether a statement of the service waits for a lock."""
    query = "SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'"
    return await publisher.database.fetchval(query, "impex_dossiers") is not None


async def _some(publisher: BackofficePublisher) -> bool:
    return await publisher.processed_count() > 20
