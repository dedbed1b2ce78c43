"""Sends one claimed mail: builds it, talks to the mail server, records the outcome.

`transmitting` is committed before the server can have the message. The outcome, once the server
gave one, is recorded however long the database is unavailable. Code and link are in clear only
while the message is being built, and a « ce n'est pas moi » token is created then.
"""

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
from services.mailer.deliveries import Outcome, OutcomeKind, State, StatusEvent, Transition, decide
from services.mailer.messages import InvalidMail, Mail, Messages, MimeMessage
from services.mailer.not_me_links import not_me_token
from services.mailer.smtp import SmtpPool, SmtpUnavailable
from services.mailer.store import Secrets
from shared.contracts.base import EVENTS, Event, Sealed
from shared.contracts.mailer import OWNER, MailAccepted, MailDeferred, MailRefused
from shared.database import Connection, Pool, acquire, transaction
from shared.errors import DecryptionError, DependencyDown
from shared.messaging.connection import describe
from shared.messaging.envelope import traceparent
from shared.outbox import emit
from shared.runtime.telemetry import REGISTRY, get_logger, log_context, trace_id
from shared.security.sealing import KeyRing, Opener, seal_context

#: Seconds between attempts to record an outcome while the database is unavailable.
MIN_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0

MAILS = Counter(
    "impex_mails",
    "Attempts to send a mail, by outcome.",
    ["template", "outcome"],
    registry=REGISTRY,
)

log = get_logger("mailer")


@dataclass(frozen=True, kw_only=True)
class Courier:
    """Sends mails. `lease` is in seconds."""

    pool: Pool
    smtp: SmtpPool
    messages: Messages
    opener: Opener
    not_me_keys: KeyRing
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
                await self._record(delivery, Outcome(kind=OutcomeKind.EXPIRED, reason="expired"))
                return
            unavailable: SmtpUnavailable | None = None
            try:
                outcome = await self._attempt(delivery)
            except SmtpUnavailable as error:
                unavailable = error
                outcome = Outcome(
                    kind=OutcomeKind.DEFERRED, reason="unreachable", answer=error.reason
                )
            if outcome is not None:
                await self._record(delivery, outcome, began_at)
            if unavailable is not None:
                raise unavailable

    async def defer(self, tx: Connection, delivery: Delivery) -> None:
        """Defer a due mail without trying: the mail server is unavailable."""
        outcome = Outcome(kind=OutcomeKind.DEFERRED, reason="unreachable")
        if delivery.expires_at <= self.clock():
            outcome = Outcome(kind=OutcomeKind.EXPIRED, reason="expired")
        await self._apply(tx, delivery, outcome)

    async def recover_abandoned(self, tx: Connection, delivery: Delivery) -> None:
        """Release a mail whose process died, or treat it as uncertain if it may have been sent."""
        log.warning(
            "A mail is recovered from a mailer whose lease expired.",
            action="mail_taken_over",
            mail_id=str(delivery.mail_id),
            state=delivery.state,
        )
        now = self.clock()
        if delivery.state is not State.TRANSMITTING:
            await claims.release(tx, delivery, now)
            return
        outcome = Outcome(kind=OutcomeKind.UNCERTAIN, reason="in_doubt", answer="the mailer died")
        await self._apply(tx, delivery, outcome)
        await claims.add_attempt(tx, delivery, outcome, now, now)

    async def _attempt(self, delivery: Delivery) -> Outcome | None:
        """The outcome; None where the claim no longer holds."""
        built = self._build(delivery)
        if isinstance(built, Outcome):
            return built
        async with self.smtp.acquire() as line:
            outcome = await line.send_envelope(built, self.sender)
            if outcome is None:
                if not await self._mark_transmitting(delivery):
                    return None
                outcome = await line.send_data(built.content)
        return outcome

    def _build(self, delivery: Delivery) -> MimeMessage | Outcome:
        try:
            return self.messages.build(self._decrypted(delivery))
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

    def _decrypted(self, delivery: Delivery) -> Mail:
        code = link_token = None
        secrets = delivery.secrets
        if secrets is not None:
            code = self._decrypt(secrets, "code", secrets.code)
            link_token = self._decrypt(secrets, "link_token", secrets.link_token)
        if delivery.template.has_not_me_link:
            link_token = not_me_token(
                self.not_me_keys,
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
            data=delivery.data,
            code=code,
            link_token=link_token,
        )

    def _decrypt(self, secrets: Secrets, field: str, sealed: Sealed | None) -> str | None:
        if sealed is None:
            return None
        return self.opener.open(sealed, seal_context(EVENTS[secrets.message_type], field))

    async def _mark_transmitting(self, delivery: Delivery) -> bool:
        try:
            async with acquire(self.pool) as tx:
                return await claims.mark_transmitting(tx, delivery, self.lease)
        except (DependencyDown, TimeoutError):
            # Whether that was committed is unknown, but nothing was sent.
            await self._retry_until_stored(lambda tx: claims.release(tx, delivery, self.clock()))
            return False

    async def _record(
        self, delivery: Delivery, outcome: Outcome, began_at: datetime | None = None
    ) -> None:
        async def write(tx: Connection) -> None:
            if await self._apply(tx, delivery, outcome) and began_at is not None:
                await claims.add_attempt(tx, delivery, outcome, began_at, self.clock())

        await self._retry_until_stored(write)
        MAILS.labels(delivery.template.name, outcome.kind).inc()
        log.info(
            "A mail was tried.",
            action=f"mail_{outcome.kind}",
            template=delivery.template.name,
            reason=outcome.reason,
            smtp_code=outcome.code,
            answer=outcome.answer,
        )

    async def _apply(self, tx: Connection, delivery: Delivery, outcome: Outcome) -> bool:
        now = self.clock()
        transition = decide(delivery.facts, outcome, now, self.schedule)
        if not await claims.apply_transition(tx, delivery, transition, now):
            return False
        event = _status_event(delivery, transition, now)
        if event is not None:
            await emit(tx, OWNER, event, subject=delivery.subject, now=now)
        return True

    async def _retry_until_stored(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        """Do `work` in a transaction, repeated while the database is unavailable.

        `work` must be idempotent: the answer to a commit may be lost.
        """
        pause = MIN_PAUSE_SECONDS
        while True:
            try:
                async with transaction(self.pool) as tx:
                    await work(tx)
            except (DependencyDown, TimeoutError, asyncpg.TransactionRollbackError) as error:
                log.warning(
                    "An outcome is waiting for the database.",
                    action="mail_record_waits",
                    reason=describe(error),
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                self.wake_relay()
                return


def _status_event(delivery: Delivery, transition: Transition, now: datetime) -> Event | None:
    """The event that reports a transition, if any."""
    mail_id, template = str(delivery.mail_id), delivery.template.name
    if transition.event is StatusEvent.ACCEPTED:
        return MailAccepted(mail_id=mail_id, cause=delivery.cause, template=template, at=now)
    if transition.event is StatusEvent.DEFERRED and transition.due_at is not None:
        return MailDeferred(
            mail_id=mail_id,
            cause=delivery.cause,
            template=template,
            at=now,
            next_try_at=transition.due_at,
            reason=transition.reason or "unreachable",
        )
    if transition.event is StatusEvent.REFUSED:
        return MailRefused(
            mail_id=mail_id,
            cause=delivery.cause,
            template=template,
            at=now,
            reason=transition.reason or "refused",
        )
    return None
