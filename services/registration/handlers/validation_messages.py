"""Validation messages: a new code and link, sealed for the mailer and stored as keyed hashes.

A decoy's message takes the same steps, but the event emitted notifies the holder of the existing
account, and contains no code.
"""

from datetime import datetime

from services.registration.account_request_store import StoredMessage
from services.registration.account_requests import AccountRequest, Validity, message_validity
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes
from shared.contracts.base import Event
from shared.contracts.registration.events import (
    AccountRequested,
    KnownAddressRequested,
    ValidationResent,
)
from shared.messaging.handlers import RequestContext
from shared.security.sealing import KeyRing, keyed_hash, keyed_hashes, new_token, seal_context

LINK_PURPOSE = "registration/link"


async def send(
    context: RequestContext[Deps],
    request: AccountRequest,
    kind: type[AccountRequested] | type[ValidationResent],
    holder: str | None,
) -> StoredMessage:
    """Emit the event that the mailer sends a message for; returns what is to be stored.

    `holder` is the id of the account that a decoy's address has.
    """
    deps, now = context.deps, context.now()
    settings = deps.settings
    life = message_validity(
        request.requested_at, now, settings.verify_period, settings.pending_period
    )
    code, token = mailed_codes.create(deps, "code", request.id), new_token()
    event: Event = kind(
        request_id=request.id,
        address=request.address,
        language=request.language,
        code=deps.mailer_sealer.seal(code.digits, seal_context(kind, "code")),
        link_token=deps.mailer_sealer.seal(token, seal_context(kind, "link_token")),
        requested_at=now,
        expires_at=life.expires_at,
    )
    if request.decoy:
        event = _holder_notice(request, now, life)
    event_id = await context.emit(event, subject=holder if request.decoy else request.account_id)
    return StoredMessage(
        code_hash=code.code_hash,
        code_key_id=code.key_id,
        link_hash=keyed_hash(deps.token_keys, LINK_PURPOSE, token)[1],
        validity=life,
        sent_at=now,
        event_id=event_id,
    )


def link_hashes(token: str, ring: KeyRing) -> list[bytes]:
    """The hashes a link's token may be stored under, one per key of the ring."""
    return keyed_hashes(ring, LINK_PURPOSE, token)


def _holder_notice(request: AccountRequest, now: datetime, life: Validity) -> KnownAddressRequested:
    return KnownAddressRequested(
        request_id=request.id,
        address=request.address,
        language=request.language,
        requested_at=now,
        expires_at=life.expires_at,
    )
