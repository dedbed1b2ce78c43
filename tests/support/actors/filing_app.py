"""The application that files and decides dossiers, under its own user of the broker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aio_pika
import asyncpg

from shared.contracts import backoffice
from shared.messaging.envelope import CONTENT_TYPE, wrap
from shared.messaging.topology import EVENTS
from tests.support import eventually
from tests.support.servers.system import System

#: A day before any test's clock: no event is in the future.
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class FilingApp:
    """Publishes events about dossiers and waits until the list has processed them."""

    system: System
    exchange: aio_pika.abc.AbstractExchange

    async def publish(self, account_id: str, *events: backoffice.DossierEvent) -> None:
        """Events about dossiers of one account, in the order given."""
        for event in events:
            message_id, body = wrap(
                backoffice.OWNER, event, subject=account_id, now=datetime.now(UTC)
            )
            message = aio_pika.Message(
                body,
                content_type=CONTENT_TYPE,
                delivery_mode=2,
                message_id=message_id,
                type=event.TYPE,
                user_id=backoffice.OWNER,
            )
            await self.exchange.publish(message, event.TYPE)

    async def received(self, account_id: str, number: int, processed: int = 0) -> None:
        """Wait until the list knows so many dossiers of an account, and so many as processed."""
        connection = await asyncpg.connect(self.system.database.admin_url)

        async def known() -> bool:
            (row,) = await connection.fetch(
                "select count(*) as n, count(*) filter (where processed) as done"
                " from dossiers.dossiers where account_id = $1::uuid",
                account_id,
            )
            return (row["n"], row["done"]) == (number, processed)

        try:
            await eventually(known, why=f"{number} dossiers, {processed} of them processed")
        finally:
            await connection.close()


def _event_fields(version: int, more: dict[str, Any]) -> dict[str, Any]:
    return {"dossier_id": str(uuid4()), "version": version, "kind": "DEI", "number": "", **more}


def _filled(more: dict[str, Any]) -> dict[str, Any]:
    usual = {
        "establishment": "Pharmacie des Lilas",
        "medicine": "Amoxicilline Exemple",
        "dosage": "500 mg",
        "pharmaceutical_form": "gélule",
    }
    return usual | more


def saved(version: int = 1, **more: Any) -> backoffice.DossierSaved:
    """A draft."""
    return backoffice.DossierSaved(**_event_fields(version, _filled({"saved_at": NOON, **more})))


def filed(version: int = 2, day: int = 0, **more: Any) -> backoffice.DossierFiled:
    """A dossier filed on the 15th of January, or so many days later."""
    at = NOON + timedelta(days=day)
    return backoffice.DossierFiled(**_event_fields(version, _filled({"filed_at": at, **more})))


def decided(version: int = 3, day: int = 30, **more: Any) -> backoffice.DossierDecided:
    """A decision."""
    at = NOON + timedelta(days=day)
    return backoffice.DossierDecided(
        **_event_fields(version, {"status": "granted", "decided_at": at, **more})
    )


@asynccontextmanager
async def connect_filing_app(system: System) -> AsyncIterator[FilingApp]:
    """The other application, connected for as long as this lasts."""
    url = system.broker.url(backoffice.OWNER)
    connection = await aio_pika.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        yield FilingApp(system, exchange)
    finally:
        await connection.close()
