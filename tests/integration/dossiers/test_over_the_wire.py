"""The list as a service: told of dossiers over the broker, wrongly too, and killed in between."""

from __future__ import annotations

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

from operations.operate.publish_dossier_events import DossierMessage, publish_all
from operations.provision.provisioning import broker_url
from shared.contracts import backoffice as words
from shared.messaging.dead_letters import list_dead
from shared.messaging.envelope import wrap
from shared.messaging.topology import EVENTS, OPERATOR
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.harness.dossier_events import MINE, changed, decided, filed, saved
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

#: Starting a service takes long where others use the machine too.
pytestmark = pytest.mark.timeout(150)

DOSSIERS = 200
ABSURD = "0001-01-01T00:00:00Z"


@dataclass
class Teller:
    """The application that tells of dossiers, and a look into the table."""

    system: System
    database: asyncpg.Connection[Any]

    @property
    def operator_url(self) -> str:
        """As the operator reads dead letters."""
        return broker_url(self.system.admin_urls(), OPERATOR, self.system.database.passwords)

    async def rows(self) -> list[Any]:
        """Every dossier, by id."""
        return list(await self.database.fetch("SELECT * FROM dossiers.dossiers ORDER BY 1"))

    async def handled(self) -> int:
        """How many messages had their effect."""
        return int(await self.database.fetchval("SELECT count(*) FROM dossiers.inbox"))

    async def publish(self, *messages: tuple[str, str, bytes]) -> None:
        """(type, message id, body), as they are, by the publisher's user."""
        connection = await aio_pika.connect(self.system.broker.url(words.OWNER))
        async with connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(EVENTS, ensure=False)
            for kind, message_id, body in messages:
                message = aio_pika.Message(
                    body, message_id=message_id, type=kind, user_id=words.OWNER, delivery_mode=2
                )
                await exchange.publish(message, kind)


@pytest.fixture
async def teller(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[Teller]:
    """The other end of the line; the list runs where a test runs it."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    connection = await asyncpg.connect(database.admin_url)
    system = System(database, broker, tmp_path)
    yield Teller(system, connection)
    system.close()
    await connection.close()
    test_servers.delete(broker)
    test_servers.drop(database)


def told(event: words.DossierEvent, subject: str | None = MINE, **data: Any) -> Any:
    """(type, id, body) of an event, some of its data written over."""
    message_id, body = wrap(words.OWNER, event, subject=subject, now=utc_now())
    envelope = msgspec.json.decode(body)
    envelope["data"] |= data
    return event.TYPE, message_id, json.dumps(envelope, ensure_ascii=False).encode()


def unknown_type() -> Any:
    """An event that no contract has."""
    _, message_id, body = told(filed())
    kind = "backoffice.DossierFiled.v2"
    return words.DossierFiled.TYPE, message_id, body.replace(b"DossierFiled.v1", kind[11:].encode())


def foreign_source() -> Any:
    """Another application's, by its own words."""
    kind, message_id, body = told(filed())
    return kind, message_id, body.replace(b"impex/backoffice", b"impex/gateway")


BAD = {
    "kind must be one of AI, DEI, DEC": told(filed(kind="XYZ")),
    "it does not say whose dossier: the subject is missing": told(filed(), None),
    "the subject must be an account's id, which is a UUID": told(filed(), "pierre@exemple.fr"),
    "version must be 1 to 2147483647": told(filed(version=0)),
    "medicine is longer than 300 characters": told(filed(medicine="x" * 301)),
    "dosage holds a control or invisible character": told(filed(dosage="5\x07mg")),
    "decided_at is before 1990 or in the future": told(
        decided(), decided_at="0001-01-01T00:00:00Z"
    ),
    "changed_at has no time zone": told(changed(), changed_at="2026-01-15T12:00:00"),
    "dossier_id must be 1 to 64 letters, digits and . _ ~ : -": told(filed("a/b")),
    "status is empty": told(changed(status=" ")),
    "wrong fields: Invalid RFC3339 encoded datetime": told(decided(), decided_at="soon"),
    "wrong fields: Expected `int`, got `str` - at `$.version`": told(filed(), version="2"),
    "wrong fields: Expected `str`, got `null` - at `$.medicine`": told(filed(), medicine=None),
    "not strict JSON": (words.DossierFiled.TYPE, str(uuid4()), b"{"),
    "type or version not known here": unknown_type(),
    "not said by backoffice": foreign_source(),
}


async def test_bad_events_die_with_their_reason_and_good_ones_live(teller: Teller) -> None:
    """B-06: nothing crashes, nothing is lost, and the reason holds no value of the event."""
    async with teller.system.run("dossiers"):
        await teller.publish(*BAD.values(), told(filed("good")))

        async def all_there() -> list[Any]:
            letters = await list_dead(teller.operator_url, "dossiers")
            return letters if len(letters) == len(BAD) and await teller.rows() else []

        letters = await eventually(all_there, 60, every=0.2)
    reasons = {letter.id: letter.error for letter in letters}
    for reason, (_, message_id, _) in BAD.items():
        assert reasons[message_id].startswith(reason), reasons[message_id]
    assert all(letter.attempt == 1 for letter in letters), "trying again would not help"
    assert [row["dossier_id"] for row in await teller.rows()] == ["good"]


@pytest.mark.faults
async def test_b_08_a_kill_in_the_middle_of_events_loses_none_and_doubles_none(
    teller: Teller,
) -> None:
    """Six hundred events, the last of each dossier first; `kill -9` once some are handled."""
    messages = [
        DossierMessage(account_id=MINE, event=make(f"d{number:03}"))
        for make in (decided, filed, saved)
        for number in range(DOSSIERS)
    ]
    url = teller.system.broker.url(words.OWNER)
    first = teller.system.spawn("dossiers")
    await eventually(first.ready, 60, every=0.1)
    await publish_all(url, messages)
    await eventually(lambda: _some(teller), 60, every=0.005)
    first.kill()
    assert await teller.handled() < len(messages), "killed in the middle"
    second = teller.system.spawn("dossiers")

    async def all_handled() -> bool:
        second.ready()
        return await teller.handled() == len(messages)

    await eventually(all_handled, 60, every=0.1)
    await publish_all(url, messages)  # the same events are the same messages
    await eventually(lambda: not teller.system.broker.depths()["dossiers"], 60, every=0.2)
    assert second.stop() == 0
    rows = await teller.rows()
    assert [row["dossier_id"] for row in rows] == [f"d{number:03}" for number in range(DOSSIERS)]
    assert {(row["version"], row["contents_version"], row["status"]) for row in rows} == {
        (4, 2, "granted")
    }
    assert await teller.handled() == len(messages)
    assert not teller.system.broker.depths()["dossiers.dead"]


async def _some(teller: Teller) -> bool:
    return await teller.handled() > 20
