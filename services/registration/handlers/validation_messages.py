"""Validation messages: a new code and link, sealed for the mailer and stored as keyed hashes; and
what became of the latest one, for the page that shows it (B-01).

A decoy's message takes the same steps, but the event emitted notifies the holder of the existing
account, and contains no code.
"""

import dataclasses
from datetime import datetime, timedelta

from services.registration.account_request_store import set_mail_status
from services.registration.account_requests import AccountRequest
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes
from shared.contracts.base import Event
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.registration.events import (
    AccountRequested,
    KnownAddressRequested,
    ValidationResent,
)
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import RequestContext, SqlEffect
from shared.security.sealing import keyed_hash, new_token, seal_context

LINK_PURPOSE = "registration/link"
#: The page distinguishes fewer reasons of a refused mail than the mailer.
REASONS = {"expired": "unreachable"}
#: The mails that the events of `send` cause.
TEMPLATES = frozenset(("validation", "known_account"))


async def send(
    context: RequestContext[Deps],
    request: AccountRequest,
    kind: type[AccountRequested] | type[ValidationResent],
    account: Account | None,
) -> tuple[AccountRequest, bytes]:
    """Emit the event that the mailer sends a message for.

    Returns the request with the message, and the hash of its link, both to be stored. `account` is
    that of the address, if any; a decoy's message goes to its holder.
    """
    deps, settings = context.deps, context.deps.settings
    verify_period = timedelta(minutes=settings.verify_minutes)
    sent = request.with_message(context.now(), verify_period, settings.pending_period)
    code, token = mailed_codes.create(deps, mailed_codes.REQUEST, sent.id), new_token()
    event: Event = kind(
        request_id=sent.id,
        address=sent.address,
        language=sent.language,
        code=deps.mailer_sealer.seal(code.digits, seal_context(kind, "code")),
        link_token=deps.mailer_sealer.seal(token, seal_context(kind, "link_token")),
        requested_at=sent.sent_at,
        expires_at=sent.expires_at,
    )
    if sent.decoy:
        event = KnownAddressRequested(
            request_id=sent.id,
            address=sent.address,
            language=sent.language,
            requested_at=sent.sent_at,
            expires_at=sent.expires_at,
        )
    holder = None if account is None else account.id
    event_id = await context.emit(event, subject=holder if sent.decoy else sent.account_id)
    sent = dataclasses.replace(
        sent, code_key_id=code.key_id, code_hash=code.code_hash, mail_event_id=event_id
    )
    return sent, keyed_hash(deps.token_keys, LINK_PURPOSE, token)[1]


def is_of_a_request(event: MailAccepted | MailDeferred | MailRefused) -> bool:
    """Whether the mail is one that `send` asked for."""
    return event.template in TEMPLATES


def mail_accepted(
    event: MailAccepted, _envelope: Envelope, _now: datetime, _deps: Deps
) -> SqlEffect:
    """The mail server accepted the message."""
    return set_mail_status(event, "accepted")


def mail_deferred(
    event: MailDeferred, _envelope: Envelope, _now: datetime, _deps: Deps
) -> SqlEffect:
    """The mailer retries later."""
    return set_mail_status(event, "deferred", next_try_at=event.next_try_at, reason=event.reason)


def mail_refused(event: MailRefused, _envelope: Envelope, _now: datetime, _deps: Deps) -> SqlEffect:
    """The message was not delivered, or its delivery is unknown."""
    if event.reason == "in_doubt":
        return set_mail_status(event, "doubtful")
    return set_mail_status(event, "refused", reason=REASONS.get(event.reason, event.reason))
