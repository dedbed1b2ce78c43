"""Making a message: a new code and link, sealed for the mailer and stored as keyed hashes.

A decoy's message goes through the same steps; what is emitted then tells the address's holder
that the account exists, and the code goes nowhere.
"""

from __future__ import annotations

from datetime import datetime

from services.registration.account_request_store import Message
from services.registration.account_requests import CODE_DIGITS, AccountRequest, Life, message_life
from services.registration.deps import Deps
from shared.contracts.base import Event
from shared.contracts.registration import AccountRequested, KnownAddressRequested, ValidationResent
from shared.messaging.handlers import RequestContext
from shared.security.sealing import (
    KeyRing,
    keyed_hash,
    keyed_hashes,
    matches,
    new_code,
    new_token,
    seal_context,
)

LINK = "registration/link"


async def send(
    context: RequestContext[Deps],
    request: AccountRequest,
    kind: type[AccountRequested] | type[ValidationResent],
    holder: str | None,
) -> Message:
    """Emit the event that a message is written for; returns what is to be stored.

    `holder` is the account of a decoy's address.
    """
    deps, now = context.deps, context.now()
    settings = deps.settings
    life = message_life(request.requested_at, now, settings.verify_life, settings.pending_life)
    code, token = new_code(CODE_DIGITS), new_token()
    event: Event = kind(
        request_id=request.id,
        address=request.address,
        language=request.language,
        code=deps.sealer.seal(code, seal_context(kind, "code")),
        link_token=deps.sealer.seal(token, seal_context(kind, "link_token")),
        requested_at=now,
        expires_at=life.expires_at,
    )
    if request.decoy:
        event = _tell_holder(request, now, life)
    event_id = await context.emit(event, subject=holder if request.decoy else request.account_id)
    key_id, code_hash = keyed_hash(deps.tokens, code_purpose(request.id), code)
    return Message(
        code_hash=code_hash,
        code_key_id=key_id,
        link_hash=keyed_hash(deps.tokens, LINK, token)[1],
        life=life,
        sent_at=now,
        event_id=event_id,
    )


def is_the_code(request: AccountRequest, code: str, ring: KeyRing) -> bool:
    """Whether this is the code of the request's latest message, in constant time."""
    if request.code_hash is None or request.code_key_id is None:
        return False
    return matches(ring, code_purpose(request.id), code, request.code_key_id, request.code_hash)


def code_purpose(request_id: str) -> str:
    """What a code's hash is bound to: the code of one request is none of another's (RE-03)."""
    return f"registration/code/{request_id}"


def link_hashes(token: str, ring: KeyRing) -> list[bytes]:
    """The hashes a link's token may be stored under."""
    return keyed_hashes(ring, LINK, token)


def _tell_holder(request: AccountRequest, now: datetime, life: Life) -> KnownAddressRequested:
    return KnownAddressRequested(
        request_id=request.id,
        address=request.address,
        language=request.language,
        requested_at=now,
        expires_at=life.expires_at,
    )
