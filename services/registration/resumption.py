"""Joining an account whose credentials were removed: its code, and whether names agree. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.registration.account_requests import AccountRequest
from services.registration.accounts import Account
from shared.domain.typed_text import MAX_NAME, folded_letters

#: How long a request waits for the desk, which compares names.
HELD_RETENTION = timedelta(days=15)
TRIES = 5
#: How long a code that was told is valid at most.
CODE_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class ResumptionCode:
    """The code that was told last."""

    account_id: str
    code_key_id: str
    code_hash: bytes = field(repr=False)
    tries: int = 0
    told_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def names_agree(request: AccountRequest, account: Account) -> bool:
    """Whether a request gives the names of the account: accents, case, blanks and hyphens aside."""
    given, known = (
        [folded_letters(name, MAX_NAME) for name in (named.first_name, named.last_name)]
        for named in (request, account)
    )
    return given == known


def code_binding(account_id: str) -> str:
    """What the keyed hash of an account's code is bound to."""
    return f"registration/resumption/{account_id}"
