"""Security notices: the holder of an account is told what happened to it (AU-07, G-50).

Name, address and language are the directory's. Notices about failures are at most three a day for
an account; all others are always sent (settled 9).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.mailer import store
from services.mailer.facts import (
    ACCOUNT_DEACTIVATED,
    ACCOUNT_FROZEN,
    ACCOUNT_THAWED,
    CODE_REFUSED,
    CODES_LOCKED,
    NEW_DEVICE,
    OPENED_AFTER_FAILURES,
    PASSWORD_CHANGED,
    PHONE_ENROLLED,
    PHONE_REMOVED,
    PHONE_REPLACED,
    RECOVERY_CODE_USED,
    RECOVERY_CODES_REPLACED,
    SIGN_IN_LOCKED,
    Notice,
    Template,
)
from services.mailer.handlers.writing import Draft, Mailer, account_of, holder, write
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import (
    AuthenticatorEnrolled,
    AuthenticatorRemoved,
    AuthenticatorReplaced,
    CodeCheckLocked,
    CodeRefused,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
)
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AccountThawed,
    PasswordChanged,
    SignInLocked,
)
from shared.messaging.handlers import Context

#: So many wrong passwords or codes are more than a slip of the fingers; then every so many again.
FAILURES = 3
#: The notices about failures, and how many of them an account gets within a day.
CAPPED = (CODE_REFUSED.name, OPENED_AFTER_FAILURES.name)
MOST_A_DAY = 3
DAY = timedelta(days=1)
#: A device is named by what a stranger's browser says of itself: one short line is shown of it,
#: without the signs that make an address.
LONGEST_DEVICE = 60


async def password_changed(event: PasswordChanged, context: Context[Mailer]) -> None:
    """The password is another one."""
    await tell(context, PASSWORD_CHANGED, event.changed_at, by=event.by, device=event.device)


async def authenticator_enrolled(event: AuthenticatorEnrolled, context: Context[Mailer]) -> None:
    """The account has its first phone."""
    await tell(context, PHONE_ENROLLED, event.enrolled_at, device=event.device)


async def authenticator_replaced(event: AuthenticatorReplaced, context: Context[Mailer]) -> None:
    """The account has another phone (OT-12)."""
    await tell(context, PHONE_REPLACED, event.replaced_at, by=event.by, device=event.device)


async def authenticator_removed(event: AuthenticatorRemoved, context: Context[Mailer]) -> None:
    """The account has no phone any more (OT-12)."""
    await tell(context, PHONE_REMOVED, event.removed_at)


async def recovery_code_used(event: RecoveryCodeUsed, context: Context[Mailer]) -> None:
    """A recovery code stood in for the phone."""
    await tell(context, RECOVERY_CODE_USED, event.used_at, left=event.left, device=event.device)


async def recovery_codes_replaced(event: RecoveryCodesReplaced, context: Context[Mailer]) -> None:
    """There is a new list of recovery codes."""
    await tell(context, RECOVERY_CODES_REPLACED, event.replaced_at, device=event.device)


async def sign_in_locked(event: SignInLocked, context: Context[Mailer]) -> None:
    """Too many wrong passwords; without a subject there is nobody to tell."""
    if context.envelope.subject is None:
        return
    facts = {"until": event.locked_until, "network": event.network}
    await tell(context, SIGN_IN_LOCKED, event.locked_at, **facts)


async def code_check_locked(event: CodeCheckLocked, context: Context[Mailer]) -> None:
    """Too many wrong codes."""
    facts = {"until": event.locked_until, "kind": event.kind, "device": event.device}
    await tell(context, CODES_LOCKED, event.locked_at, **facts)


async def code_refused(event: CodeRefused, context: Context[Mailer]) -> None:
    """The right password, then wrong codes: told at the third, the sixth and so on."""
    if event.failures < FAILURES or event.failures % FAILURES:
        return
    if await _told_enough(context, event.refused_at):
        return
    facts = {"failures": event.failures, "kind": event.kind, "device": event.device}
    await tell(context, CODE_REFUSED, event.refused_at, **facts)


async def session_opened(event: SessionOpened, context: Context[Mailer]) -> None:
    """A sign-in from a browser that is new to the account, or after failures."""
    template = NEW_DEVICE if event.new_device else OPENED_AFTER_FAILURES
    if not event.new_device and (
        event.failures < FAILURES or await _told_enough(context, event.opened_at)
    ):
        return
    facts = {"failures": event.failures, "network": event.network, "device": event.device}
    await tell(context, template, event.opened_at, **facts)


async def account_frozen(event: AccountFrozen, context: Context[Mailer]) -> None:
    """The account opens no more; how it opens again."""
    facts = {"by": event.by, "desk_only": event.desk_only}
    await tell(context, ACCOUNT_FROZEN, event.frozen_at, **facts)


async def account_thawed(event: AccountThawed, context: Context[Mailer]) -> None:
    """The account opens again."""
    await tell(context, ACCOUNT_THAWED, event.thawed_at)


async def account_deactivated(event: AccountDeactivated, context: Context[Mailer]) -> None:
    """The account opens no more; whom to ask."""
    await tell(context, ACCOUNT_DEACTIVATED, event.deactivated_at)


async def _told_enough(context: Context[Mailer], at: datetime) -> bool:
    """Whether the account has had its day's notices about failures.

    Counted on both sides of `at`, so that in whatever order they are heard of, no day has more.
    """
    account_id = account_of(context)
    await store.lock(context.tx, account_id)
    told = await store.count_around(context.tx, account_id, CAPPED, at, DAY)
    return told >= MOST_A_DAY


async def tell(
    context: Context[Mailer],
    template: Template,
    at: datetime,
    address: str | None = None,
    /,
    **known: Any,
) -> None:
    """Write a notice to the holder, at `address` or else at the directory's.

    `Retry` while the account is not in the directory yet.
    """
    person = await holder(context)
    if "device" in known:
        known["device"] = one_line(known["device"])
    facts = Notice(first_name=person.first_name, last_name=person.last_name, at=at, **known)
    draft = Draft(
        template=template,
        facts=facts,
        address=address or person.address,
        language=person.language,
        asked_at=at,
    )
    await write(context, draft)


def one_line(device: str) -> str:
    """A device as a mail shows it; nothing of what was not recognised.

    >>> one_line("?, Windows")
    'Windows'
    """
    kept = (sign for sign in device if sign.isalnum() or sign in " ,.-_()?")
    return "".join(kept)[:LONGEST_DEVICE].strip(" ,?")
