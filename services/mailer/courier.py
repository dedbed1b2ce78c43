"""Sends one claimed mail: builds it, talks to the mail server, records the outcome.

`transmitting` is committed before the server can have the message. The outcome, once the server
gave one, is recorded however long the database is unavailable. Code and link are in clear only
while the message is being built, and a « ce n'est pas moi » token is created then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import jinja2
import msgspec

from services.mailer import claims
from services.mailer.deliveries import (
    EXPIRED,
    SECRET_FIELDS,
    Delivery,
    Outcome,
    OutcomeKind,
    State,
    decide,
    unreachable,
)
from services.mailer.messages import InvalidMail, Messages, MimeMessage, not_me_token
from services.mailer.settings import MailerSettings
from services.mailer.smtp import SmtpPool, SmtpUnavailable
from shared.contracts.base import EVENTS
from shared.contracts.mailer import OWNER
from shared.database import Connection, acquire
from shared.errors import DecryptionError, DependencyDown
from shared.outbox import OutboxRow, outbox_row
from shared.runtime.metrics import SLOW, counter, histogram
from shared.runtime.retrying import OutageLog
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger, log_context, trace_id
from shared.runtime.tracing import span, traceparent
from shared.security.link_codes import link_code
from shared.security.sealing import Opener, seal_context

#: Seconds between attempts to record an outcome while the database is unavailable.
MIN_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0

TEMPLATE = "name of the mail's template"
MAILS = counter(
    "impex_mails",
    "Attempts to send a mail.",
    template=TEMPLATE,
    outcome=[kind.value for kind in OutcomeKind],
)
MAIL_SECONDS = histogram(
    "impex_mail_seconds",
    "Seconds from the event that asked for a mail until the mail server accepted it.",
    SLOW,
    template=TEMPLATE,
)

log = get_logger("mailer")


@dataclass(frozen=True, kw_only=True)
class Courier:
    """Sends mails."""

    runtime: Runtime
    settings: MailerSettings
    smtp: SmtpPool
    messages: Messages
    opener: Opener

    async def deliver(self, delivery: Delivery) -> None:
        """Try once. Raises `SmtpUnavailable`, with the mail deferred, if no mail can be sent."""
        traceparent.set(delivery.traceparent)
        with (
            log_context(
                service=OWNER,
                mail_id=str(delivery.mail_id),
                trace_id=trace_id(delivery.traceparent),
            ),
            span(OWNER, f"mail {delivery.template.name}", "client") as sending,
        ):
            began_at = self.runtime.clock()
            if delivery.expires_at <= began_at:
                await self._record(delivery, EXPIRED)
                return
            try:
                outcome = await self._attempt(delivery)
            except SmtpUnavailable as error:
                await self._record(delivery, unreachable(error.reason), began_at)
                raise
            if outcome is not None:
                sending.set("impex.outcome", outcome.kind.value)
                await self._record(delivery, outcome, began_at)

    async def defer(self, tx: Connection, delivery: Delivery) -> Sequence[OutboxRow]:
        """Defer a due mail without trying: the mail server is unavailable. Returns the event."""
        expired = delivery.expires_at <= self.runtime.clock()
        return await self._apply(tx, delivery, EXPIRED if expired else unreachable())

    async def recover_abandoned(self, tx: Connection, delivery: Delivery) -> Sequence[OutboxRow]:
        """Release a mail whose process died, or treat it as uncertain if it may have been sent.
        Returns the event."""
        log.warning(
            "A mail is recovered from a mailer whose lease expired.",
            action="mail_taken_over",
            mail_id=str(delivery.mail_id),
            state=delivery.state,
        )
        now = self.runtime.clock()
        if delivery.state is not State.TRANSMITTING:
            await claims.release(tx, delivery, now)
            return ()
        outcome = Outcome(
            kind=OutcomeKind.UNCERTAIN,
            reason="in_doubt",
            answer="the mailer died",
            age=timedelta(seconds=self.settings.mail_lease),
        )
        return await self._apply(tx, delivery, outcome, now)

    async def _attempt(self, delivery: Delivery) -> Outcome | None:
        """The outcome; None where the claim no longer holds."""
        try:
            message = self._build(delivery)
        except InvalidMail as error:
            return Outcome(kind=OutcomeKind.REFUSED, reason="refused", answer=str(error))
        except (DecryptionError, jinja2.TemplateError, OSError) as error:
            # A key or a template is wrong: an operator can correct it before the code expires.
            log.error(
                "A mail cannot be built.",
                action="mail_unwritable",
                error_type=type(error).__name__,
                reason=str(error),
            )
            return Outcome(kind=OutcomeKind.DEFERRED, reason="refused", answer=str(error))
        async with self.smtp.acquire() as connection:
            outcome = await connection.send_envelope(message, self.settings.brand.sender)
            if outcome is None and await self._mark_transmitting(delivery):
                outcome = await connection.send_data(message.content)
        return outcome

    def _build(self, delivery: Delivery) -> MimeMessage:
        """The message, with code and link in clear."""
        clear: dict[str, Any] = {}
        if (secrets := delivery.secrets) is not None:
            for field in SECRET_FIELDS:
                if (sealed := getattr(secrets, field)) is not None:
                    context = seal_context(EVENTS[secrets.message_type], field)
                    clear[field] = self.opener.open(sealed, context)
        if delivery.template.has_not_me_link:
            clear["link_token"] = not_me_token(
                self.settings.not_me_keys,
                UUID(delivery.subject),
                delivery.mail_id,
                delivery.written_at,
            )
        if delivery.template.shows_link_code:
            clear["code"] = link_code(self.settings.not_me_keys, clear["link_token"])
        return self.messages.build(replace(delivery, **clear))

    async def _mark_transmitting(self, delivery: Delivery) -> bool:
        try:
            async with acquire(self.runtime.pool) as tx:
                if await claims.mark_transmitting(tx, delivery, self.settings.mail_lease):
                    return True
                await claims.release(tx, delivery, self.runtime.clock())  # if the lease ran out
                return False
        except (DependencyDown, TimeoutError):
            # Whether that was committed is unknown, but nothing was sent.
            now = self.runtime.clock

            async def release(connection: Connection) -> Sequence[OutboxRow]:
                await claims.release(connection, delivery, now())
                return ()

            await self._retry_until_stored(release)
            return False

    async def _record(
        self, delivery: Delivery, outcome: Outcome, began_at: datetime | None = None
    ) -> None:
        await self._retry_until_stored(
            lambda connection: self._apply(connection, delivery, outcome, began_at)
        )
        MAILS.labels(delivery.template.name, outcome.kind).inc()
        if outcome.kind is OutcomeKind.ACCEPTED:
            took = (self.runtime.clock() - delivery.asked_at).total_seconds()
            MAIL_SECONDS.labels(delivery.template.name).observe(max(took, 0))
        log.info(
            "A mail was tried.",
            action=f"mail_{outcome.kind}",
            template=delivery.template.name,
            reason=outcome.reason,
            smtp_code=outcome.code,
            answer=outcome.answer,
        )

    async def _apply(
        self,
        connection: Connection,
        delivery: Delivery,
        outcome: Outcome,
        began_at: datetime | None = None,
    ) -> Sequence[OutboxRow]:
        """Record the transition, its event and, with `began_at`, the attempt. Returns the event to
        publish; none if the claim is lost."""
        now = self.runtime.clock()
        transition = decide(delivery, outcome, now, self.settings.retry_schedule)
        events: list[OutboxRow] = []
        if transition.event is not None:
            values = {
                "mail_id": str(delivery.mail_id),
                "cause": delivery.cause,
                "template": delivery.template.name,
                "at": now,
                "next_try_at": transition.due_at,
                "reason": transition.reason,
            }
            event = msgspec.convert(values, transition.event)  # takes the fields that it has
            events.append(outbox_row(OWNER, event, subject=delivery.subject, now=now))
        attempt = None if began_at is None else (outcome, began_at)
        done = await claims.record(
            connection, delivery, transition, now, attempt=attempt, events=events
        )
        return events if done else ()

    async def _retry_until_stored(
        self, work: Callable[[Connection], Awaitable[Sequence[OutboxRow]]]
    ) -> None:
        """Do `work`, one statement, repeated while the database is unavailable; publish what it
        returns.

        `work` must be idempotent: the answer to a commit may be lost.
        """
        pause = MIN_PAUSE_SECONDS
        outage = OutageLog("mail_record_waits", "mail_record_resumed")
        while True:
            try:
                async with acquire(self.runtime.pool) as connection:
                    events = await work(connection)
            except (DependencyDown, TimeoutError, asyncpg.TransactionRollbackError) as error:
                outage.started(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                outage.ended()
                self.runtime.publish(events)
                return
