"""A request for an account: its states, the validity of its messages, codes and links. Pure."""

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.registration.terms import TermsVersion
from shared.security.password_hashing import PasswordHash

AccountRequestState = Literal["pending", "verified", "created"]
#: How long a request is stored once its account exists, so that its pages can show it.
CREATED_RETENTION = timedelta(hours=24)
CODE_DIGITS = 6
#: The token of a mailed link.
TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """A request for an account, as it is stored: one field per column.

    `mail_*` are the delivery of the latest message, which the mailer sends for `mail_event_id`.
    `accepted_*` are the terms that were accepted while the code of a resumption is due; `held_at`
    is when that code was right and names differed.
    """

    id: str
    account_id: str
    address: str
    address_key: str
    first_name: str
    last_name: str
    language: str
    state: AccountRequestState = "pending"
    decoy: bool = False
    password_hash: str | None = field(repr=False)
    pepper_key_id: str | None
    code_key_id: str | None = None
    code_hash: bytes | None = field(default=None, repr=False)
    tries: int = 0
    requested_at: datetime
    sent_at: datetime
    expires_at: datetime
    kept_until: datetime
    verified_at: datetime | None = None
    created_at: datetime | None = None
    mail_event_id: str = ""
    mail_state: str = "waiting"
    mail_at: datetime | None = None
    mail_next_try_at: datetime | None = None
    mail_reason: str | None = None
    accepted_version: str | None = None
    accepted_language: str | None = None
    accepted_sha256: str | None = None
    accepted_at: datetime | None = None
    held_at: datetime | None = None

    @property
    def password(self) -> PasswordHash | None:
        """The password chosen; None once the account exists."""
        if self.password_hash is None or self.pepper_key_id is None:
            return None
        return PasswordHash(self.password_hash, self.pepper_key_id)

    @property
    def accepted_terms(self) -> TermsVersion | None:
        """The terms that were accepted before the account is joined again."""
        version, language, sha256 = (
            self.accepted_version,
            self.accepted_language,
            self.accepted_sha256,
        )
        if version is None or language is None or sha256 is None:
            return None
        return TermsVersion(version=version, language=language, sha256=sha256)

    def with_message(
        self, now: datetime, verify: timedelta, pending: timedelta
    ) -> "AccountRequest":
        """With a message sent now, which never outlives the request (RE-11)."""
        kept_until = self.requested_at + pending
        return dataclasses.replace(
            self,
            tries=0,
            sent_at=now,
            expires_at=min(now + verify, kept_until),
            kept_until=kept_until,
            mail_state="waiting",
            mail_at=None,
            mail_next_try_at=None,
            mail_reason=None,
        )


def resend_at(sent_at: datetime, pause_seconds: int) -> datetime:
    """The earliest time of another message."""
    return sent_at + timedelta(seconds=pause_seconds)


CodeOutcome = Literal["right", "wrong", "void", "expired"]


def check_code(
    expires_at: datetime, tries: int, *, right: bool, now: datetime, max_tries: int
) -> CodeOutcome:
    """The outcome of a typed code after `tries` wrong ones."""
    if expires_at <= now:
        return "expired"
    if tries >= max_tries:
        return "void"
    if right:
        return "right"
    return "void" if tries + 1 >= max_tries else "wrong"


@dataclass(frozen=True, kw_only=True)
class ValidationLink:
    """A link that was mailed for a request."""

    request: AccountRequest
    expires_at: datetime
    replaced: bool
    wrong_passwords: int

    def state(self, now: datetime) -> str:
        """`verified`, `replaced`, `expired` or `valid`."""
        if self.request.state != "pending":
            return "verified"
        if self.replaced:
            return "replaced"
        return "expired" if self.expires_at <= now else "valid"
