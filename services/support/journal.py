"""Writes the journal: what is heard, with its inbox row, and what the desk does itself.

`record` is for every part of the desk: an act, a search or a look is written in the transaction in
which it happens, so neither is there without the other.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.support import journal_store
from services.support.journal_entries import SALT_BYTES, entry_of_event, entry_of_record
from shared.contracts.base import EVENTS, Event
from shared.database import Connection
from shared.messaging.envelope import Envelope, new_id
from shared.messaging.handlers import Context, SqlEffect, Subscription, hears, hears_sql
from shared.outbox import apply
from shared.security.sealing import KeyRing

#: Where events are declared that services publish; tests and benchmarks have others.
CONTRACTS = "shared.contracts."


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The journal with its keys. `random` is the system's secure source."""

    keys: KeyRing
    random: Callable[[int], bytes] = os.urandom

    def effect(
        self, event: Event, envelope: Envelope, now: datetime, unless: str = ""
    ) -> SqlEffect:
        """The statement that writes an event that was heard; `unless` as in `SqlEffect`."""
        return journal_store.insert_entry(
            *entry_of_event(
                event,
                id=envelope.id,
                subject=envelope.subject,
                at=envelope.time,
                now=now,
                keys=self.keys,
                salt=self.random(SALT_BYTES),
            ),
            unless,
        )

    async def record(
        self,
        tx: Connection,
        what: str,
        *,
        now: datetime,
        account_id: str | None = None,
        agent_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Write what the desk did in `tx` without an event, and return the entry's id.

        `what` and its `fields` are those of `RECORD_RULES`; texts of people do not belong here.
        Raises KeyError or ValueError for others.
        """
        entry, values = entry_of_record(
            what,
            id=new_id(),
            account_id=account_id,
            agent_id=agent_id,
            now=now,
            fields=fields,
            keys=self.keys,
            salt=self.random(SALT_BYTES),
        )
        await apply(tx, journal_store.insert_entry(entry, values))
        return entry.id


def journalled(
    *handled: Subscription, handled_if: Mapping[type[Event], str] = {}
) -> tuple[Subscription, ...]:
    """A subscription to every event of every service but those for one partner: each is written to
    the journal, and those of `handled` are handled in the same transaction.

    Where an event of `handled_if` has nothing to do, which its query tells by finding no row, one
    statement writes it to the journal. `journal_store.ACCOUNT` is the event's account there.
    """
    own = {row.event.TYPE: row for row in handled}
    return tuple(
        _with_journal(own[name], handled_if.get(event))
        if name in own
        else hears_sql(event, _write, batched=True)
        for name, event in sorted(EVENTS.items())
        if event.__module__.startswith(CONTRACTS) and not event.TO_PARTNER
    )


def _write(event: Event, envelope: Envelope, now: datetime, deps: Any) -> SqlEffect:
    journal: Journal = deps.journal
    return journal.effect(event, envelope, now)


def _with_journal(row: Subscription, handled_if: str | None) -> Subscription:
    async def handle(event: Event, context: Context[Any]) -> None:
        deps, envelope, now = context.deps, context.envelope, context.now()
        await apply(context.tx, _write(event, envelope, now, deps))
        if not row.concerns(event):
            return
        if row.effect is not None:
            await apply(context.tx, row.effect(event, envelope, now, deps))
        if row.handler is not None:
            await row.handler(event, context)

    def write(event: Event, envelope: Envelope, now: datetime, deps: Any) -> SqlEffect:
        journal: Journal = deps.journal
        return journal.effect(event, envelope, now, handled_if or "")

    subscription = hears(row.event, handle, row.prepare)
    return replace(subscription, effect=write, batched=True) if handled_if else subscription
