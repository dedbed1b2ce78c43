"""Mails about a lost phone that the desk handles: calls, the date, the code, the end (P5 to P10).

Name and address are the directory's. A call whose words matched causes no mail: the next step does.
"""

from services.mailer.handlers.enqueue import Deps, enqueue, recipient
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    CALL_WITHOUT_RESULT,
    PHONE_REMOVAL_PLANNED,
    PHONE_REMOVAL_PLANNED_SECOND,
    RESUMPTION_CODE_TOLD,
)
from shared.contracts.support.lost_phones import (
    CallEnded,
    PhoneRemovalPlanned,
    ResumptionCodeTold,
)
from shared.messaging.handlers import Context

#: Ends of calls that another mail tells of.
WITH_RESULT = ("matched", "told")


async def call_ended(event: CallEnded, context: Context[Deps]) -> None:
    """A call came to nothing."""
    if event.outcome not in WITH_RESULT:
        await send_notice(context, CALL_WITHOUT_RESULT, event, event.ended_at, kind=event.outcome)


async def removal_planned(event: PhoneRemovalPlanned, context: Context[Deps]) -> None:
    """The phone will be unlinked: the date, and a link that stops it, to every address (OT-19)."""
    person = await recipient(context)
    mails = [(PHONE_REMOVAL_PLANNED, person.address)]
    if person.recovery_address:
        mails.append((PHONE_REMOVAL_PLANNED_SECOND, person.recovery_address))
    for template, address in mails:
        await enqueue(
            context,
            template,
            event,
            event.planned_at,
            person,
            address=address,
            at=event.planned_at,
            kind="lost_phone",
        )


async def code_told(event: ResumptionCodeTold, context: Context[Deps]) -> None:
    """A « code de reprise » was told by telephone; the mail does not have it."""
    await send_notice(context, RESUMPTION_CODE_TOLD, event, event.told_at, until=event.expires_at)
