"""Verifying the address of a request, by the code of its latest message or by a link.

Opening a link changes nothing. Its button needs the browser that made the request, or the password
chosen then; otherwise a mail scanner could verify somebody's address (RE-04). Verifying again is
no error.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_request_store, password_store
from services.registration.account_requests import TOKEN_PATTERN, AccountRequest, ValidationLink
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes
from services.registration.handlers.account_requests import (
    ALREADY_VERIFIED,
    GONE,
    emit_expired,
    show,
)
from services.registration.handlers.validation_messages import LINK_PURPOSE
from services.registration.views import show_link
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.events import EmailVerified
from shared.contracts.registration.requests import DescribeLink, VerifyCode, VerifyLink
from shared.contracts.registration.views import LinkView
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hashes

log = get_logger("registration")


async def verify_code(request: VerifyCode, context: RequestContext[Deps]) -> Reply:
    """Verify the address with the code; a wrong one is counted."""
    code = mailed_codes.read_code(request, context.deps)
    found = await account_request_store.lock_with_address(context.tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.state == "pending":
        refusal = await mailed_codes.check(
            context,
            mailed_codes.REQUEST,
            found.id,
            found,
            code,
            decoy=found.decoy,
            request_ref=found.id,
        )
        if refusal is not None:
            return context.refuse(refusal)
        found = await _verify(context, found, "code")
    return await show(context, found)


async def describe_link(request: DescribeLink, context: RequestContext[Deps]) -> LinkView:
    """The state of a link. Changes nothing, since mail scanners open links too (B-02)."""
    deps = context.deps
    token = deps.open(request, "link_token") or ""
    if not TOKEN_PATTERN.fullmatch(token):
        return LinkView(state="malformed")
    link = await account_request_store.find_link(
        context.tx, keyed_hashes(deps.token_keys, LINK_PURPOSE, token)
    )
    if link is None:
        return LinkView(state="gone")
    return show_link(
        link,
        same_browser=link.request.id == request.request_id,
        max_tries=deps.settings.verify_tries,
        now=context.now(),
    )


@dataclass(frozen=True, kw_only=True)
class LinkHolder:
    """A caller who may verify by a link, and whether by password."""

    hashes: list[bytes]
    by_password: bool = False


async def check_holder_password(request: VerifyLink, deps: Deps, pool: Pool) -> LinkHolder:
    """Accept the browser that made the request, or the password chosen then."""
    token = deps.open(request, "link_token") or ""
    if not TOKEN_PATTERN.fullmatch(token):
        raise Refused(Refusal(slug="link_malformed"))
    hashes = keyed_hashes(deps.token_keys, LINK_PURPOSE, token)
    async with transaction(pool) as tx:
        link = await account_request_store.find_link(tx, hashes)
        if link is None or link.request.id == request.request_id:
            return LinkHolder(hashes=hashes)
        refusal = _link_refusal(link, deps.clock())
        if request.password is None and refusal is None:
            refusal = Refusal(slug="password_needed")
        # Another browser may enter the password where the address is verified already.
        verified = request.password is not None and link.request.state == "verified"
        if refusal is not None and not verified:
            raise Refused(refusal)
        tries = await account_request_store.count_password_attempt(
            tx, hashes, deps.settings.verify_tries
        )
        in_use = await password_store.recipes_in_use(tx)
    if tries is None:
        raise Refused(Refusal(slug="link_password_void"))
    password, stored, found = deps.open(request, "password"), link.request.password, None
    if password is not None and stored is not None and not link.request.decoy:
        found = await deps.hasher.find(password, link.request.address_key, [stored], in_use)
    if found is not None:
        return LinkHolder(hashes=hashes, by_password=True)
    log.warning("The password given with a link was wrong.", action="authn_login_fail")
    left = deps.settings.verify_tries - tries
    slug = "wrong_password" if left else "link_password_void"
    raise Refused(Refusal(slug=slug, params={"tries_left": left}))


async def verify_link(request: VerifyLink, context: RequestContext[Deps]) -> Reply:
    """Verify the address with the link, once `check_holder_password` accepted the caller."""
    holder: LinkHolder = context.prepared
    link = await account_request_store.find_link(context.tx, holder.hashes)
    found = None
    if link is not None:
        found = await account_request_store.lock_with_address(context.tx, link.request.id)
    if link is None or found is None:
        raise Refused(Refusal(slug="link_gone"))
    if holder.by_password:
        await account_request_store.uncount_password_attempt(context.tx, holder.hashes)
    if found.state == "pending":
        # Read again: another message may have replaced the link before the lock was taken.
        link = await account_request_store.find_link(context.tx, holder.hashes) or link
        refusal = _link_refusal(link, context.now())
        if refusal is not None:
            raise Refused(refusal)
        found = await _verify(context, found, "link")
    return await show(context, found)


def _link_refusal(link: ValidationLink, now: datetime) -> Refusal | None:
    state = link.state(now)
    if state == "valid":
        return None
    if state == "verified":
        return ALREADY_VERIFIED
    if state == "expired":
        return Refusal(slug="link_expired", params={"at": link.expires_at.isoformat()})
    return Refusal(slug="link_replaced")


async def _verify(context: RequestContext[Deps], found: AccountRequest, by: str) -> AccountRequest:
    now = context.now()
    # Delete the others first: one request of an address may be verified (unique index).
    await emit_expired(context, await account_request_store.delete_others(context.tx, found))
    verified = dataclasses.replace(
        found,
        state="verified",
        verified_at=now,
        kept_until=now + context.deps.settings.pending_period,
        code_hash=None,
        code_key_id=None,
    )
    await account_request_store.save(context.tx, verified)
    await context.emit(
        EmailVerified(request_id=found.id, by=by, verified_at=now), subject=found.account_id
    )
    log.info("An address was verified.", action="address_proved", by=by, request_ref=found.id)
    return verified
