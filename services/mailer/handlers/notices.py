"""Security notices: mails about what happened to an account (AU-07, G-50).

Name, address and language are the directory's. Notices about failures are limited to three a day
for an account; all others are always sent, since each may be the one that reveals an intrusion.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, account_of, enqueue, recipient
from services.mailer.mail_templates import (
    AGENT_NOTICE,
    CODE_REFUSED,
    NEW_DEVICE,
    OPENED_AFTER_FAILURES,
    SIGN_IN_LOCKED,
    TEMPLATES,
    NoticeData,
    Template,
)
from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import CodeRefused
from shared.contracts.registration.events import SignInLocked
from shared.messaging.handlers import Context, hears

#: Fewer wrong passwords or codes may be slips; then a notice each time so many are reached.
FAILURES_PER_NOTICE = 3
LIMITED_NOTICES = (CODE_REFUSED.name, OPENED_AFTER_FAILURES.name)
MAX_NOTICES_PER_DAY = 3
DAY = timedelta(days=1)
#: Notices that agents of the desk get too, in words of their own.
AGENTS_TOO = ("phone_enrolled", "phone_replaced", "phone_removed", "codes_locked")
#: After one of these a sign-in that follows at once, in a browser that is no longer known, is part
#: of the same act.
STRONGER_NOTICES = ("password_changed", "account_thawed")
ONE_ACT = timedelta(minutes=5)
#: A browser names itself and may lie: one short line of it is shown, without the signs that make
#: an address.
MAX_DEVICE_LENGTH = 60


async def sign_in_locked(event: SignInLocked, context: Context[Deps]) -> None:
    """Too many wrong passwords; nobody is notified where the address has no account, or where the
    mail that lifts the wait says so."""
    if context.envelope.subject is not None and not event.unlock_offered:
        await send_notice(context, SIGN_IN_LOCKED, event, event.locked_at)


def is_third_failure(event: CodeRefused) -> bool:
    """Whether this is the third wrong code, the sixth and so on."""
    return event.failures > 0 and event.failures % FAILURES_PER_NOTICE == 0


async def code_refused(event: CodeRefused, context: Context[Deps]) -> None:
    """Several wrong codes after the correct password."""
    if not await daily_limit_reached(context, event.refused_at):
        await send_notice(context, CODE_REFUSED, event, event.refused_at)


def is_unusual(event: SessionOpened) -> bool:
    """Whether this is a sign-in from a browser that is new to the account, or after failures."""
    return event.new_device or event.failures >= FAILURES_PER_NOTICE


async def session_opened(event: SessionOpened, context: Context[Deps]) -> None:
    """An unusual sign-in."""
    if event.new_device and not await _stronger_notice_sent(context, event.opened_at):
        await send_notice(context, NEW_DEVICE, event, event.opened_at)
    elif event.failures >= FAILURES_PER_NOTICE and not await daily_limit_reached(
        context, event.opened_at
    ):
        await send_notice(context, OPENED_AFTER_FAILURES, event, event.opened_at)


def _always(template: Template) -> Callable[[Event, Context[Deps]], Awaitable[None]]:
    async def handler(event: Event, context: Context[Deps]) -> None:
        await send_notice(context, template, event, getattr(event, template.at))

    return handler


#: The events that always cause one notice, whose rows are in `mail_templates`.
SUBSCRIPTIONS = tuple(
    hears(template.event, _always(template))
    for template in TEMPLATES.values()
    if template.event is not None and template.data_type is NoticeData
)


async def send_notice(
    context: Context[Deps],
    template: Template,
    event: Event,
    at: datetime,
    address: str | None = None,
    **data: Any,
) -> None:
    """Enqueue a notice of `event` to `address`, by default the directory's, with more `data`.

    An agent of the desk gets `AGENT_NOTICE` in its place, or nothing. `Retry` while the account is
    not in the directory yet.
    """
    person = await recipient(context)
    if person.agent:
        if template.name in AGENTS_TOO:
            await notify_agent(context, AGENT_NOTICE, event, at, kind=template.name)
        return
    await enqueue(
        context,
        template,
        event,
        at,
        person,
        address=address or person.address,
        at=at,
        **{
            "until": getattr(event, "locked_until", None),
            "device": one_line(getattr(event, "device", "")),
            **data,
        },
    )


async def notify_agent(
    context: Context[Deps], template: Template, event: Event, at: datetime, kind: str = ""
) -> None:
    """Enqueue a notice of `event` to the agent of the desk whom it is about."""
    person = await recipient(context)
    device = one_line(getattr(event, "device", ""))
    until = getattr(event, "locked_until", None)
    await enqueue(
        context,
        template,
        event,
        at,
        person,
        at=at,
        agent=person.address,
        kind=kind,
        device=device,
        until=until,
    )


async def _stronger_notice_sent(context: Context[Deps], at: datetime) -> bool:
    """Whether a stronger notice about the same act was sent: one act, one mail."""
    account_id = account_of(context)
    await store.lock(context.tx, account_id)
    return await store.count_within(context.tx, account_id, STRONGER_NOTICES, at, ONE_ACT) > 0


async def daily_limit_reached(
    context: Context[Deps], at: datetime, notices: Sequence[str] = LIMITED_NOTICES
) -> bool:
    """Whether the account has had its notices about failures for the day.

    Counted on both sides of `at`, so that no day has more in whatever order events arrive.
    """
    account_id = account_of(context)
    await store.lock(context.tx, account_id)
    count = await store.count_within(context.tx, account_id, notices, at, DAY)
    return count >= MAX_NOTICES_PER_DAY


def one_line(device: str) -> str:
    """A device as a mail shows it, without the parts that were not recognised.

    >>> one_line("?, Windows")
    'Windows'
    """
    shown = (sign for sign in device if sign.isalnum() or sign in " ,.-_()?")
    return "".join(shown)[:MAX_DEVICE_LENGTH].strip(" ,?")
