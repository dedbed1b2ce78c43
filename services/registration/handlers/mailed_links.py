"""Links that a mailbox proves itself by: for a new password, and for a lost phone.

Asking is answered alike whatever the address has: the same counts, the same row, one fact said
(AU-08). A link without an account is nobody's: its token is forgotten at once. Opening a link
changes nothing; only what it is for uses it up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_request_store, account_store, mailed_link_store
from services.registration.accounts import Account, MailedLink
from services.registration.deps import Deps
from services.registration.handlers import quotas
from services.registration.handlers.account_requests import known_language, refused_fields
from services.registration.handlers.email_verification import TOKEN
from services.registration.handlers.form_validation import judge_address
from shared.contracts.base import Event, Refusal, Sealed
from shared.contracts.registration import (
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeLostPhone,
    DescribeReset,
    LostPhoneClaimed,
    MailedLinkView,
    PasswordResetRequested,
    RequestPasswordReset,
    ResetPassword,
    UnknownAddressAsked,
)
from shared.database import Connection
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import keyed_hash, keyed_hashes, new_token, seal_context

MALFORMED, GONE = Refusal(slug="link_malformed"), Refusal(slug="link_gone")

Asking = RequestPasswordReset | ClaimLostPhone
Following = DescribeReset | ResetPassword | DescribeLostPhone | ConfirmLostPhone


@dataclass(frozen=True)
class Kind:
    """A kind of link: its name, its quota's counter, what is said of it, whom it is for."""

    name: str
    counter: str
    event: type[PasswordResetRequested] | type[LostPhoneClaimed]
    takes: Callable[[Account], bool]

    @property
    def purpose(self) -> str:
        """What a token's hash is bound to: a link of one kind is none of the other's."""
        return f"registration/mailed_link/{self.name}"


PASSWORD = Kind("password", "resets", PasswordResetRequested, lambda one: one.takes_reset)
PHONE = Kind("phone", "phones", LostPhoneClaimed, lambda one: one.takes_lost_phone)


async def send(
    request: Asking,
    context: RequestContext[Deps],
    kind: Kind,
    say: Callable[[Account, Sealed, MailedLink], Event],
) -> str | None:
    """Have a link sent, or the holder of the address told that there is no account.

    Returns whose account the link is for, which is for the log alone.
    """
    deps, now = context.deps, context.now()
    address, errors = judge_address(request.address, deps)
    if address is None:
        raise Refused(refused_fields(errors))
    await account_request_store.lock_address(context.tx, address.key)
    await quotas.take_link(context, kind.counter, address.key, request.network)
    account = await account_store.of_address(context.tx, address.key)
    holder = account if account is not None and kind.takes(account) else None
    token = new_token()
    sealed = deps.sealer.seal(token, seal_context(kind.event, "link_token"))
    link = MailedLink(
        kind=kind.name,
        account_id=None if holder is None else holder.id,
        stolen=isinstance(request, ClaimLostPhone) and request.stolen,
        expires_at=now + deps.settings.reset_life,
    )
    event: Event = UnknownAddressAsked(
        address=address.text,
        language=known_language(request.language),
        about=kind.name,
        requested_at=now,
        closed=account is not None and account.left_to_desk,
    )
    if holder is not None:
        event = say(holder, sealed, link)
    await context.emit(event, subject=link.account_id)
    link_hash = keyed_hash(deps.tokens, kind.purpose, token)[1]
    await mailed_link_store.insert(context.tx, link, link_hash, deps.counters(address.key), now)
    return link.account_id


async def describe(
    request: DescribeReset | DescribeLostPhone, context: RequestContext[Deps], kind: Kind
) -> MailedLinkView:
    """What a link is worth. Changes nothing, however often it is asked (RE-04)."""
    hashes = hashes_of(request, context.deps, kind)
    if not hashes:
        return MailedLinkView(state="malformed")
    link, account = await find(context.tx, hashes, kind)
    if link is None:
        return MailedLinkView(state="gone")
    state = link.state(context.now())
    if state == "valid" and (account is None or not kind.takes(account)):
        return MailedLinkView(state="gone")
    return MailedLinkView(state=state, at=link.used_at or link.expires_at, stolen=link.stolen)


def hashes_of(request: Following, deps: Deps, kind: Kind) -> list[bytes]:
    """What the link may be stored under; nothing where it is no whole link."""
    token = deps.open(request, "link_token") or ""
    return keyed_hashes(deps.tokens, kind.purpose, token) if TOKEN.fullmatch(token) else []


async def find(
    tx: Connection, hashes: list[bytes], kind: Kind
) -> tuple[MailedLink | None, Account | None]:
    """A link and its account, as they are now."""
    link = await mailed_link_store.find(tx, kind.name, hashes)
    if link is None or link.account_id is None:
        return None, None
    return link, await account_store.read(tx, link.account_id)


async def hold(
    context: RequestContext[Deps], hashes: list[bytes], kind: Kind
) -> tuple[MailedLink, Account]:
    """A good link and its account, both locked, the account first; else `Refused`."""
    seen = await mailed_link_store.find(context.tx, kind.name, hashes)
    if seen is None or seen.account_id is None:
        raise Refused(GONE)
    account = await account_store.lock(context.tx, seen.account_id)
    link = await mailed_link_store.lock(context.tx, kind.name, hashes)
    refusal = refuse(link, account, kind, context.now())
    if refusal is not None or link is None or account is None:
        raise Refused(refusal or GONE)
    return link, account


def refuse(
    link: MailedLink | None, account: Account | None, kind: Kind, now: datetime
) -> Refusal | None:
    """Why a link is not good, or None."""
    if link is None:
        return GONE
    state = link.state(now)
    if state == "valid":
        return None if account is not None and kind.takes(account) else GONE
    at = (link.used_at or link.expires_at).isoformat()
    return Refusal(slug=f"link_{state}", params={} if state == "replaced" else {"at": at})
