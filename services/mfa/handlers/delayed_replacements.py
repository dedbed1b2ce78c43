"""A lost phone replaced after a delay: support opens and ends it, the password uses it (OT-15).

A code of the old phone given since the wish ends it, and so does another phone: both are judged
from the authenticator itself, when the enrolment begins and again when it ends.
"""

from datetime import timedelta

from services.mfa import delayed_replacement_store, store
from services.mfa.delayed_replacements import DELAY, NOT_OPEN, DelayedReplacement
from services.mfa.deps import Deps
from services.mfa.handlers import attempts, enrolments
from shared.contracts.base import Reply
from shared.contracts.mfa.requests import StartReplacementAfterDelay
from shared.contracts.support.lost_phones import LostPhoneStopped, PhoneReplacementOpened
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger

#: An end must be known as long as its opening may still arrive.
FORGET_AFTER = timedelta(days=30)

log = get_logger("mfa")


async def replacement_opened(event: PhoneReplacementOpened, context: Context[Deps]) -> None:
    """Nobody objected to the replacement."""
    account_id = context.require_account_id()
    await store.lock_account(context.tx, account_id)
    opened = DelayedReplacement(
        number=event.number,
        account_id=account_id,
        asked_at=event.asked_at,
        open_until=event.open_until,
    )
    forget_at = event.open_until + FORGET_AFTER
    await delayed_replacement_store.open_replacement(context.tx, opened, forget_at)
    log.info("A lost phone may be replaced.", action="replacement_opened", account=account_id)


async def lost_phone_stopped(event: LostPhoneStopped, context: Context[Deps]) -> None:
    """Somebody objected, or it was not used in time."""
    account_id = context.require_account_id()
    await store.lock_account(context.tx, account_id)
    forget_at = context.now() + FORGET_AFTER
    await delayed_replacement_store.end(context.tx, event.number, account_id, forget_at)


async def start_replacement(
    request: StartReplacementAfterDelay, context: RequestContext[Deps]
) -> Reply:
    """Start an enrolment of a new phone in place of the lost one, which works until then."""
    authenticator = await attempts.lock_authenticator(context, request.account_id)
    if await enrolments.usable_replacement(context, authenticator) is None:
        log.warning(
            "A replacement that is not open was asked for.",
            action="replacement_not_open",
            account=request.account_id,
        )
        raise Refused(NOT_OPEN)
    return await enrolments.start(request, context, allowed_by=DELAY)
