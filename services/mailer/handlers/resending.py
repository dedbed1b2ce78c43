"""A mail that the desk orders again: the same mail, as a new delivery.

A code or a link is kept only until its mail has ended: such a mail goes again while that is there
and valid. Nothing is sent to an address that is not the account's any more. What cannot be sent is
said with `ActNotCarriedOut`: `unknown_mail`, `being_sent`, `secret_gone` or `address_changed`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from services.mailer import claims, store
from services.mailer.deliveries import Delivery, State
from services.mailer.handlers.enqueue import Deps, account_of, wake_after_commit
from services.mailer.mail_templates import TEMPLATES
from services.mailer.store import Recipient
from shared.contracts.mailer import ActNotCarriedOut
from shared.contracts.support.acts import MailResendOrdered
from shared.messaging.handlers import Context, hears
from shared.runtime.telemetry import get_logger
from shared.runtime.tracing import traceparent

#: States in which the first delivery still goes on by itself.
GOING_ON = (State.PENDING, State.SENDING, State.TRANSMITTING, State.DEFERRED)

log = get_logger("mailer")


async def resend(order: MailResendOrdered, context: Context[Deps]) -> None:
    """Add the mail once more, due now."""
    account_id, now = account_of(context), context.now()
    mail = await claims.find(context.tx, order.mail_id, account_id)
    person = await store.find_recipient(context.tx, account_id)
    why = "unknown_mail" if mail is None else why_kept_back(_sendable(mail), person, now)
    if why or mail is None:
        log.warning(
            "A mail was not sent again.",
            action="act_not_carried_out",
            account=account_id,
            reason=why,
        )
        refused = ActNotCarriedOut(proposal_id=order.proposal_id, why=why, refused_at=now)
        await context.emit(refused)
        return
    cause = context.envelope.id
    again = replace(
        mail,
        # The same order always causes the same mail.
        mail_id=uuid5(NAMESPACE_URL, f"impex:{cause}:{mail.template.name}"),
        cause=cause,
        traceparent=traceparent.get(),
        written_at=now,
        expires_at=mail.expires_at if mail.secrets else now + context.deps.give_up,
        state=State.PENDING,
        deferrals=0,
        doubts=0,
        claim=None,
    )
    await store.add(context.tx, again)
    log.info(
        "A mail is sent again.",
        action="mail_resent",
        account=account_id,
        mail=str(again.mail_id),
        template=mail.template.name,
    )
    wake_after_commit(context.deps.wake)


@dataclass(frozen=True, kw_only=True)
class Sendable:
    """What decides whether a mail can be sent again."""

    state: str
    template: str
    address: str
    has_secrets: bool
    expires_at: datetime


def why_kept_back(mail: Sendable, person: Recipient | None, now: datetime) -> str:
    """Why a mail is not sent again; empty where it is. A name of a template that this version does
    not know carries no secret that it could send."""
    if person is None or mail.template not in TEMPLATES:
        return "unknown_mail"
    if mail.state in GOING_ON:
        return "being_sent"
    is_gone = not mail.has_secrets or mail.expires_at <= now
    if TEMPLATES[mail.template].carries_secret and is_gone:
        return "secret_gone"
    if not mail.address or mail.address not in (person.address, person.recovery_address):
        return "address_changed"
    return ""


def _sendable(mail: Delivery) -> Sendable:
    return Sendable(
        state=mail.state,
        template=mail.template.name,
        address=mail.address,
        has_secrets=mail.secrets is not None,
        expires_at=mail.expires_at,
    )


SUBSCRIPTIONS = (hears(MailResendOrdered, resend),)
