"""Lost phones: reported by anybody, confirmed with a mailed link, then handled by support.

A stolen phone freezes the account at the confirmation, and only support unfreezes it.
"""

from services.registration.deps import Deps
from services.registration.handlers import mailed_links
from services.registration.handlers.freezing import freeze
from services.registration.handlers.mailed_links import MALFORMED, PHONE
from shared.contracts.registration.events import LostPhoneReported
from shared.contracts.registration.requests import (
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeLostPhone,
)
from shared.contracts.registration.views import Done, LostPhoneView, MailedLinkView
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


async def claim_lost_phone(request: ClaimLostPhone, context: RequestContext[Deps]) -> Done:
    """Send the link that confirms the loss; nothing else happens before it is used."""
    account_id = await mailed_links.send(request, context, PHONE)
    log.info("A lost phone was reported.", action="lost_phone_claimed", account=account_id)
    return Done()


async def describe_lost_phone(
    request: DescribeLostPhone, context: RequestContext[Deps]
) -> MailedLinkView:
    """The state of a link that confirms a lost phone."""
    return await mailed_links.describe(request, context, PHONE)


async def confirm_lost_phone(
    request: ConfirmLostPhone, context: RequestContext[Deps]
) -> LostPhoneView:
    """Record the loss, once per link, and freeze the account where the phone was stolen."""
    hashes = mailed_links.token_hashes(request, context.deps, PHONE)
    if not hashes:
        raise Refused(MALFORMED)
    link, account = await mailed_links.use(context, hashes, PHONE)
    now = context.now()
    reported = LostPhoneReported(stolen=link.stolen, reported_at=now)
    await context.emit(reported, subject=account.id)
    log.warning(
        "A lost phone was confirmed.",
        action="lost_phone_reported",
        account=account.id,
        stolen=link.stolen,
    )
    if link.stolen:
        await freeze(context, account, by="lost_phone", desk_only=True)
    frozen = link.stolen or account.state == "frozen"
    return LostPhoneView(account_id=account.id, frozen=frozen, reported_at=now)
