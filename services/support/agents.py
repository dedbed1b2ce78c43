"""An agent's account: its states, what each allows, and its password. Pure.

    proposed → accepted → invited → active ⇄ suspended → removed
                                    active → to_enrol → active

`accepted` waits for its mailed link; `to_enrol` gives password and second factor anew. An agent is
a newcomer for `NEWCOMER_TIME` after a second factor was enrolled, and approves nothing until then.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from zxcvbn import zxcvbn

from shared.contracts.base import FieldError
from shared.domain.typed_text import UnsafeText, clean_email
from shared.security.password_hashing import PasswordHash, normalize

#: How long a newcomer approves nothing.
NEWCOMER_TIME = timedelta(hours=72)
#: How long a mailed link lives: an invitation, and one that gives a second factor anew.
INVITATION_TIME = timedelta(hours=48)
RESET_TIME = timedelta(hours=24)
#: How long after the link was used a second factor may be enrolled with the password alone.
ENROL_TIME = timedelta(hours=1)
MAX_ADDRESS = 254
#: Agents reach other people's data: their passwords are longer than applicants' (ANSSI R21).
MIN_PASSWORD, MAX_PASSWORD = 14, 128
#: Of zxcvbn, from 0 to 4.
MIN_SCORE = 3
#: zxcvbn reads this much of a password: its time grows faster than the length.
MAX_SCORED = 64
#: Words of this many letters of a name or an address are not part of the password.
MIN_PERSONAL = 4
MAY_SIGN_IN = ("active", "to_enrol")
#: States that a supervisor may suspend, or remove.
SUSPENDABLE = ("active", "to_enrol", "invited", "accepted")
REMOVABLE = (*SUSPENDABLE, "suspended", "proposed")


@dataclass(frozen=True, kw_only=True)
class Agent:
    """An agent, as the table has one."""

    id: str
    address: str
    first_name: str
    last_name: str
    language: str
    role: str
    state: str
    since: datetime
    password: PasswordHash | None = None
    proposed_by: str | None = None
    approved_by: str | None = None
    joined_at: datetime | None = None
    enrol_before: datetime | None = None
    seen_at: datetime | None = None
    failures: int = 0

    @property
    def name(self) -> str:
        """As colleagues read it: the address until a name was given."""
        return f"{self.first_name} {self.last_name}".strip() or self.address

    @property
    def name_and_address(self) -> str:
        """As those who decide about the agent read it: two may have the same name."""
        return self.address if self.name == self.address else f"{self.name}, {self.address}"

    @property
    def newcomer_until(self) -> datetime | None:
        """Until when the agent approves nothing."""
        return None if self.joined_at is None else self.joined_at + NEWCOMER_TIME

    def is_newcomer(self, now: datetime) -> bool:
        """Whether the agent approves nothing yet."""
        until = self.newcomer_until
        return until is None or now < until

    def has_same_password(self, other: "Agent") -> bool:
        """Whether neither was given another password since."""
        mine, theirs = self.password, other.password
        if mine is None or theirs is None:
            return False
        return hmac.compare_digest(mine.text, theirs.text)

    @property
    def may_sign_in(self) -> bool:
        """Whether the password opens anything."""
        return self.state in MAY_SIGN_IN

    @property
    def may_work(self) -> bool:
        """Whether the agent may see and do what the role allows."""
        return self.state == "active"


def parse_agent_address(typed: str, domains: Iterable[str]) -> str:
    """The address of an agent; ValueError says what is wrong with it.

    `domains` are those permitted, their subdomains not included; none permits all.
    """
    try:
        valid = validate_email(
            clean_email(typed, MAX_ADDRESS),
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
        )
    except (EmailNotValidError, UnsafeText):
        raise ValueError("is not an e-mail address that mail reaches") from None
    permitted = [domain.lower() for domain in domains]
    if permitted and valid.ascii_domain.lower() not in permitted:
        raise ValueError(f"must be an address of {', '.join(permitted)}")
    return f"{valid.local_part}@{valid.ascii_domain}"


def agent_key(address: str) -> str:
    """What addresses of agents are compared by."""
    return clean_email(address, MAX_ADDRESS).lower()


def check_agent_password(
    password: str, *, personal: Iterable[str], link_token: str = ""
) -> FieldError | None:
    """What is wrong with an agent's password, or None (PW-01, RE-07).

    `personal` are names and addresses. The token of the link is not the password.
    """

    def error(code: str, **params: str | int) -> FieldError:
        return FieldError(field="password", code=code, params=params)

    text = normalize(password)
    if len(text) < MIN_PASSWORD:
        return error("too_short", min=MIN_PASSWORD)
    if len(text) > MAX_PASSWORD:
        return error("too_long", max=MAX_PASSWORD)
    folded = text.casefold()
    if link_token and link_token.casefold() in folded:
        return error("not_the_link")
    words = {word for part in personal for word in re.split(r"[\W_]+", part.casefold())}
    if any(len(word) >= MIN_PERSONAL and word in folded for word in words):
        return error("personal")
    if zxcvbn(text[:MAX_SCORED])["score"] < MIN_SCORE:
        return error("too_simple")
    return None
