"""Freezing an account by « ce n'est pas moi », and thawing it (settled 8).

A mail's link says whose account and which mail, signed by the mailer; no table keeps it before it
is used. It freezes once. The account thaws by a new password, through the mailbox, and the second
factor after that; or by the desk alone, if the phone was replaced within the two weeks before.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_store, disavowal_store, mailed_link_store
from services.registration.accounts import Account, doubt_after_freeze, in_doubt
from services.registration.deps import Deps
from services.registration.email_addresses import mask
from services.registration.handlers.mailed_links import PASSWORD
from shared.contracts.base import Refusal
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa import AuthenticatorReplaced
from shared.contracts.registration import (
    AccountFrozen,
    AccountThawed,
    DescribeDisavowal,
    Disavow,
    DisavowalView,
    FrozenView,
)
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security import signed_tokens

#: What the tokens of « ce n'est pas moi » links are signed for; the mailer signs with this word.
PURPOSE = "disavowal"
ID = re.compile(r"[0-9a-f]{32}")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Disavowal:
    """What a link says: whose account, by which mail, until when."""

    account_id: str
    mail_id: str
    expires_at: datetime


async def describe_disavowal(
    request: DescribeDisavowal, context: RequestContext[Deps]
) -> DisavowalView:
    """What a « ce n'est pas moi » link is worth. Changes nothing, however often it is asked."""
    said = _read(request, context.deps)
    account = None if said is None else await account_store.read(context.tx, said.account_id)
    if said is None or account is None:
        return DisavowalView(state="malformed")
    state = await _state(context, said, account)
    return DisavowalView(
        state=state, masked_address=mask(account.address), desk_only=account.left_to_desk
    )


async def disavow(request: Disavow, context: RequestContext[Deps]) -> FrozenView:
    """Freeze the account; closed already is no error, and is said once."""
    said = _read(request, context.deps)
    account = None if said is None else await account_store.lock(context.tx, said.account_id)
    if said is None or account is None:
        raise Refused(Refusal(slug="link_malformed"))
    state = await _state(context, said, account)
    if state == "expired":
        raise Refused(Refusal(slug="link_expired", params={"at": said.expires_at.isoformat()}))
    if state == "used":
        raise Refused(Refusal(slug="link_used"))
    now = context.now()
    await disavowal_store.use(context.tx, said.mail_id, account.id, now, said.expires_at)
    desk_only = account.desk_only or in_doubt(account, now)
    await freeze(context, account, by="holder", desk_only=desk_only)
    # A deactivated account stays so, and no new password opens it.
    closed = account.state == "deactivated"
    return FrozenView(account_id=account.id, desk_only=desk_only or closed)


async def freeze(context: Context[Deps], account: Account, *, by: str, desk_only: bool) -> None:
    """Close a locked account, with the links that were sent to give it a new password.

    Of a frozen one nothing is said again, but it may become the desk's; a deactivated one stays.
    """
    if account.state == "deactivated":
        return
    if account.state == "frozen":
        if desk_only and not account.desk_only:
            await _leave_to_desk(context, account)
        return
    now = context.now()
    await account_store.freeze(context.tx, account.id, now, desk_only=desk_only)
    await mailed_link_store.void(context.tx, PASSWORD.name, account.id)
    frozen = AccountFrozen(by=by, desk_only=desk_only, frozen_at=now)
    await context.emit(frozen, subject=account.id)
    log.warning(
        "An account was frozen.",
        action="account_frozen",
        account=account.id,
        by=by,
        desk_only=desk_only,
    )


async def session_opened(event: SessionOpened, context: Context[Deps]) -> None:
    """Password and second factor were right: a thawing account is active again."""
    account_id = context.envelope.subject
    account = None if account_id is None else await account_store.lock(context.tx, account_id)
    if account is None or not await account_store.thaw(context.tx, account.id, event.opened_at):
        return
    await context.emit(AccountThawed(thawed_at=context.now()), subject=account.id)
    log.info("An account was thawed.", action="account_thawed", account=account.id)


async def authenticator_replaced(event: AuthenticatorReplaced, context: Context[Deps]) -> None:
    """Remember when; a freeze shortly after it is the desk's to end, whichever is heard first."""
    account_id = context.envelope.subject
    account = None if account_id is None else await account_store.lock(context.tx, account_id)
    if account is None:
        return
    await account_store.replace_phone(context.tx, account.id, event.replaced_at)
    doubt = doubt_after_freeze(account, event.replaced_at)
    if doubt == "desk_only":
        await _leave_to_desk(context, account)
    elif doubt == "freeze":
        await freeze(context, account, by="holder", desk_only=True)


async def _leave_to_desk(context: Context[Deps], account: Account) -> None:
    await account_store.leave_to_desk(context.tx, account.id)
    await mailed_link_store.void(context.tx, PASSWORD.name, account.id)
    log.warning(
        "A frozen account was left to the desk.", action="account_left_to_desk", account=account.id
    )


async def _state(context: RequestContext[Deps], said: Disavowal, account: Account) -> str:
    """`expired`, `done`, `used` or `valid`: a link freezes once, and is worth nothing when the
    account opens again."""
    if said.expires_at <= context.now():
        return "expired"
    if account.state in ("frozen", "deactivated"):
        return "done"
    return "used" if await disavowal_store.is_used(context.tx, said.mail_id) else "valid"


def _read(request: DescribeDisavowal | Disavow, deps: Deps) -> Disavowal | None:
    token = deps.open(request, "link_token") or ""
    content = signed_tokens.read(deps.disavowals, PURPOSE, token)
    if content is None or len(content.parts) != 2 or not all(map(ID.fullmatch, content.parts)):
        return None
    account_id, mail_id = (str(uuid.UUID(part)) for part in content.parts)
    return Disavowal(account_id=account_id, mail_id=mail_id, expires_at=content.expires_at)
