"""Mails for the operators' page: which were not accepted, and what was ordered about them.

What `impex mail` does; an order whose mail has ended meanwhile changes nothing.
"""

from typing import get_args
from uuid import UUID

from services.mailer import operator_mails
from services.mailer.handlers.enqueue import Deps, wake_after_commit
from services.mailer.operator_mails import MailState, OperatorMail
from shared.contracts.base import Refusal
from shared.contracts.mailer_operations import (
    ListOperatorMails,
    MailAttempt,
    OperatorMailRow,
    OperatorMailsView,
    OperatorMailView,
    ShowOperatorMail,
)
from shared.contracts.support.operations import MailDropOrdered, MailSendOrdered
from shared.messaging.handlers import Context, Refused, RequestContext, answers, hears
from shared.runtime.telemetry import get_logger, mask_text
from shared.security.sealing import seal_context

#: Mails of one answer.
MAX_SHOWN = 100
MAX_ATTEMPTS = 50

log = get_logger("mailer")


async def list_mails(
    request: ListOperatorMails, context: RequestContext[Deps]
) -> OperatorMailsView:
    """The latest mails that were not accepted."""
    state: MailState | None = next(
        (one for one in get_args(MailState) if one == request.state), None
    )
    to = None
    if request.to is not None:
        to = context.deps.opener.open(request.to, seal_context(ListOperatorMails, "to"))
    found = await operator_mails.list_mails(context.tx, state=state, to=to, since=request.since)
    counts = await operator_mails.count_mails(context.tx)
    return OperatorMailsView(
        mails=tuple(_row(one) for one in found[:MAX_SHOWN]),
        cut=len(found) > MAX_SHOWN,
        counts={str(name): count for name, count in counts.states.items()},
        unsendable=counts.unsendable,
    )


async def show_mail(request: ShowOperatorMail, context: RequestContext[Deps]) -> OperatorMailView:
    """One mail, and what each server said."""
    try:
        mail_id = UUID(request.mail_id)
    except ValueError:
        raise Refused(Refusal(slug="gone")) from None
    found = await operator_mails.show_mail(context.tx, mail_id)
    if found is None:
        raise Refused(Refusal(slug="gone"))
    mail, attempts = found
    return OperatorMailView(
        mail=_row(mail),
        attempts=tuple(
            MailAttempt(
                number=one.number,
                began_at=one.began_at,
                outcome=one.outcome,
                smtp_code=one.smtp_code,
                answer=mask_text(one.answer),
            )
            for one in attempts[-MAX_ATTEMPTS:]
        ),
    )


async def send_ordered(order: MailSendOrdered, context: Context[Deps]) -> None:
    """Send one mail again, or all that were refused since a moment."""
    if order.mail_id:
        outcome = await operator_mails.send(context.tx, UUID(order.mail_id))
        log.info(
            "An operator asked for a mail to be sent again.",
            action="mail_sent_again" if outcome == "sent" else "mail_not_sent_again",
            mail_id=order.mail_id,
            outcome=outcome,
            by=order.agent_id,
        )
    elif order.refused_since is not None:
        sent, left = await operator_mails.send_all_refused(context.tx, order.refused_since)
        log.info(
            "Refused mails are sent again.",
            action="mails_sent_again",
            since=order.refused_since.isoformat(),
            count=sent,
            left=left,
            by=order.agent_id,
        )
    wake_after_commit(context.deps.wake)


async def drop_ordered(order: MailDropOrdered, context: Context[Deps]) -> None:
    """Give one mail up, unless it was sent or ended meanwhile."""
    dropped = await operator_mails.drop(context.tx, UUID(order.mail_id))
    log.info(
        "An operator asked for a mail to be given up.",
        action="mail_dropped" if dropped else "mail_not_dropped",
        mail_id=order.mail_id,
        reason=order.reason,
        by=order.agent_id,
    )


def _row(mail: OperatorMail) -> OperatorMailRow:
    return OperatorMailRow(
        mail_id=str(mail.mail_id),
        state=mail.state or "",
        template=mail.template,
        address=mask_text(mail.address),
        account_id=mail.account_id or "",
        written_at=mail.written_at,
        next_try_at=mail.next_try_at,
        ended_at=mail.ended_at,
        reason=mail.reason,
        attempts=mail.attempts,
        answer=mask_text(mail.answer),
        sendable=mail.sendable,
        droppable=mail.droppable,
    )


SUBSCRIPTIONS = (hears(MailSendOrdered, send_ordered), hears(MailDropOrdered, drop_ordered))
ANSWERS = (answers(ListOperatorMails, list_mails), answers(ShowOperatorMail, show_mail))
