"""Mailed links: for a new password, and for confirming a lost phone.

A request gets the same answer whatever the address has: the same counts, the same row, one event
(AU-08). The token of a link without an account is not sent. Opening a link changes nothing; only
its form uses it up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.registration import account_request_store, account_store, mailed_link_store
from services.registration.account_requests import TOKEN_PATTERN
from services.registration.accounts import Account, MailedLink
from services.registration.deps import Deps
from services.registration.handlers import quotas
from services.registration.handlers.form_validation import invalid_fields, validate_address
from services.registration.terms import supported_language
from shared.contracts.base import Event, Refusal
from shared.contracts.registration.events import (
    LostPhoneClaimed,
    PasswordResetRequested,
    UnknownAddressAsked,
)
from shared.contracts.registration.requests import (
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeLostPhone,
    DescribeReset,
    RequestPasswordReset,
    ResetPassword,
)
from shared.contracts.registration.views import MailedLinkView
from shared.database import Connection
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import keyed_hash, keyed_hashes, new_token, seal_context

MALFORMED, GONE = Refusal(slug="link_malformed"), Refusal(slug="link_gone")

LinkUse = DescribeReset | ResetPassword | DescribeLostPhone | ConfirmLostPhone


@dataclass(frozen=True)
class LinkKind:
    """A kind of link: name, rate limit, event of the mailer, and accounts that may use it.

    `details` are the fields that only this kind's event has.
    """

    name: str
    counter: str
    event: type[PasswordResetRequested] | type[LostPhoneClaimed]
    accepts: Callable[[Account], bool]
    details: Callable[[Account], dict[str, Any]]

    @property
    def purpose(self) -> str:
        """What a token's hash is bound to: a link of one kind is not valid for the other."""
        return f"registration/mailed_link/{self.name}"


PASSWORD = LinkKind(
    name="password",
    counter="resets",
    event=PasswordResetRequested,
    accepts=lambda account: account.can_reset_password,
    details=lambda account: {"thaws": account.state == "frozen"},
)
PHONE = LinkKind(
    name="phone",
    counter="phones",
    event=LostPhoneClaimed,
    accepts=lambda account: account.can_report_lost_phone,
    details=lambda _account: {"stolen": False},
)


async def send(
    request: RequestPasswordReset | ClaimLostPhone, context: RequestContext[Deps], kind: LinkKind
) -> str | None:
    """Send a link, or notify the mailbox that no account can use one.

    While a link lives, another request sends nothing new and counts nothing: strangers use up no
    limit with it, and the mail that has arrived stays good. Returns the id of the account, for the
    log only.
    """
    deps, now = context.deps, context.now()
    address, errors = validate_address(request.address, deps)
    if address is None:
        raise Refused(invalid_fields(errors))
    await account_request_store.lock_address(context.tx, address.key)
    account = await account_store.find_by_address(context.tx, address.key)
    holder = account if account is not None and kind.accepts(account) else None
    holder_id = None if holder is None else holder.id
    hashes = deps.rate_limit_keys(address.key)
    living = await mailed_link_store.find_living(context.tx, kind.name, hashes, now)
    if living is not None and living.account_id == holder_id:
        return holder_id
    await quotas.count_link(context, kind.counter, address.key, request.network)
    token = new_token()
    sealed = deps.mailer_sealer.seal(token, seal_context(kind.event, "link_token"))
    link = MailedLink(
        kind=kind.name,
        account_id=holder_id,
        requested_at=now,
        expires_at=now + timedelta(minutes=deps.settings.reset_minutes),
    )
    event: Event = UnknownAddressAsked(
        address=address.text,
        language=supported_language(request.language),
        about=kind.name,
        requested_at=now,
        closed=account is not None and account.support_only,
    )
    if holder is not None:
        event = kind.event(
            address=holder.address,
            language=supported_language(request.language),
            link_token=sealed,
            requested_at=now,
            expires_at=link.expires_at,
            **kind.details(holder),
        )
    await context.emit(event, subject=link.account_id)
    link_hash = keyed_hash(deps.token_keys, kind.purpose, token)[1]
    await mailed_link_store.add(context.tx, link, link_hash, hashes)
    return link.account_id


async def describe(
    request: DescribeReset | DescribeLostPhone, context: RequestContext[Deps], kind: LinkKind
) -> MailedLinkView:
    """The state of a link. Changes nothing, since mail scanners open links too (RE-04)."""
    hashes = token_hashes(request, context.deps, kind)
    if not hashes:
        return MailedLinkView(state="malformed")
    link, account = await find(context.tx, hashes, kind)
    if link is None:
        return MailedLinkView(state="gone")
    state = link.state(context.now())
    if state == "valid" and (account is None or not kind.accepts(account)):
        return MailedLinkView(state="gone")
    return MailedLinkView(state=state, at=link.used_at or link.expires_at, stolen=link.stolen)


def token_hashes(request: LinkUse, deps: Deps, kind: LinkKind) -> list[bytes]:
    """The hashes a link's token may be stored under; none where it is malformed."""
    token = deps.open(request, "link_token") or ""
    valid = TOKEN_PATTERN.fullmatch(token)
    return keyed_hashes(deps.token_keys, kind.purpose, token) if valid else []


async def find(
    tx: Connection, hashes: list[bytes], kind: LinkKind
) -> tuple[MailedLink | None, Account | None]:
    """A link and its account."""
    link = await mailed_link_store.find(tx, kind.name, hashes)
    if link is None or link.account_id is None:
        return None, None
    return link, await account_store.read(tx, link.account_id)


async def use(
    context: RequestContext[Deps], hashes: list[bytes], kind: LinkKind
) -> tuple[MailedLink, Account]:
    """A valid link, used up, and its account, both locked; else `Refused`."""
    link, account = await lock_valid(context, hashes, kind)
    await mailed_link_store.set_used(context.tx, kind.name, hashes, context.now())
    return link, account


async def lock_valid(
    context: RequestContext[Deps], hashes: list[bytes], kind: LinkKind
) -> tuple[MailedLink, Account]:
    """A valid link and its account, both locked, the account first; else `Refused`."""
    seen = await mailed_link_store.find(context.tx, kind.name, hashes)
    if seen is None or seen.account_id is None:
        raise Refused(GONE)
    account = await account_store.lock(context.tx, seen.account_id)
    link = await mailed_link_store.lock(context.tx, kind.name, hashes)
    refusal = link_refusal(link, account, kind, context.now())
    if refusal is not None or link is None or account is None:
        raise Refused(refusal or GONE)
    return link, account


def link_refusal(
    link: MailedLink | None, account: Account | None, kind: LinkKind, now: datetime
) -> Refusal | None:
    """Why a link cannot be used, or None."""
    if link is None:
        return GONE
    state = link.state(now)
    if state == "valid":
        return None if account is not None and kind.accepts(account) else GONE
    at = (link.used_at or link.expires_at).isoformat()
    return Refusal(slug=f"link_{state}", params={} if state == "replaced" else {"at": at})
