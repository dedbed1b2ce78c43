"""Proving an address, by the code of the latest message or by its link.

Opening a link changes nothing. The link's button needs the browser that asked, or the password
chosen then: without either, a mail scanner could prove a stranger's address (RE-04). Proving twice
is no error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_request_store, validation_link_store
from services.registration.account_requests import CODE_DIGITS, AccountRequest, Link, judge_code
from services.registration.deps import Deps
from services.registration.handlers.account_requests import GONE, show
from services.registration.handlers.validation_messages import is_the_code, link_hashes
from services.registration.views import show_link
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration import (
    ConfirmAddressChange,
    DescribeLink,
    EmailVerified,
    LinkView,
    RequestExpired,
    VerifyAddressCode,
    VerifyCode,
    VerifyLink,
)
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")

log = get_logger("registration")


async def verify_code(request: VerifyCode, context: RequestContext[Deps]) -> Reply:
    """Prove the address by the code; a wrong one is counted."""
    code = read_code(request, context.deps)
    found = await account_request_store.lock_with_address(context.tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.state == "pending":
        refusal = await _judge_code(context, found, code)
        if refusal is not None:
            return context.refuse(refusal)
        await _prove(context, found, "code")
    return await show(context, found.id)


def read_code(request: VerifyCode | VerifyAddressCode | ConfirmAddressChange, deps: Deps) -> str:
    """The six digits that were typed, without spaces; `Refused` where it is anything else."""
    code = "".join((deps.open(request, "code") or "").split())
    if not CODE.fullmatch(code):
        error = FieldError(field="code", code="format", params={"digits": CODE_DIGITS})
        raise Refused(Refusal(slug="invalid_fields", errors=(error,)))
    return code


async def describe_link(request: DescribeLink, context: RequestContext[Deps]) -> LinkView:
    """What a link is worth. Changes nothing, however often it is asked (B-02)."""
    deps = context.deps
    token = deps.open(request, "link_token") or ""
    if not TOKEN.fullmatch(token):
        return LinkView(state="malformed")
    link = await validation_link_store.find(context.tx, link_hashes(token, deps.tokens))
    if link is None:
        return LinkView(state="gone")
    return show_link(
        link,
        same_browser=link.request.id == request.request_id,
        most_tries=deps.settings.verify_tries,
        now=context.now(),
    )


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who posts a link: refused, or by which right."""

    hashes: list[bytes]
    refusal: Refusal | None = None
    by_password: bool = False


async def know_holder(request: VerifyLink, deps: Deps, pool: Pool) -> Holder:
    """Whether it is the asking browser, or somebody with the chosen password."""
    token = deps.open(request, "link_token") or ""
    if not TOKEN.fullmatch(token):
        return Holder(hashes=[], refusal=Refusal(slug="link_malformed"))
    hashes = link_hashes(token, deps.tokens)
    async with transaction(pool) as tx:
        link = await validation_link_store.find(tx, hashes)
        if link is None or link.request.id == request.request_id:
            return Holder(hashes=hashes)
        refusal = _refuse_link(link, deps.clock())
        if request.password is None and refusal is None:
            refusal = Refusal(slug="password_needed")
        # Somebody else's browser may show the password even where the address is proved.
        proved = request.password is not None and link.request.state == "verified"
        if refusal is not None and not proved:
            return Holder(hashes=hashes, refusal=refusal)
        tries = await validation_link_store.count_try(tx, hashes, deps.settings.verify_tries)
    if tries is None:
        return Holder(hashes=hashes, refusal=Refusal(slug="link_password_void"))
    return await _check_password(request, deps, link, hashes, tries)


async def verify_link(request: VerifyLink, context: RequestContext[Deps]) -> Reply:
    """Prove the address by the link, once its holder is known."""
    holder: Holder = context.prepared
    if holder.refusal is not None:
        raise Refused(holder.refusal)
    link = await validation_link_store.find(context.tx, holder.hashes)
    found = None
    if link is not None:
        found = await account_request_store.lock_with_address(context.tx, link.request.id)
    if link is None or found is None:
        raise Refused(Refusal(slug="link_gone"))
    if holder.by_password:
        await validation_link_store.take_back_try(context.tx, holder.hashes)
    if found.state == "pending":
        # Read again: another message may have replaced the link while we waited for the lock.
        link = await validation_link_store.find(context.tx, holder.hashes) or link
        refusal = _refuse_link(link, context.now())
        if refusal is not None:
            raise Refused(refusal)
        await _prove(context, found, "link")
    return await show(context, found.id)


async def _judge_code(
    context: RequestContext[Deps], found: AccountRequest, code: str
) -> Refusal | None:
    deps = context.deps
    most = deps.settings.verify_tries
    same = is_the_code(found, code, deps.tokens)
    outcome = judge_code(found, same=same, now=context.now(), most_tries=most)
    if outcome == "right":
        return None
    if outcome == "expired":
        return Refusal(slug="code_expired", params={"at": found.expires_at.isoformat()})
    if found.tries < most:
        await account_request_store.count_try(context.tx, found.id)
    log.warning("A code was wrong.", action="authn_code_fail", request_ref=found.id)
    if outcome == "void":
        return Refusal(slug="code_void", params={"tries": most})
    return Refusal(slug="wrong_code", params={"tries_left": most - found.tries - 1})


async def _check_password(
    request: VerifyLink, deps: Deps, link: Link, hashes: list[bytes], tries: int
) -> Holder:
    password = deps.open(request, "password")
    stored = link.request.password
    right = False
    if password is not None and stored is not None and not link.request.decoy:
        found = await deps.hasher.find(password, link.request.address_key, [stored])
        right = found is not None
    if right:
        return Holder(hashes=hashes, by_password=True)
    log.warning("A link's password was wrong.", action="authn_login_fail")
    left = deps.settings.verify_tries - tries
    slug = "wrong_password" if left else "link_password_void"
    return Holder(hashes=hashes, refusal=Refusal(slug=slug, params={"tries_left": left}))


def _refuse_link(link: Link, now: datetime) -> Refusal | None:
    state = link.state(now)
    if state == "valid":
        return None
    if state == "verified":
        return Refusal(slug="already_verified")
    if state == "expired":
        return Refusal(slug="link_expired", params={"at": link.expires_at.isoformat()})
    return Refusal(slug="link_replaced")


async def _prove(context: RequestContext[Deps], found: AccountRequest, by: str) -> None:
    now = context.now()
    # The others go first: only one request of an address may be proved (settled 1).
    for other in await account_request_store.delete_others(context.tx, found):
        await context.emit(RequestExpired(request_id=other.id), subject=other.account_id)
    kept_until = now + context.deps.settings.pending_life
    await account_request_store.prove(context.tx, found.id, now, kept_until)
    await context.emit(
        EmailVerified(request_id=found.id, by=by, verified_at=now), subject=found.account_id
    )
    log.info("An address was proved.", action="address_proved", by=by, request_ref=found.id)
