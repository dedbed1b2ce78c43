"""A mailer under test, wherever it runs: publish events, read its tables and its events."""

from abc import ABC, abstractmethod
from typing import Any

from services.mailer.service import SERVICE
from shared.contracts.base import Event
from shared.database import Connection
from shared.messaging.envelope import wrap
from tests.support.mail.sample_events import ACCOUNT, now
from tests.support.waiting import eventually


class MailerDriver(ABC):
    """A subclass brings events to the mailer and collects what it publishes."""

    #: Reads and changes the mailer's tables, as an administrator.
    database: Connection

    def __init__(self) -> None:
        self._sent: dict[str, tuple[type[Event], bytes]] = {}
        self._expected: set[str] = set()

    @abstractmethod
    async def deliver(self, event_id: str, kind: type[Event], body: bytes, times: int) -> None:
        """Bring the very same message to the mailer `times` times."""

    @abstractmethod
    async def events(self, *kinds: type[Event]) -> list[Any]:
        """What the mailer has published of these kinds, oldest first."""

    async def publish(self, event: Event, *, subject: str | None = ACCOUNT, times: int = 1) -> str:
        """Publish `event` as its owner, the same message `times` times; returns its id."""
        event_id, body = wrap(event.OWNER, event, subject=subject, now=now())
        self._sent[event_id] = (type(event), body)
        if all(row.concerns(event) for row in SERVICE.hears if row.event is type(event)):
            self._expected.add(event_id)
        await self.deliver(event_id, type(event), body, times)
        return event_id

    async def replay(self, event_id: str) -> None:
        """Publish the same message once more."""
        await self.deliver(event_id, *self._sent[event_id], times=1)

    async def emitted(self, kind: type[Event], number: int = 1) -> list[Any]:
        """What the mailer has published of one kind, as soon as there is enough of it."""

        async def enough() -> list[Any]:
            found = await self.events(kind)
            assert len(found) >= number, found
            return found

        return await eventually(enough, why=f"{number} {kind.__name__}")

    async def row(self, cause: str) -> Any:
        """The record of the mail that an event caused, or None."""
        return await self.database.fetchrow("SELECT * FROM deliveries WHERE cause = $1", cause)

    async def state(self, cause: str, *states: str) -> Any:
        """The record, once its state is one of `states`."""

        async def there() -> Any:
            row = await self.row(cause)
            assert row is not None, "no record yet"
            assert row["state"] in states, dict(row)
            return row

        return await eventually(there, why=f"{states}")

    async def templates(self) -> list[str]:
        """The kinds of all mails that were written, the earliest first."""
        rows = await self.database.fetch("SELECT template FROM deliveries ORDER BY written_at")
        return [row["template"] for row in rows]

    async def uncertain(self, cause: str, number: int) -> Any:
        """The record, once `number` attempts were uncertain and the next one waits."""

        async def waiting() -> Any:
            row = await self.row(cause)
            assert row is not None, "no record yet"
            assert (row["state"], row["doubts"]) == ("pending", number), dict(row)
            return row

        return await eventually(waiting, why=f"{number} uncertain attempts")

    async def attempts(self, cause: str) -> list[Any]:
        """The results of the attempts."""
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
            "UPDATE deliveries SET due_at = now() "
            "WHERE cause = $1 AND state IN ('pending', 'deferred')",
            cause,
        )
        assert status == "UPDATE 1"

    async def unhandled(self) -> set[str]:
        """The ids of published events that concern the mailer and that it has not handled."""
        rows = await self.database.fetch("SELECT message_id FROM inbox")
        return self._expected - {str(row["message_id"]) for row in rows}
