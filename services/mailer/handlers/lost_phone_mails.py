"""Mails about a lost phone: calls, the dates, the code, the end (P5 to P10).

Name and address are the directory's. A call whose words matched causes no mail: the next step does.
"""

from datetime import datetime

from services.mailer.handlers.enqueue import Deps, enqueue, recipient
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    CALL_WITHOUT_RESULT,
    PHONE_REMOVAL_PLANNED,
    PHONE_REMOVAL_PLANNED_SECOND,
    PHONE_REPLACED,
    PHONE_REPLACED_SECOND,
    PHONE_REPLACEMENT_OPEN,
    PHONE_REPLACEMENT_OPEN_SECOND,
    PHONE_REPLACEMENT_PLANNED,
    PHONE_REPLACEMENT_PLANNED_SECOND,
    RESUMPTION_CODE_TOLD,
    Template,
)
from shared.contracts.base import Event
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.support.lost_phones import (
    CallEnded,
    PhoneRemovalPlanned,
    PhoneReplacementOpened,
    PhoneReplacementPlanned,
    ResumptionCodeTold,
)
from shared.messaging.handlers import Context

#: How a phone was replaced that had been reported lost and waited without an agent.
AFTER_DELAY = "delay"
#: Ends of calls that another mail tells of.
WITH_RESULT = ("matched", "told")


def is_told(event: CallEnded) -> bool:
    """Whether the end of a call has a mail: not where what follows has one."""
    return event.outcome not in WITH_RESULT and not event.request_ends


async def call_ended(event: CallEnded, context: Context[Deps]) -> None:
    """A call came to nothing."""
    if is_told(event):
        await send_notice(
            context,
            CALL_WITHOUT_RESULT,
            event,
            event.ended_at,
            kind=event.outcome,
            by=event.purpose,
        )


async def removal_planned(event: PhoneRemovalPlanned, context: Context[Deps]) -> None:
    """The phone will be unlinked: the date, and a link that stops it."""
    templates = (PHONE_REMOVAL_PLANNED, PHONE_REMOVAL_PLANNED_SECOND)
    await _tell_everybody(context, templates, event, event.planned_at)


async def replacement_planned(event: PhoneReplacementPlanned, context: Context[Deps]) -> None:
    """Another phone may be enrolled without an agent: the date, and a link that stops it."""
    templates = (PHONE_REPLACEMENT_PLANNED, PHONE_REPLACEMENT_PLANNED_SECOND)
    await _tell_everybody(context, templates, event, event.planned_at)


async def replacement_opened(event: PhoneReplacementOpened, context: Context[Deps]) -> None:
    """It may be enrolled from now on: until when, and a link that still stops it."""
    templates = (PHONE_REPLACEMENT_OPEN, PHONE_REPLACEMENT_OPEN_SECOND)
    await _tell_everybody(context, templates, event, event.opened_at)


async def phone_replaced(event: AuthenticatorReplaced, context: Context[Deps]) -> None:
    """Another phone took the place of the former one; after a delay every address is told."""
    await send_notice(context, PHONE_REPLACED, event, event.replaced_at)
    person = await recipient(context)
    if event.by == AFTER_DELAY and person.recovery_address:
        await send_notice(
            context,
            PHONE_REPLACED_SECOND,
            event,
            event.replaced_at,
            address=person.recovery_address,
        )


async def _tell_everybody(
    context: Context[Deps], templates: tuple[Template, Template], event: Event, at: datetime
) -> None:
    """To the account's address and to its recovery address (OT-19)."""
    person = await recipient(context)
    for template, address in zip(templates, (person.address, person.recovery_address), strict=True):
        if address:
            await enqueue(
                context, template, event, at, person, address=address, at=at, kind="lost_phone"
            )


async def code_told(event: ResumptionCodeTold, context: Context[Deps]) -> None:
    """A « code de reprise » was told by telephone; the mail does not have it."""
    await send_notice(context, RESUMPTION_CODE_TOLD, event, event.told_at, until=event.expires_at)
