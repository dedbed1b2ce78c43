"""Freezing an account with a « ce n'est pas moi » link or in a session, and unfreezing it.

The link names the account and the mail, signed by the mailer; it is stored once it is used, and it
freezes once. A new password, set through the mailbox, and then the second factor unfreeze the
account. Only support can, where phone or address changed within fourteen days before the freeze.
The mailbox alone is enough to freeze: for some hours a sign-in with both factors undoes it. A
session was opened by both, so that a sign-in does not undo what its holder froze there.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_store, dormancy_store, mailed_link_store
from services.registration.accounts import (
    UNDO_PERIOD,
    Account,
    freeze_consequence,
    recently_changed,
)
from services.registration.deps import Deps
from services.registration.email_addresses import mask_email_address
from services.registration.handlers import link_codes
from services.registration.handlers.mailed_links import PASSWORD
from shared.contracts.base import Refusal, Reply
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.registration.events import AccountFrozen, AccountThawed
from shared.contracts.registration.holder import BlockAccount
from shared.contracts.registration.requests import DescribeDisavowal, Disavow
from shared.contracts.registration.views import DisavowalView, FrozenView
from shared.contracts.support.lost_phones import LostPhoneStopped
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import Context, Refused, RequestContext, SqlEffect
from shared.outbox import apply
from shared.runtime.telemetry import get_logger
from shared.security import signed_tokens

#: The purpose in the signature of « ce n'est pas moi » links; the mailer signs with the same.
PURPOSE = "disavowal"
ID_PATTERN = re.compile(r"[0-9a-f]{32}")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Disavowal:
    """The content of a link: account, mail and expiry."""

    account_id: str
    mail_id: str
    expires_at: datetime


async def describe_disavowal(
    request: DescribeDisavowal, context: RequestContext[Deps]
) -> DisavowalView:
    """The state of a « ce n'est pas moi » link. Changes nothing."""
    link = _parse_token(request, context.deps)
    account = None if link is None else await account_store.read(context.tx, link.account_id)
    if link is None or account is None:
        return DisavowalView(state="malformed")
    state = await _state(context, link, account)
    return DisavowalView(
        state=state,
        masked_address=mask_email_address(account.address),
        desk_only=account.support_only,
    )


async def disavow(request: Disavow, context: RequestContext[Deps]) -> Reply:
    """Freeze the account; one that is closed already is no error, and emits no event."""
    link = _parse_token(request, context.deps)
    account = None if link is None else await account_store.lock(context.tx, link.account_id)
    if link is None or account is None:
        raise Refused(Refusal(slug="link_malformed"))
    state = await _state(context, link, account)
    if state == "expired":
        raise Refused(Refusal(slug="link_expired", params={"at": link.expires_at.isoformat()}))
    if state == "used":
        raise Refused(Refusal(slug="link_used"))
    wrong = await link_codes.check(request, context)
    if wrong is not None:
        return context.refuse(wrong)
    now = context.now()
    await mailed_link_store.record_disavowal(
        context.tx, link.mail_id, account.id, now, link.expires_at
    )
    desk_only = account.desk_only or recently_changed(account, now)
    undo_until = await freeze_for_holder(context, account)
    # A deactivated account stays so, and a new password does not reactivate it.
    closed = account.state == "deactivated"
    fresh = undo_until if account.can_sign_in else account.undo_until
    return FrozenView(
        account_id=account.id,
        desk_only=desk_only or closed,
        undo_until=None if closed or desk_only else fresh,
    )


async def block_account(request: BlockAccount, context: RequestContext[Deps]) -> FrozenView:
    """Freeze the account of the signed-in holder; one that is closed already stays as it is."""
    account = await account_store.lock(context.tx, request.account_id)
    if account is None:
        raise Refused(Refusal(slug="unknown_account"))
    desk_only = account.desk_only or recently_changed(account, context.now())
    await freeze(context, account, by="holder", desk_only=desk_only, signed_in=True)
    return FrozenView(account_id=account.id, desk_only=desk_only or account.state == "deactivated")


async def freeze(
    context: Context[Deps],
    account: Account,
    *,
    by: str,
    desk_only: bool,
    undo_until: datetime | None = None,
    signed_in: bool = False,
) -> None:
    """Freeze an account that the caller locked, and void its password reset links.

    A frozen account emits no second event, but may be restricted to support; a deactivated one
    does not change.
    """
    if account.state == "deactivated":
        return
    if account.state == "frozen":
        if desk_only and not account.desk_only:
            await _restrict_to_support(context, account)
        return
    now = context.now()
    await account_store.freeze(
        context.tx, account.id, now, desk_only=desk_only, undo_until=undo_until
    )
    await mailed_link_store.delete_unused(context.tx, PASSWORD.name, account.id)
    frozen = AccountFrozen(
        by=by, desk_only=desk_only, frozen_at=now, undo_until=undo_until, signed_in=signed_in
    )
    await context.emit(frozen, subject=account.id)
    log.warning(
        "An account was frozen.",
        action="account_frozen",
        account=account.id,
        by=by,
        desk_only=desk_only,
    )


def record_session(
    event: SessionOpened, envelope: Envelope, now: datetime, _deps: Deps
) -> SqlEffect:
    """Password and second factor were right: all that there is to store for an active account."""
    return dormancy_store.record_session(envelope.subject, event.opened_at, now)


async def session_opened(event: SessionOpened, context: Context[Deps]) -> None:
    """The same for an account that is not active: a `thawing` one is active again, and one that the
    mailbox alone froze a while ago, unless the sign-in replaced the phone: that is for support."""
    account = await account_store.lock(context.tx, context.account_id)
    if account is None:
        return
    recorded = dormancy_store.record_session(account.id, event.opened_at, context.now(), unless="")
    await apply(context.tx, recorded)
    if account.state == "frozen" and event.phone_replaced:
        return
    if not await account_store.unfreeze(context.tx, account.id, event.opened_at):
        return
    await context.emit(AccountThawed(thawed_at=context.now()), subject=account.id)
    log.info("An account was unfrozen.", action="account_thawed", account=account.id)


async def lost_phone_stopped(event: LostPhoneStopped, context: Context[Deps]) -> None:
    """Whoever stopped a lost phone wants the account blocked too: as by « ce n'est pas moi »."""
    account = await account_store.lock(context.tx, context.account_id) if event.block else None
    if account is not None:
        await freeze_for_holder(context, account)


async def freeze_for_holder(context: Context[Deps], account: Account) -> datetime | None:
    """Freeze an account whose mailbox asks for it; returns until when both factors undo that."""
    now = context.now()
    desk_only = account.desk_only or recently_changed(account, now)
    undo_until = None if desk_only or account.second_factor_at is None else now + UNDO_PERIOD
    await freeze(context, account, by="holder", desk_only=desk_only, undo_until=undo_until)
    return undo_until


async def authenticator_removed(_event: AuthenticatorRemoved, context: Context[Deps]) -> None:
    """Without a phone the password alone leads to a session: it undoes no freeze."""
    account = await account_store.lock(context.tx, context.account_id)
    if account is not None:
        await account_store.clear_second_factor(context.tx, account.id)


async def authenticator_replaced(event: AuthenticatorReplaced, context: Context[Deps]) -> None:
    """Record the time: only support ends a freeze soon after it, whichever event comes first."""
    account = await account_store.lock(context.tx, context.account_id)
    if account is None:
        return
    await account_store.record_phone_replacement(context.tx, account.id, event.replaced_at)
    consequence = freeze_consequence(account, event.replaced_at)
    if consequence == "desk_only":
        await _restrict_to_support(context, account)
    elif consequence == "freeze":
        await freeze(context, account, by="holder", desk_only=True)


async def _restrict_to_support(context: Context[Deps], account: Account) -> None:
    await account_store.restrict_to_support(context.tx, account.id)
    await mailed_link_store.delete_unused(context.tx, PASSWORD.name, account.id)
    log.warning(
        "Only support can unfreeze an account.", action="account_left_to_desk", account=account.id
    )


async def _state(context: RequestContext[Deps], link: Disavowal, account: Account) -> str:
    """`expired`, `done` (the account is closed), `used` or `valid`."""
    if link.expires_at <= context.now():
        return "expired"
    if account.state in ("frozen", "deactivated"):
        return "done"
    return "used" if await mailed_link_store.is_disavowed(context.tx, link.mail_id) else "valid"


def _parse_token(request: DescribeDisavowal | Disavow, deps: Deps) -> Disavowal | None:
    token = deps.open(request, "link_token") or ""
    content = signed_tokens.read(deps.disavowal_keys, PURPOSE, token)
    if (
        content is None
        or len(content.parts) != 2
        or not all(map(ID_PATTERN.fullmatch, content.parts))
    ):
        return None
    account_id, mail_id = (str(uuid.UUID(part)) for part in content.parts)
    return Disavowal(account_id=account_id, mail_id=mail_id, expires_at=content.expires_at)
