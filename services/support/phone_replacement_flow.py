"""What happens to a lost phone that waits without an agent, in the caller's transaction.

The request is locked first, as for any lost phone. One way at a time: a person with another request
for a lost phone, or whose name, address or telephone the desk changed lately, is left to an agent.
"""

import uuid
from dataclasses import replace
from datetime import datetime

from services.support import lost_phone_flow, lost_phone_store, proposal_store, request_store
from services.support.act_context import ActContext
from services.support.lost_phones import LostPhone
from services.support.people_requests import PersonRequest
from services.support.phone_replacements import OPEN_TIME, due_after_reminder, is_alone
from services.support.proposals import SENSITIVE_PERIOD
from services.support.request_moves import LINK, LINK_TIME, Change, move
from services.support.request_states import OPEN, Action
from shared.contracts.base import Event, Sealed
from shared.contracts.support.acts import AccountFreezeOrdered
from shared.contracts.support.lost_phones import PhoneReplacementOpened, PhoneReplacementPlanned
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, new_token, seal_context

#: Whoever stopped it wants no other phone; what ends by itself may have been used just before.
UNWANTED = ("person", "link", "agent", "sign_in", "freeze", "changed")

log = get_logger("support")


async def may_begin(context: ActContext, account_id: str) -> bool:
    """Whether a lost phone of this account may wait without an agent."""
    if not context.deps.settings.lost_phone_alone:
        return False
    others = await request_store.of_account(context.tx, account_id, 50)
    if any(one.kind == "lost_phone" and one.is_open for one in others):
        return False
    return not await _changed_by_desk(context, account_id)


async def begin(context: ActContext, number: str, account_id: str) -> None:
    """It waits from now on; the first notice tells until when."""
    due_at = context.now + context.deps.settings.lost_phone_alone_period
    case = LostPhone(
        number=number, account_id=account_id, alone_since=context.now, alone_due_at=due_at
    )
    await lost_phone_store.add(context.tx, case)
    await _plan(context, case, again=False)
    log.info("A lost phone waits without an agent.", action="lost_phone_alone", number=number)


async def remind(context: ActContext, case: LostPhone) -> None:
    """The notice in the middle."""
    due_at = due_after_reminder(case, context.now)
    reminded = replace(case, reminded_at=context.now, alone_due_at=due_at)
    await lost_phone_store.save(context.tx, reminded)
    await _plan(context, reminded, again=True)


async def postpone(context: ActContext, case: LostPhone, due_at: datetime) -> None:
    """The service was away at the date: nobody could object."""
    later = replace(case, alone_due_at=due_at)
    await lost_phone_store.save(context.tx, later)
    await _move(context, later)


async def open_enrolment(context: ActContext, case: LostPhone) -> None:
    """Nobody objected: from now on the password enrols another phone. The last notice says so."""
    if await _changed_by_desk(context, case.account_id):
        await lost_phone_flow.stop(context, case, by="changed")
        return
    until = context.now + OPEN_TIME
    await lost_phone_store.save(context.tx, replace(case, opened_at=context.now, open_until=until))
    kind = PhoneReplacementOpened
    event = kind(
        number=case.number,
        link_token=await _link(context, case, kind),
        asked_at=case.alone_since or context.now,
        opened_at=context.now,
        open_until=until,
    )
    await context.emit(event, subject=case.account_id)
    log.warning("A lost phone may be replaced.", action="replacement_opened", number=case.number)


async def stop_of_account(
    context: ActContext, account_id: str, by: str, at: datetime, *, but: str = ""
) -> None:
    """Stop what waits without an agent, for what happened `at`; not the request `but`."""
    for number in await lost_phone_store.alone_of(context.tx, account_id):
        case = None if number == but else await lock(context, number)
        if case is not None and case.alone_since is not None and case.alone_since <= at:
            await lost_phone_flow.stop(context, case, by=by)


async def lock(context: ActContext, number: str) -> LostPhone | None:
    """The lost phone that waits without an agent, its request locked; None where it has ended."""
    if await request_store.lock(context.tx, number) is None:
        return None
    case = await lost_phone_store.find(context.tx, number)
    return case if case is not None and is_alone(case) else None


async def replaced(context: ActContext, account_id: str) -> None:
    """Another phone was enrolled after the delay: the request is done.

    Where somebody stopped it at the same moment, the phone is not theirs: block the account.
    """
    for number in await lost_phone_store.alone_of(context.tx, account_id):
        case = await lock(context, number)
        if case is not None and case.opened_at is not None:
            await lost_phone_flow.resumed(context, case)
            return
    last = await lost_phone_store.last_stopped(context.tx, account_id)
    if last is None or last.stopped_by not in UNWANTED:
        return
    log.warning(
        "A phone was replaced as it was stopped.",
        action="replaced_against_stop",
        number=last.number,
    )
    order = AccountFreezeOrdered(
        proposal_id=str(uuid.uuid4()), reason="suspicious_access", ordered_at=context.now
    )
    await context.emit(order, subject=account_id)


async def _plan(context: ActContext, case: LostPhone, *, again: bool) -> None:
    assert case.alone_due_at is not None
    kind = PhoneReplacementPlanned
    event = kind(
        number=case.number,
        link_token=await _link(context, case, kind),
        planned_at=context.now,
        due_at=case.alone_due_at,
        again=again,
    )
    await context.emit(event, subject=case.account_id)
    await _move(context, case)


async def _move(context: ActContext, case: LostPhone) -> None:
    one: PersonRequest | None = await request_store.lock(context.tx, case.number)
    if one is None or one.state not in OPEN or one.planned_at == case.alone_due_at:
        return
    change = Change.within(context)
    await move(change, one, Action.PLAN, planned_at=case.alone_due_at)


async def _link(context: ActContext, case: LostPhone, kind: type[Event]) -> Sealed:
    """A link to the page of the request, which stops it; for all addresses that are told."""
    token = new_token()
    link_hash = keyed_hash(context.deps.token_keys, LINK, token)[1]
    await request_store.add_link(context.tx, case.number, link_hash, context.now + LINK_TIME)
    return context.deps.mailer_sealer.seal(token, seal_context(kind, "link_token"))


async def _changed_by_desk(context: ActContext, account_id: str) -> bool:
    changed = await proposal_store.latest_sensitive_change(context.tx, account_id)
    return changed is not None and changed > context.now - SENSITIVE_PERIOD
