"""Six-digit codes sent by e-mail: created, read from a form, and checked.

A code is stored as a keyed hash bound to its purpose and to one request or account: no code is
valid for another (RE-03).
"""

from dataclasses import dataclass
from typing import NamedTuple

from services.registration.account_requests import CODE_DIGITS, AccountRequest, check_code
from services.registration.accounts import AddressChange, AddressCode, RecoveryAddressChange
from services.registration.deps import Deps
from shared.contracts.base import FieldError, Refusal
from shared.contracts.registration.events import OWNER
from shared.contracts.registration.holder import ConfirmAddressChange
from shared.contracts.registration.recovery_address import ConfirmRecoveryAddress
from shared.contracts.registration.requests import (
    ConfirmLostPhone,
    Disavow,
    UnlockAddress,
    VerifyAddressCode,
    VerifyCode,
)
from shared.database.rows import update
from shared.domain import typed_text
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.sign_in_metrics import CODES
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, matches, new_code

#: Requests with a typed code.
TypedCode = (
    VerifyCode
    | VerifyAddressCode
    | ConfirmAddressChange
    | ConfirmLostPhone
    | Disavow
    | UnlockAddress
    | ConfirmRecoveryAddress
)
StoredCode = AccountRequest | AddressCode | AddressChange | RecoveryAddressChange

log = get_logger("registration")


@dataclass(frozen=True)
class Purpose:
    """What a code verifies; `table` stores one code by its `key`."""

    name: str
    table: str
    key: str


REQUEST = Purpose("code", "requests", "id")
ACCOUNT_ADDRESS = Purpose("address_code", "address_codes", "account_id")
NEW_ADDRESS = Purpose("address_change", "address_changes", "account_id")
RECOVERY_ADDRESS = Purpose("recovery_address", "recovery_address_changes", "account_id")


class NewCode(NamedTuple):
    """A code for the mail, and the keyed hash to store."""

    digits: str
    key_id: str
    code_hash: bytes


def create(deps: Deps, purpose: Purpose, owner_id: str) -> NewCode:
    """A random code for one request, account or address change."""
    digits = new_code(CODE_DIGITS)
    return NewCode(digits, *keyed_hash(deps.token_keys, _binding(purpose, owner_id), digits))


def read_code(request: TypedCode, deps: Deps) -> str:
    """The six digits typed. Raises `Refused` for anything else."""
    typed = None if request.code is None else deps.open(request, "code")
    code = typed_text.read_code(typed or "")
    if code is None:
        error = FieldError(field="code", code="format", params={"digits": CODE_DIGITS})
        raise Refused(Refusal(slug="invalid_fields", errors=(error,)))
    return code


async def check(
    context: RequestContext[Deps],
    purpose: Purpose,
    owner_id: str,
    code: StoredCode,
    typed: str,
    *,
    decoy: bool = False,
    **logged: str,
) -> Refusal | None:
    """Why the typed code is refused, or None; a wrong one is counted in the row, locked before.

    A decoy's code is compared too, and never right. `logged` are fields of the log line.
    """
    deps, max_tries = context.deps, context.deps.settings.verify_tries
    same = False
    if code.code_key_id is not None and code.code_hash is not None:
        binding = _binding(purpose, owner_id)
        same = matches(deps.token_keys, binding, typed, code.code_key_id, code.code_hash)
    outcome = check_code(
        code.expires_at,
        code.tries,
        right=same and not decoy,
        now=context.now(),
        max_tries=max_tries,
    )
    CODES.labels(OWNER, "mailed", "wrong" if outcome == "void" else outcome).inc()
    if outcome == "right":
        return None
    if outcome == "expired":
        return Refusal(slug="code_expired", params={"at": code.expires_at.isoformat()})
    if code.tries < max_tries:
        counted = {purpose.key: getattr(code, purpose.key), "tries": code.tries + 1}
        await update(context.tx, purpose.table, counted, purpose.key)
    log.warning(
        "A mailed code was wrong.", action="authn_code_fail", purpose=purpose.name, **logged
    )
    if outcome == "void":
        return Refusal(slug="code_void", params={"tries": max_tries})
    return Refusal(slug="wrong_code", params={"tries_left": max_tries - code.tries - 1})


def _binding(purpose: Purpose, owner_id: str) -> str:
    return f"registration/{purpose.name}/{owner_id}"
