"""What deciding on an act works with: one transaction, one moment, the outbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from services.support.deps import Deps
from services.support.proposals import Delays
from shared.contracts.base import Event
from shared.contracts.support.acts import OWNER
from shared.database import Connection
from shared.messaging.handlers import Context
from shared.outbox import emit


@dataclass(frozen=True, kw_only=True)
class ActContext:
    """One transaction at one moment. `source` is the message being handled; without one, in a job,
    the caller wakes the relay after the commit."""

    tx: Connection
    deps: Deps
    now: datetime
    source: Context[Deps] | None = None

    @classmethod
    def of(cls, context: Context[Deps]) -> Self:
        """That of a message being handled."""
        return cls(tx=context.tx, deps=context.deps, now=context.now(), source=context)

    @property
    def delays(self) -> Delays:
        """How long approved acts wait."""
        return self.deps.settings.act_delays

    async def emit(self, event: Event, *, subject: str | None) -> None:
        """Publish an event about an account or an agent when the transaction commits."""
        if self.source is not None:
            await self.source.emit(event, subject=subject)
        else:
            await emit(self.tx, OWNER, event, subject=subject, now=self.now)
