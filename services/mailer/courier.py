"""Sees one claimed mail off: builds it, talks to the mail server, records what it came to.

Promises that `transmitting` is committed before the server can have the message, and that the
result, once the server gave one, is recorded however long the database is away. Code and link are
in clear only while the message is being built, and a « ce n'est pas moi » token is made then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import jinja2
from prometheus_client import Counter

from services.mailer import claims
from services.mailer.claims import Delivery
from services.mailer.deliveries import Kind, Outcome, State, Step, Told, decide
from services.mailer.disavowal import disavowal_token
from services.mailer.messages import Built, Mail, Messages, UnfitMail
from services.mailer.smtp import Lines, ServerAway
from services.mailer.store import Secrets
from shared.contracts.base import EVENTS, Event, Sealed
from shared.contracts.mailer import OWNER, MailAccepted, MailDeferred, MailRefused
from shared.database import Connection, Pool, transaction
from shared.database.pool import acquire
from shared.errors import DecryptionError, DependencyDown
from shared.messaging.connection import describe
from shared.messaging.envelope import traceparent
from shared.outbox import emit
from shared.runtime.telemetry import REGISTRY, get_logger, log_context, trace_id
from shared.security.sealing import KeyRing, Opener, seal_context

#: Seconds between tries to record a result while the database is away.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0

MAILS = Counter(
    "impex_mails",
    "Attempts at mails, by what they came to.",
    ["template", "outcome"],
    registry=REGISTRY,
)

log = get_logger("mailer")


@dataclass(frozen=True, kw_only=True)
class Courier:
    """What sending one mail takes. `lease` is in seconds."""

    pool: Pool
    lines: Lines
    messages: Messages
    opener: Opener
    disavowal_keys: KeyRing
    sender: str
    schedule: tuple[timedelta, ...]
    lease: float
    clock: Callable[[], datetime]
    wake_relay: Callable[[], None]

    async def deliver(self, delivery: Delivery) -> None:
        """Try once. Raises `ServerAway`, with the mail put off, where no mail can be sent."""
        traceparent.set(delivery.traceparent)
        with log_context(
            service=OWNER, mail_id=str(delivery.mail_id), trace_id=trace_id(delivery.traceparent)
        ):
            began_at = self.clock()
            if delivery.expires_at <= began_at:
                await self._record(delivery, Outcome(kind=Kind.TOO_LATE, reason="expired"))
                return
            away: ServerAway | None = None
            try:
                outcome = await self._attempt(delivery)
            except ServerAway as error:
                away = error
                outcome = Outcome(kind=Kind.DEFERRED, reason="unreachable", answer=error.reason)
            if outcome is not None:
                await self._record(delivery, outcome, began_at)
            if away is not None:
                raise away

    async def put_off(self, tx: Connection, delivery: Delivery) -> None:
        """The mail server is away: say so of a due mail, without trying."""
        outcome = Outcome(kind=Kind.DEFERRED, reason="unreachable")
        if delivery.expires_at <= self.clock():
            outcome = Outcome(kind=Kind.TOO_LATE, reason="expired")
        await self._settle(tx, delivery, outcome)

    async def take_over(self, tx: Connection, delivery: Delivery) -> None:
        """A process died with this mail in its hands; whether it had gone out decides."""
        log.warning(
            "A mail is taken over from a mailer that gave no sign of life.",
            action="mail_taken_over",
            mail_id=str(delivery.mail_id),
            state=delivery.state,
        )
        now = self.clock()
        if delivery.state is not State.TRANSMITTING:
            await claims.put_back(tx, delivery, now)
            return
        outcome = Outcome(kind=Kind.IN_DOUBT, reason="in_doubt", answer="the mailer died")
        await self._settle(tx, delivery, outcome)
        await claims.add_attempt(tx, delivery, outcome, now, now)

    async def _attempt(self, delivery: Delivery) -> Outcome | None:
        """What the attempt came to; None where the mail is no longer ours to send."""
        built = self._build(delivery)
        if isinstance(built, Outcome):
            return built
        async with self.lines.borrow() as line:
            outcome = await line.offer(built, self.sender)
            if outcome is None:
                if not await self._begin(delivery):
                    return None
                outcome = await line.transmit(built.content)
        return outcome

    def _build(self, delivery: Delivery) -> Built | Outcome:
        try:
            return self.messages.build(self._opened(delivery))
        except UnfitMail as error:
            return Outcome(kind=Kind.REFUSED, reason="refused", answer=str(error))
        except (DecryptionError, jinja2.TemplateError, OSError) as error:
            # A key or a template is wrong: somebody can mend it before the code runs out.
            log.error(
                "A mail cannot be written for now.",
                action="mail_unwritable",
                error_type=type(error).__name__,
                reason=str(error),
            )
            return Outcome(kind=Kind.DEFERRED, reason="refused", answer=str(error))

    def _opened(self, delivery: Delivery) -> Mail:
        code = link_token = None
        secrets = delivery.secrets
        if secrets is not None:
            code = self._open(secrets, "code", secrets.code)
            link_token = self._open(secrets, "link_token", secrets.link_token)
        if delivery.template.disavows:
            link_token = disavowal_token(
                self.disavowal_keys,
                UUID(delivery.subject),
                delivery.mail_id,
                delivery.written_at,
            )
        return Mail(
            mail_id=str(delivery.mail_id),
            template=delivery.template.name,
            language=delivery.language,
            address=delivery.address,
            written_at=delivery.written_at,
            facts=delivery.facts,
            code=code,
            link_token=link_token,
        )

    def _open(self, secrets: Secrets, field: str, sealed: Sealed | None) -> str | None:
        if sealed is None:
            return None
        return self.opener.open(sealed, seal_context(EVENTS[secrets.message_type], field))

    async def _begin(self, delivery: Delivery) -> bool:
        try:
            async with acquire(self.pool) as tx:
                return await claims.begin_transmitting(tx, delivery, self.lease)
        except (DependencyDown, TimeoutError):
            # Whether that was committed is unknown; that nothing was sent is certain.
            await self._persist(lambda tx: claims.put_back(tx, delivery, self.clock()))
            return False

    async def _record(
        self, delivery: Delivery, outcome: Outcome, began_at: datetime | None = None
    ) -> None:
        async def write(tx: Connection) -> None:
            if await self._settle(tx, delivery, outcome) and began_at is not None:
                await claims.add_attempt(tx, delivery, outcome, began_at, self.clock())

        await self._persist(write)
        MAILS.labels(delivery.template.name, outcome.kind).inc()
        log.info(
            "A mail was tried.",
            action=f"mail_{outcome.kind}",
            template=delivery.template.name,
            reason=outcome.reason,
            smtp_code=outcome.code,
            answer=outcome.answer,
        )

    async def _settle(self, tx: Connection, delivery: Delivery, outcome: Outcome) -> bool:
        now = self.clock()
        step = decide(delivery.standing, outcome, now, self.schedule)
        if not await claims.settle(tx, delivery, step, now):
            return False
        event = _told(delivery, step, now)
        if event is not None:
            await emit(tx, OWNER, event, subject=delivery.subject, now=now)
        return True

    async def _persist(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        """Do `work` in a transaction, again and again while the database is away.

        Done twice, because a commit's answer was lost, `work` must find nothing left to do.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                async with transaction(self.pool) as tx:
                    await work(tx)
            except (DependencyDown, TimeoutError, asyncpg.TransactionRollbackError) as error:
                log.warning(
                    "A result waits to be recorded.",
                    action="mail_record_waits",
                    reason=describe(error),
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self.wake_relay()
                return


def _told(delivery: Delivery, step: Step, now: datetime) -> Event | None:
    """The event that tells a step, if it is told at all."""
    mail_id, template = str(delivery.mail_id), delivery.template.name
    if step.told is Told.ACCEPTED:
        return MailAccepted(mail_id=mail_id, cause=delivery.cause, template=template, at=now)
    if step.told is Told.DEFERRED and step.due_at is not None:
        return MailDeferred(
            mail_id=mail_id,
            cause=delivery.cause,
            template=template,
            at=now,
            next_try_at=step.due_at,
            reason=step.reason or "unreachable",
        )
    if step.told is Told.REFUSED:
        return MailRefused(
            mail_id=mail_id,
            cause=delivery.cause,
            template=template,
            at=now,
            reason=step.reason or "refused",
        )
    return None
