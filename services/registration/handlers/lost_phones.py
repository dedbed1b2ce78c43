"""Lost phones: reported by anybody, confirmed with a mailed link and the code of its mail, then
handled by support.

A stolen phone freezes the account at the confirmation, and only support unfreezes it: that needs
the password too, which neither a robot nor a reader of the mailbox has. So does whoever would do
without an agent, where that is offered: mailbox and password, both unchanged for 30 days, then open
the enrolment of another phone after a delay, which support keeps.
"""

from services.registration import account_store, mailed_link_store, rate_limit_store
from services.registration.accounts import Account, alone_refusal
from services.registration.deps import Deps
from services.registration.handlers import link_codes, login_attempts, mailed_links, unlocking
from services.registration.handlers.form_validation import invalid_fields
from services.registration.handlers.freezing import freeze
from services.registration.handlers.mailed_links import MALFORMED, PHONE
from services.registration.handlers.passwords import CheckedPassword, check_account_password
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.events import LostPhoneReported
from shared.contracts.registration.requests import (
    CheckPhoneReplacement,
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeLostPhone,
)
from shared.contracts.registration.views import Done, LostPhoneView, MailedLinkView
from shared.database import Pool, acquire
from shared.domain.support_requests import request_number
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


async def claim_lost_phone(request: ClaimLostPhone, context: RequestContext[Deps]) -> Reply:
    """Send the link that confirms the loss; nothing else happens before it is used."""
    try:
        account_id = await mailed_links.send(request, context, PHONE)
    except Refused as refused:
        return await unlocking.refuse_link(context, refused, request)
    log.info("A lost phone was reported.", action="lost_phone_claimed", account=account_id)
    return Done()


async def describe_lost_phone(
    request: DescribeLostPhone, context: RequestContext[Deps]
) -> MailedLinkView:
    """The state of a link that confirms a lost phone."""
    return await mailed_links.describe(request, context, PHONE)


async def check_password(
    request: ConfirmLostPhone, deps: Deps, pool: Pool
) -> CheckedPassword | None:
    """Compare the password, where it is needed; None where an agent is asked about a lost phone."""
    if not (request.stolen or request.alone):
        return None
    hashes = mailed_links.token_hashes(request, deps, PHONE)
    if not hashes:
        raise Refused(MALFORMED)
    async with acquire(pool) as connection:
        link, account = await mailed_links.find(connection, hashes, PHONE)
    refusal = mailed_links.link_refusal(link, account, PHONE, deps.clock())
    if refusal is not None or account is None:
        raise Refused(refusal or mailed_links.GONE)
    typed = None if request.password is None else deps.open(request, "password")
    if not typed:
        raise Refused(invalid_fields([FieldError(field="password", code="missing")]))
    return await check_account_password(account.id, typed, deps, pool, closed=True)


async def confirm_lost_phone(request: ConfirmLostPhone, context: RequestContext[Deps]) -> Reply:
    """Record the loss, once per link, and freeze the account where the phone was stolen."""
    hashes = mailed_links.token_hashes(request, context.deps, PHONE)
    if not hashes:
        raise Refused(MALFORMED)
    _, account = await mailed_links.lock_valid(context, hashes, PHONE)
    wrong = await link_codes.check(request, context)
    if wrong is not None:
        return context.refuse(wrong)
    checked: CheckedPassword | None = context.prepared
    if checked is not None and not _is_right(checked, account):
        login_attempts.log_failure(checked.attempt, account)
        error = FieldError(field="password", code="not_yours")
        return context.refuse(invalid_fields([error]))
    now, stolen, alone = context.now(), request.stolen, request.alone
    if alone:
        why = _why_not_alone(request, account, context)
        if why:
            log.info(
                "A lost phone needs an agent.",
                action="lost_phone_alone_refused",
                account=account.id,
                reason=why,
            )
            return context.refuse(invalid_fields([FieldError(field="alone", code=why)]))
    await mailed_link_store.set_used(context.tx, PHONE.name, hashes, now, stolen=stolen)
    # From the link, which is used once: page, mail and desk show the same.
    number = request_number("lost_phone", hashes[0])
    event = LostPhoneReported(stolen=stolen, reported_at=now, request_id=number, alone=alone)
    await context.emit(event, subject=account.id)
    log.warning(
        "A lost phone was confirmed.",
        action="lost_phone_reported",
        account=account.id,
        stolen=stolen,
        alone=alone,
    )
    if checked is not None:
        await rate_limit_store.clear(context.tx, login_attempts.KNOWN_BROWSER, (account.id,))
    if stolen:
        await freeze(context, account, by="lost_phone", desk_only=True)
    frozen = stolen or account.state == "frozen"
    return LostPhoneView(
        account_id=account.id, frozen=frozen, reported_at=now, number=number, alone=alone
    )


async def check_phone_replacement(
    request: CheckPhoneReplacement, context: RequestContext[Deps]
) -> Done:
    """Whether the password still enrols another phone: judged again where it does, since password
    or address may have changed meanwhile, and the setting too."""
    account = await account_store.read(context.tx, request.account_id)
    offered = context.deps.settings.lost_phone_alone
    if account is None or not offered or alone_refusal(account, context.now()):
        log.warning(
            "Another phone may not be enrolled without an agent.",
            action="phone_replacement_refused",
            account=request.account_id,
        )
        raise Refused(Refusal(slug="replacement_refused"))
    return Done()


def _why_not_alone(
    request: ConfirmLostPhone, account: Account, context: RequestContext[Deps]
) -> str:
    if not context.deps.settings.lost_phone_alone:
        return "not_offered"
    # Who has the phone may read its mails too.
    return "stolen" if request.stolen else alone_refusal(account, context.now())


def _is_right(checked: CheckedPassword, account: Account) -> bool:
    return (
        checked.is_correct
        and checked.account is not None
        and account.same_password(checked.account)
    )
