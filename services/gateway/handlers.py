"""What events of other services do to sessions: end them, or change what they show.

A credential that is changed within a session ends the others before the response; the event then
finds nothing left. For changes made elsewhere the event does it. Handlers are safe in any order and
twice: sessions proved after the moment stay.
"""

from collections.abc import Callable
from datetime import datetime

from services.gateway.sessions.model import CLOCK_SKEW
from services.gateway.sessions.sessions import (
    SET_NAME,
    SET_VALIDATED,
    Sessions,
    delete_known_browsers,
)
from shared.contracts.gateway import SessionsEndedByDesk
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import NameChanged
from shared.contracts.support.acts import SessionsEndOrdered
from shared.messaging.handlers import Context, E, Subscription, hears

#: The reason of sessions that the desk ended.
CLOSED_BY_DESK = "closed_by_desk"


def ends(kind: type[E], moment: Callable[[E], datetime], reason: str) -> Subscription:
    """Subscribe to an event that ends the account's sessions proved before its `moment`."""

    async def handle(event: E, context: Context[Sessions]) -> None:
        await context.deps.end_all_in(
            context.tx, context.emit, context.require_account_id(), moment(event), reason
        )

    return hears(kind, handle)


def closes(kind: type[E], moment: Callable[[E], datetime], reason: str) -> Subscription:
    """The same where nobody can sign in any more: no browser stays known for the account."""

    async def handle(event: E, context: Context[Sessions]) -> None:
        account_id, until = context.require_account_id(), moment(event) + CLOCK_SKEW
        await context.deps.end_all_in(context.tx, context.emit, account_id, until, reason)
        await delete_known_browsers(context.tx, account_id)

    return hears(kind, handle)


async def sessions_end_ordered(order: SessionsEndOrdered, context: Context[Sessions]) -> None:
    """The desk ends the sessions of an account, or of everybody (SE-08); whoever had one is told.

    A sign-in that lacks its second factor begins again.
    """
    sessions, tx, emit, moment = context.deps, context.tx, context.emit, order.ordered_at
    if order.everyone:
        ended = await sessions.end_everybodys_in(tx, emit, moment, CLOSED_BY_DESK)
    else:
        account_id = context.require_account_id()
        number = await sessions.end_all_in(tx, emit, account_id, moment, CLOSED_BY_DESK)
        ended = {account_id: number}
    for account_id, number in sorted(ended.items()):
        event = SessionsEndedByDesk(sessions=number, reason=order.reason, ended_at=context.now())
        await context.emit(event, subject=account_id)


async def account_validated(event: AccountValidated, context: Context[Sessions]) -> None:
    """The complementary information is validated: pages show it from now on."""
    await context.tx.execute(SET_VALIDATED, context.require_account_id(), event.validated_at)


async def name_changed(event: NameChanged, context: Context[Sessions]) -> None:
    """Pages show the new name from now on."""
    name = (event.first_name, event.last_name)
    await context.tx.execute(SET_NAME, context.require_account_id(), *name, event.changed_at)
