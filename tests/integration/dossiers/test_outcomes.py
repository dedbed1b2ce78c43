"""A partner is notified of what became of its own messages, and of no others (B-10)."""

import asyncio
import itertools
import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import aiormq
import asyncpg
import pytest
import pytest_asyncio
from pamqp.commands import Basic

from operations.install.paths import ROOT
from operations.provision.partners import partner
from operations.provision.permissions import partner_definitions
from services.dossiers.outcome_log import read_log
from services.dossiers.outcomes import RETENTION, purge
from shared.contracts import backoffice
from shared.contracts.dossiers import DossierAccepted, DossierRefused
from shared.database import open_pool
from shared.messaging.dead_letters import list_letters, replay
from shared.messaging.envelope import wrap
from shared.messaging.topology import EVENTS, OPERATOR, PARTNERS, declare, partner_key
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.harness.dossier_events import ACCOUNT, OTHER_ACCOUNT, changed, filed
from tests.support.logs import written_log
from tests.support.servers import fork_server
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

#: Starting a service takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)

FILED, CHANGED = backoffice.DossierFiled.TYPE, backoffice.DossierStatusChanged.TYPE
NOTICES = (DossierAccepted.TYPE, DossierRefused.TYPE)


@dataclass
class TestPartner:
    """One application with its own login."""

    __test__ = False
    name: str
    channel: aiormq.abc.AbstractChannel
    found: list[dict[str, Any]]

    async def publish(self, body: bytes, message_id: str, key: str = FILED, **more: Any) -> None:
        """Publish any body under a type that this partner may publish."""
        properties = Basic.Properties(
            user_id=self.name, message_id=message_id, message_type=key, delivery_mode=2, **more
        )
        await self.channel.basic_publish(
            body, exchange=EVENTS, routing_key=key, properties=properties
        )

    async def send(
        self, event: backoffice.DossierEvent, message_id: str = "", account: str = ACCOUNT
    ) -> str:
        """Publish an event as it must be; its id."""
        message_id, body = wrap(
            self.name, event, subject=account, now=utc_now(), message_id=message_id or None
        )
        await self.publish(body, message_id, event.TYPE)
        return message_id

    async def notices(self) -> list[dict[str, Any]]:
        """What it received so far: type and data of each, oldest first."""
        while True:
            message = await self.channel.basic_get(f"{self.name}.events", no_ack=True)
            if not isinstance(message.delivery, Basic.GetOk):
                return self.found
            assert message.header.properties.user_id == "dossiers"
            body = json.loads(message.body)
            self.found.append({"type": body["type"], **body["data"], "event": body["type"]})

    async def outcome(self, message_id: str, count: int = 1) -> dict[str, Any]:
        """The latest of so many notices about one message."""
        mine: list[dict[str, Any]] = []

        async def there() -> bool:
            mine[:] = [one for one in await self.notices() if one["message_id"] == message_id]
            return len(mine) >= count

        await eventually(there, 60, every=0.1, why=f"{count} notices about {message_id}")
        return mine[-1]


@dataclass
class Exchange:
    """Two partners of one system."""

    system: System
    database: asyncpg.Connection
    labo: TestPartner
    nord: TestPartner

    async def nothing_to_publish(self) -> bool:
        """Whether the outbox is empty."""
        return not await self.database.fetchval("SELECT count(*) FROM outbox")

    async def log(self, **wanted: Any) -> list[Any]:
        """The operator's log."""
        return await read_log(self.database, **wanted, limit=50)


@pytest_asyncio.fixture(loop_scope="package")
async def exchange(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[Exchange]:
    """Two partners that file dossiers and hear both notices; tests run the service themselves."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    connection = await asyncpg.connect(
        database.admin_url, server_settings={"search_path": "dossiers"}
    )
    system, partners = System(database, broker, tmp_path), []
    (own,) = (one for one in principals() if one.name == "dossiers")
    owner = await aiormq.connect(broker.url("dossiers"))
    await declare(await owner.channel(), own.topology())
    await owner.close()
    for short in ("labo", "nord"):
        name = f"{short}-{broker.vhost.replace('_', '-')}"
        emits = (FILED,) if short == "nord" else (FILED, CHANGED)
        made = partner_definitions(broker.vhost, partner(name, NOTICES, emits), f"pw-{name}")
        test_servers.admin.import_definitions(made)
        broker.passwords[name] = f"pw-{name}"
        link = await aiormq.connect(broker.url(name))
        partners.append(TestPartner(name, await link.channel(publisher_confirms=True), []))
    yield Exchange(system, connection, *partners)
    for one in partners:
        await one.channel.connection.close()
        test_servers.admin.delete(f"users/{one.name}")
    system.close()
    await connection.close()
    test_servers.delete(broker)
    test_servers.drop(database)


def as_partner(name: str, event: backoffice.DossierEvent, **data: Any) -> tuple[str, bytes]:
    """(id, body) of an event with some data replaced."""
    message_id, body = wrap(name, event, subject=ACCOUNT, now=utc_now())
    whole = json.loads(body)
    whole["data"] |= data
    return message_id, json.dumps(whole).encode()


async def test_b_10_a_partner_receives_what_became_of_its_own_messages(
    exchange: Exchange,
) -> None:
    labo, nord, system = exchange.labo, exchange.nord, exchange.system
    async with system.run("dossiers"):
        first = await labo.send(filed("d1"))
        good = await labo.outcome(first)
        assert (good["event"], good["dossier_id"], good["version"]) == (
            DossierAccepted.TYPE, "d1", 2,
        )  # fmt: skip
        # An older one changes nothing and is accepted too.
        older = await labo.send(filed("d1", version=1))
        assert (await labo.outcome(older))["event"] == DossierAccepted.TYPE

        refused: dict[str, tuple[str, str]] = {}
        wrong, body = as_partner(labo.name, filed("d2"), kind="XYZ")
        await labo.publish(body, wrong)
        refused[wrong] = ("invalid", "d2")
        fields, body = as_partner(labo.name, filed("d2"), version="two")
        await labo.publish(body, fields)
        refused[fields] = ("wrong_fields", "d2")
        await labo.publish(b"{", "no-json")
        refused["no-json"] = ("unreadable", "")
        forged, body = as_partner(nord.name, filed("d2"))
        await labo.publish(body, forged)
        refused[forged] = ("not_allowed", "d2")
        refused[await labo.send(filed("d1", 3), account=OTHER_ACCOUNT)] = ("another_account", "d1")
        for message_id, (reason, dossier) in refused.items():
            one = await labo.outcome(message_id)
            found = (one["event"], one["reason"], one["dossier_id"])
            assert found == (DossierRefused.TYPE, reason, dossier)
            assert "Traceback" not in one["detail"]
            assert ".py" not in one["detail"]
        assert await nord.notices() == []

        # Another application's dossier, and a type that it was not granted, by a header.
        taken = await nord.send(filed("d1", version=9, medicine="Stolen"), account=OTHER_ACCOUNT)
        assert (await nord.outcome(taken))["reason"] == "another_application"
        message_id, body = as_partner(nord.name, changed("d9"))
        await nord.publish(body, message_id, headers={"CC": [CHANGED]})
        assert (await nord.outcome(message_id))["reason"] == "not_allowed"
        # The id of another's message, used before it: both are handled.
        same = str(uuid4())
        await nord.send(filed("n1"), same)
        assert (await nord.outcome(same))["dossier_id"] == "n1"
        await labo.send(filed("d3"), same)
        assert (await labo.outcome(same))["dossier_id"] == "d3"
        # The same message again is no second notice.
        await labo.send(filed("d1"), first)
        last = await labo.send(filed("d4"))
        await labo.outcome(last)
        assert [one["message_id"] for one in await labo.notices()].count(first) == 1
    row = await exchange.database.fetchrow("SELECT * FROM dossiers WHERE dossier_id = 'd1'")
    assert (row["medicine"], row["publisher"]) == ("Paracétamol Exemple", labo.name)
    (one,) = await exchange.log(message_id=older)
    assert (one.outcome, one.publisher, one.version) == ("older", labo.name, 1)
    assert {one.reason for one in await exchange.log(publisher=nord.name)} == {
        "", "another_application", "not_allowed",
    }  # fmt: skip
    assert len(await exchange.log(dossier="26-d1")) == 4
    await _printed(exchange, older, forged)


async def _printed(exchange: Exchange, older: str, forged: str) -> None:
    """The same by the operator's command."""
    setting = "IMPEX_DOSSIERS_DATABASE_URL"
    environment = {
        setting: exchange.system.database.url("dossiers"),
        "IMPEX_HOME": str(exchange.system.folder),
    }
    done = fork_server.run(("dossiers", "log", "--message", forged), environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "refused: not_allowed" in done.stdout
    done = fork_server.run(("dossiers", "log", "--message", older, "--json"), environment)
    assert json.loads(done.stdout)[0]["outcome"] == "older"
    page = (ROOT / "docs" / "partners.md").read_text("utf-8")
    lines = re.findall(r"^impex (dossiers log.*)$", page, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(line.replace("labo", exchange.labo.name), comments=True)
        done = fork_server.run(words, environment)
        assert (done.returncode, done.stderr) == (int("--message" in words or "AI-" in line), "")
    done = fork_server.run(("dossiers", "log", "--dossier", "nothing"), environment)
    assert done.returncode == 1
    assert done.stdout.startswith("Nothing is known of it")


async def test_a_message_that_never_reached_the_handler_is_a_refusal_until_it_is_published_again(
    exchange: Exchange,
) -> None:
    """The broker itself moves what the service hangs or ends on; its key is no longer known then,
    so only the partner sends it again."""
    labo, broker = exchange.labo, exchange.system.broker
    message_id = await labo.send(filed("d5"))
    connection = await aiormq.connect(broker.url("dossiers"))
    channel = await connection.channel()
    taken = await channel.basic_get("dossiers")
    await channel.basic_reject(taken.delivery.delivery_tag, requeue=False)
    await connection.close()
    async with exchange.system.run("dossiers"):
        one = await labo.outcome(message_id)
        assert (one["event"], one["reason"]) == (DossierRefused.TYPE, "failed")
        (letter,) = await list_letters(broker.url(OPERATOR), "dossiers")
        assert not letter.publisher_verified
        assert await replay(broker.url(OPERATOR), "dossiers") == 0
        await labo.send(filed("d5"), message_id)
        assert (await labo.outcome(message_id, 2))["event"] == DossierAccepted.TYPE
    found = [one.outcome for one in await exchange.log(message_id=message_id)]
    assert found == ["accepted", "refused"]


async def test_who_publishes_without_hearing_notices_leaves_none_behind(
    exchange: Exchange,
) -> None:
    """Neither in the outbox nor among the unrouted events; an unusual user blocks no others."""
    system, labo = exchange.system, exchange.labo
    message_id, body = wrap(backoffice.OWNER, filed("d6"), subject=ACCOUNT, now=utc_now())
    async with system.run("dossiers"):
        connection = await aio_pika.connect(system.broker.admin_url)
        async with connection:
            channel = await connection.channel()
            events = await channel.get_exchange(EVENTS, ensure=False)
            administrator = aio_pika.Message(b"{", message_id="admin", user_id="impex_admin")
            await events.publish(administrator, FILED)
        connection = await aio_pika.connect(system.broker.url(backoffice.OWNER))
        async with connection:
            channel = await connection.channel()
            events = await channel.get_exchange(EVENTS, ensure=False)
            message = aio_pika.Message(
                body, message_id=message_id, type=FILED, user_id=backoffice.OWNER
            )
            await events.publish(message, FILED)
        await labo.outcome(await labo.send(filed("d7")))

        await eventually(exchange.nothing_to_publish, 30)
    assert system.broker.depths()["impex.unrouted.events"] == 0
    assert [one.outcome for one in await exchange.log(message_id=message_id)] == ["accepted"]


async def test_a_partner_whose_file_changed_is_notified_from_then_on(exchange: Exchange) -> None:
    """The service stopped writing notices for it, and notices by itself that it hears them now."""
    labo, broker = exchange.labo, exchange.system.broker
    async with exchange.system.run("dossiers"):
        queue = f"{labo.name}.events"
        key = partner_key(DossierAccepted.TYPE, labo.name)
        connection = await aiormq.connect(broker.admin_url)
        channel = await connection.channel()
        await channel.queue_unbind(queue, PARTNERS, key)
        ids = [await labo.send(filed("d8", version)) for version in range(2, 5)]

        async def handled() -> bool:
            return len(await exchange.log(publisher=labo.name)) == len(ids)

        await eventually(handled, 30)
        await eventually(exchange.nothing_to_publish, 30)
        await channel.queue_bind(queue, PARTNERS, key)
        await connection.close()
        versions = itertools.count(5)

        async def notified() -> bool:
            await labo.send(filed("d8", next(versions)))
            return bool(await labo.notices())

        await eventually(notified, 30, every=0.5)
        assert not {one["message_id"] for one in labo.found} & set(ids)


async def test_the_log_ends_after_thirty_days(exchange: Exchange) -> None:
    insert = "INSERT INTO outcomes VALUES ('p', $1, 't', 'd', 1, 'accepted', '', '', $2)"
    now = utc_now()
    for name, at in (("old", now - RETENTION), ("new", now)):
        await exchange.database.execute(insert, name, at)
    pool = await open_pool(exchange.system.database.url("dossiers"), "dossiers", "tests", 2)
    await purge(pool, utc_now())
    await pool.close()
    assert [one.message_id for one in await exchange.log()] == ["new"]


async def test_a_refusal_waits_until_the_database_can_store_it_with_one_line_in_the_log(
    exchange: Exchange,
) -> None:
    """B-10: without a restart, and without a stack trace in the log."""
    with written_log() as written:
        async with exchange.system.run("dossiers"):
            await exchange.database.execute("REVOKE INSERT ON inbox FROM impex_dossiers")
            await exchange.labo.publish(b"{", "no-json")
            await eventually(lambda: "consumer_paused" in written.getvalue(), 60, why="it waits")
            await asyncio.sleep(1)  # it tries again meanwhile, several times
            await exchange.database.execute("GRANT INSERT ON inbox TO impex_dossiers")
            assert (await exchange.labo.outcome("no-json"))["reason"] == "unreadable"
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    written = [line for line in lines if line["action"] in ("consumer_paused", "consumer_resumed")]
    assert [line["action"] for line in written] == ["consumer_paused", "consumer_resumed"]
    assert "permission denied for table inbox" in written[0]["reason"]
    assert [line for line in lines if "exception" in line] == []
