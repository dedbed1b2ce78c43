"""The services that the mailer hears in a test, and a subscriber to what it publishes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import asyncpg
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue

from shared.contracts.base import EVENTS, Event
from shared.contracts.registration.events import (
    AccountCreated,
    AccountRequested,
    KnownAddressRequested,
    ValidationResent,
)
from shared.messaging import topology
from shared.messaging.envelope import CONTENT_TYPE, contract, decode, new_id, wrap
from shared.security.sealing import KeyRing, Sealer, seal_context
from tests.support.servers.system import System, keys
from tests.support.waiting import eventually

CODE = "048213"
TOKEN = "T" * 43
ACCOUNT = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#: Whom the mailer hears.
SPEAKERS = ("registration", "mfa", "gateway", "profile")


def now() -> datetime:
    """The services' clock."""
    return datetime.now(UTC)


def sealed(cls: type[Event], field: str, plain: str) -> Any:
    """A secret for the mailer, as registration seals it."""
    ring = KeyRing.parse(keys()["IMPEX_SEAL_KEYS_MAILER"])
    return Sealer("mailer", ring).seal(plain, seal_context(cls, field))


def asked(
    cls: type[AccountRequested] | type[ValidationResent] = AccountRequested,
    *,
    address: str = "Pierre.Durand@labo.example",
    request_id: str | None = None,
    code: str = CODE,
    language: str = "fr",
    requested_at: datetime | None = None,
    life: timedelta = timedelta(hours=24),
) -> Any:
    """An event that asks for a validation mail."""
    requested_at = requested_at or now()
    return cls(
        request_id=request_id or new_id(),
        address=address,
        language=language,
        code=sealed(cls, "code", code),
        link_token=sealed(cls, "link_token", TOKEN),
        requested_at=requested_at,
        expires_at=requested_at + life,
    )


def created(**more: Any) -> AccountCreated:
    """An event that asks for the finalisation mail."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "address": "pierre@labo.example",
        "first_name": "Élodie",
        "last_name": "O'Brien",
        "language": "fr",
        "terms_version": "1.0",
        "terms_accepted_at": now(),
        "created_at": now(),
        "enrol_before": now() + timedelta(hours=24),
    }
    return AccountCreated(**values | more)


def known(**more: Any) -> KnownAddressRequested:
    """An event that asks for the mail to the holder of an account."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "address": "pierre@labo.example",
        "language": "fr",
        "requested_at": now(),
    }
    return KnownAddressRequested(**values | more)


class MailerFixture:
    """Publishes events as their owners, records what the mailer publishes, reads its tables."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.published: list[Event] = []
        self._said: dict[str, tuple[str, bytes]] = {}
        self._connections: list[AbstractConnection] = []

    async def open(self) -> None:
        """Connect, and listen to the mailer from now on."""
        self._speak: dict[str, AbstractChannel] = {}
        for owner in SPEAKERS:
            speaker = await aio_pika.connect(self.system.broker.url(owner))
            self._connections.append(speaker)
            self._speak[owner] = await speaker.channel()
        listener = await aio_pika.connect(self.system.broker.admin_url)
        self._connections.append(listener)
        channel = await listener.channel()
        queue: AbstractQueue = await channel.declare_queue(exclusive=True)
        await queue.bind(topology.EVENTS, "mailer.#")
        await queue.consume(self._hear, no_ack=True)
        self._admin = channel
        self.database = await asyncpg.connect(self.system.database.admin_url)
        await self.database.execute("SET search_path = mailer")

    async def close(self) -> None:
        """Disconnect."""
        await self.database.close()
        for connection in self._connections:
            await connection.close()

    async def _hear(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.published.append(contract(decode(message.body), EVENTS))

    async def publish(self, event: Event, *, subject: str | None = ACCOUNT, times: int = 1) -> str:
        """Publish `event` as its owner, the very same message `times` times; its id."""
        event_id, body = wrap(event.OWNER, event, subject=subject, now=now())
        for _ in range(times):
            await self._publish(event_id, event.TYPE, body)
        self._said[event_id] = (event.TYPE, body)
        return event_id

    async def replay(self, event_id: str) -> None:
        """Publish once more what was said."""
        await self._publish(event_id, *self._said[event_id])

    async def _publish(self, event_id: str, message_type: str, body: bytes) -> None:
        owner = EVENTS[message_type].OWNER
        message = aio_pika.Message(
            body,
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=event_id,
            type=message_type,
            user_id=owner,
        )
        exchange = await self._speak[owner].get_exchange(topology.EVENTS, ensure=False)
        await exchange.publish(message, routing_key=message_type)

    def of(self, cls: type[Event]) -> list[Any]:
        """What the mailer has said of one type."""
        return [event for event in self.published if isinstance(event, cls)]

    async def hears(self, cls: type[Event], number: int = 1, timeout: float = 60) -> list[Any]:
        """What the mailer says of one type, as soon as there is enough of it."""

        def enough() -> bool:
            return len(self.of(cls)) >= number

        await eventually(enough, timeout, why=f"{number} {cls.__name__}; heard {self.published}")
        return self.of(cls)

    async def row(self, cause: str) -> Any:
        """The record of the mail that an event caused, or None."""
        return await self.database.fetchrow("SELECT * FROM deliveries WHERE cause = $1", cause)

    async def state(self, cause: str, *wanted: str, timeout: float = 60) -> Any:
        """The record, once its state is one of `wanted`."""

        async def there() -> Any:
            row = await self.row(cause)
            assert row is not None, "no record yet"
            assert row["state"] in wanted, dict(row)
            return row

        return await eventually(there, timeout, why=f"{wanted}")

    async def templates(self) -> list[str]:
        """The kinds of all mails that were written, the earliest first."""
        rows = await self.database.fetch("SELECT template FROM deliveries ORDER BY written_at")
        return [row["template"] for row in rows]

    async def attempts(self, cause: str) -> list[Any]:
        """What each attempt came to."""
        return list(
            await self.database.fetch(
                "SELECT attempts.* FROM attempts JOIN deliveries USING (mail_id) "
                "WHERE cause = $1 ORDER BY number",
                cause,
            )
        )

    async def make_due(self, cause: str) -> None:
        """As if the wait were over."""
        status = await self.database.execute(
            "UPDATE deliveries SET due_at = now() WHERE cause = $1 AND state = 'deferred'", cause
        )
        assert status == "UPDATE 1"

    async def all_handled(self) -> None:
        """Everything that was said has been handled, and no copy of it waits any more."""

        async def handled() -> bool:
            queue = await self._admin.declare_queue("mailer", passive=True)
            known = await self.database.fetchval(
                "SELECT count(*) FROM inbox WHERE message_id = ANY($1::text[]::uuid[])",
                list(self._said),
            )
            return queue.declaration_result.message_count == 0 and known == len(self._said)

        await eventually(handled, 60, why="everything said is handled")

    async def waits_in(self, queue: str) -> None:
        """A message has come to wait in `queue`."""

        async def waits() -> bool:
            declared = await self._admin.declare_queue(queue, passive=True)
            return bool(declared.declaration_result.message_count)

        await eventually(waits, 60, why=f"a message in {queue}")

    async def dead_reason(self) -> str:
        """Why the next dead letter died."""

        async def dead() -> Any:
            return await (await self._admin.get_queue("mailer.dead", ensure=False)).get(
                fail=False, no_ack=True
            )

        letter = await eventually(dead, 60, why="a dead letter")
        return str(letter.headers)
