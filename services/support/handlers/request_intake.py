"""Requests from outside the desk become requests of the desk, once each, with their number.

Also what waited in the queue from before there was a desk: those events have no promised day, and
a lost phone has no number; both are made here in the way in which gateway and registration make
them.
"""

import json
from datetime import date, datetime

from services.support import phone_replacement_flow
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.people_requests import PersonRequest
from services.support.quoting import quoted
from services.support.request_moves import CONTACT, DETAILS, Change, receive
from shared.contracts.base import Event, Sealed
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    MailboxReported,
    MessageWritten,
)
from shared.contracts.registration.events import LostPhoneReported
from shared.database.locks import lock_name
from shared.domain.support_requests import NUMBER, request_number
from shared.errors import Reject
from shared.i18n.catalogue import known_language
from shared.messaging.handlers import Context
from shared.security.sealing import seal_context

#: The field of the details with the address of whoever has no account, by kind.
CONTACT_FIELDS = {"departure": "reporter_address", "message": "address", "mailbox": "address"}
#: An address longer than this is none.
MAX_ADDRESS = 254


async def correction_requested(event: CorrectionRequested, context: Context[Deps]) -> None:
    """« Demander une correction »."""
    context.require_account_id()
    details = {"about": event.about, "text": _open(context, event, "text")}
    await _receive(
        context, "correction", event.request_id, event.requested_at, details, event.answer_by
    )


async def departure_reported(event: DepartureReported, context: Context[Deps]) -> None:
    """« Je quitte l'établissement », or a colleague's departure."""
    details = {"about": event.by} | _fields(context, event, "details")
    await _receive(
        context,
        "departure",
        event.request_id,
        event.reported_at,
        details,
        event.answer_by,
        event.language,
    )


async def message_written(event: MessageWritten, context: Context[Deps]) -> None:
    """« Nous écrire »."""
    details = _fields(context, event, "details")
    await _receive(
        context,
        "message",
        event.request_id,
        event.written_at,
        details,
        event.answer_by,
        event.language,
    )


async def mailbox_reported(event: MailboxReported, context: Context[Deps]) -> None:
    """« Messagerie hors service »."""
    details = _fields(context, event, "details")
    await _receive(
        context,
        "mailbox",
        event.request_id,
        event.reported_at,
        details,
        event.answer_by,
        event.language,
    )


async def lost_phone_reported(event: LostPhoneReported, context: Context[Deps]) -> None:
    """A lost phone that the mailbox confirmed; with the password too it may wait without an agent.

    The wait begins with its first notice, not with the form: this event may have been held up.
    """
    account_id, acting = context.require_account_id(), ActContext.of(context)
    number = event.request_id or request_number("lost_phone", context.envelope.id.encode())
    details = {"about": "stolen" if event.stolen else ""}
    alone = False
    if event.alone and not event.stolen:
        # Two requests at once must not both be the only one.
        await lock_name(context.tx, f"lost phone/{account_id}")
        alone = await phone_replacement_flow.may_begin(acting, account_id)
    received = await _receive(
        context, "lost_phone", number, event.reported_at, details, alone=alone
    )
    if received and alone:
        await phone_replacement_flow.begin(acting, number, account_id)


async def _receive(
    context: Context[Deps],
    kind: str,
    number: str,
    received_at: datetime,
    details: dict[str, str],
    answer_by: str = "",
    language: str = "",
    *,
    alone: bool = False,
) -> bool:
    if not NUMBER.fullmatch(number):
        raise Reject("the request has no number of ours")
    change = Change.of(context)
    promised = _day(answer_by) or change.deps.settings.answer_by(kind, received_at)
    fields = {name: quoted(value) for name, value in details.items()}
    address = "" if context.account_id else fields.get(CONTACT_FIELDS.get(kind, ""), "")
    if not context.account_id and not 0 < len(address) <= MAX_ADDRESS:
        raise Reject("the request names neither an account nor an address")
    about = fields.pop("about", "")
    new = PersonRequest(
        number=number,
        kind=kind,
        channel="portal",
        received_at=received_at,
        promised_on=promised,
        answer_by=promised,
        details=change.seal(json.dumps(fields, ensure_ascii=False), DETAILS),
        contact=change.seal(address, CONTACT) if address else None,
        language=known_language(language) if address else "",
        account_id=context.account_id,
        about=about[:20],
        stolen=kind == "lost_phone" and about == "stolen",
    )
    return await receive(change, new, alone=alone)


def _open(context: Context[Deps], event: Event, field: str) -> str:
    sealed: Sealed = getattr(event, field)
    return context.deps.opener.open(sealed, seal_context(type(event), field))


def _fields(context: Context[Deps], event: Event, field: str) -> dict[str, str]:
    """The fields of a form, as the gateway sealed them."""
    try:
        found = json.loads(_open(context, event, field))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise Reject("the details are not the fields of a form")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
