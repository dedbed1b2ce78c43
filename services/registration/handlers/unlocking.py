"""A mailed link that lifts the limits of an address (S-05).

Strangers can use up what an address has: wrong passwords, account requests, forgotten passwords.
The mailbox then gets a link that lifts the limit only: it signs nobody in and changes no password.
It is sent once while it lives, whatever the address has (AU-08). Its page asks for the code of the
mail: otherwise a robot that follows links would give guessers new tries.
"""

from datetime import timedelta

from services.registration import account_request_store, account_store, mailed_link_store
from services.registration import rate_limit_store as limits
from services.registration.account_requests import TOKEN_PATTERN
from services.registration.accounts import MailedLink
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import link_codes, login_attempts
from services.registration.handlers.form_validation import validate_address
from services.registration.terms import supported_language
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.events import UnlockOffered
from shared.contracts.registration.requests import (
    ClaimLostPhone,
    DescribeUnlock,
    RequestPasswordReset,
    UnlockAddress,
)
from shared.contracts.registration.views import Done, MailedLinkView
from shared.domain.rate_limits import networks_around
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, keyed_hashes, new_token, seal_context

KIND, PURPOSE = "unlock", "registration/mailed_link/unlock"
#: As long as any limit of an address lasts.
LIFETIME = timedelta(hours=24)
#: What is counted under the address itself, and under its mailbox.
OF_ADDRESS = (login_attempts.ADDRESS_FROM_NETWORK, login_attempts.ADDRESS)
OF_MAILBOX = ("address", "sends", "resets", "phones")

log = get_logger("registration")


async def refuse(
    context: RequestContext[Deps], refused: Refused, address: EmailAddress, language: str
) -> Reply:
    """Refuse a request; where the address's limit is used up, offer its mailbox to lift it."""
    refusal = refused.refusal
    if (refusal.slug, refusal.params.get("limit")) != ("too_many_requests", "address"):
        raise refused
    await offer(context, address.key, address.text, language, about="requests")
    # Not stored: once the limit is lifted the same form is accepted.
    return context.refuse_for_now(refusal)


async def refuse_link(
    context: RequestContext[Deps],
    refused: Refused,
    request: RequestPasswordReset | ClaimLostPhone,
) -> Reply:
    """The same for a request for a mailed link."""
    address, _ = validate_address(request.address, context.deps)
    if address is None:
        raise refused
    return await refuse(context, refused, address, request.language)


async def offer(
    context: RequestContext[Deps], key: str, address: str, language: str, *, about: str
) -> bool:
    """Send the link, unless one lives; an account gets it at its own address. Returns whether it
    was sent.

    Wrong passwords for an address without an account send no mail: such a link takes the same
    steps and keeps no other one back.
    """
    deps, tx, now = context.deps, context.tx, context.now()
    await account_request_store.lock_address(tx, key)
    account = await account_store.find_by_address(tx, key)
    hashes = deps.rate_limit_keys(key)
    is_mailed = account is not None or about != "sign_in"
    if await mailed_link_store.is_offered(tx, KIND, hashes, now, mailed=is_mailed):
        return False
    token = new_token()
    link = MailedLink(
        kind=KIND,
        account_id=None if account is None else account.id,
        requested_at=now,
        expires_at=now + LIFETIME,
    )
    offered = UnlockOffered(
        address=address if account is None else account.address,
        language=supported_language(language if account is None else account.language),
        about=about,
        link_token=deps.mailer_sealer.seal(token, seal_context(UnlockOffered, "link_token")),
        requested_at=now,
        expires_at=link.expires_at,
    )
    await context.emit(offered, subject=link.account_id)
    link_hash = keyed_hash(deps.token_keys, PURPOSE, token)[1]
    mailbox = deps.quota_keys(key)[0] if is_mailed else None
    await mailed_link_store.add(tx, link, link_hash, hashes, mailbox)
    return True


async def describe_unlock(request: DescribeUnlock, context: RequestContext[Deps]) -> MailedLinkView:
    """The state of the link. Changes nothing."""
    hashes = _token_hashes(request, context.deps)
    if not hashes:
        return MailedLinkView(state="malformed")
    link = await mailed_link_store.find(context.tx, KIND, hashes)
    if link is None:
        return MailedLinkView(state="gone")
    return MailedLinkView(state=link.state(context.now()), at=link.used_at or link.expires_at)


async def unlock_address(request: UnlockAddress, context: RequestContext[Deps]) -> Reply:
    """Lift the limits of the address, for the asking network and for all together; what other
    networks have used up stays used up."""
    hashes = _token_hashes(request, context.deps)
    if not hashes:
        raise Refused(Refusal(slug="link_malformed"))
    link = await mailed_link_store.lock(context.tx, KIND, hashes)
    if link is None:
        raise Refused(Refusal(slug="link_gone"))
    state = link.state(context.now())
    if state != "valid":
        at = (link.used_at or link.expires_at).isoformat()
        raise Refused(Refusal(slug=f"link_{state}", params={"at": at}))
    wrong = await link_codes.check(request, context)
    if wrong is not None:
        return context.refuse(wrong)
    await mailed_link_store.set_used(context.tx, KIND, hashes, context.now())
    address, mailbox = await mailed_link_store.read_counted(context.tx, KIND, hashes)
    around = networks_around(request.network)
    for kinds, key in ((OF_ADDRESS, address), (OF_MAILBOX, mailbox)):
        keys = [key, *(each for net in around for each in limits.with_network((key,), net))]
        for kind in kinds:
            await limits.clear(context.tx, kind, keys)
    if link.account_id is not None:
        keys = [link.account_id]
        await limits.clear(context.tx, login_attempts.KNOWN_BROWSER, keys)
    log.info(
        "The limits of an address were lifted.", action="limits_lifted", account=link.account_id
    )
    return Done()


def _token_hashes(request: DescribeUnlock | UnlockAddress, deps: Deps) -> list[bytes]:
    token = deps.open(request, "link_token") or ""
    return keyed_hashes(deps.token_keys, PURPOSE, token) if TOKEN_PATTERN.fullmatch(token) else []
