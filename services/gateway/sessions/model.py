"""The session: its limits and what it reaches. Pure: the moment is passed in.

A right password opens a session of level `password`, which reaches the steps of the second factor
and nothing else (AU-06); a right code makes it `full`, under another token. The idle and absolute
limits (SE-03) are counted here, never by the browser.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.security.sealing import KeyRing, keyed_hash

#: Lifetime of a partial session: the time for the second factor, enrolment included.
PARTIAL_LIFETIME = timedelta(hours=1)
#: By how much the clocks of two machines may differ. An account that opens no more ends what seems
#: to have been proved so much later too: a sign-in that undoes a freeze within these seconds must
#: be repeated.
CLOCK_SKEW = timedelta(seconds=5)
#: The use of a session is recorded at most this often.
TOUCH_INTERVAL = timedelta(seconds=15)
PROMOTION_PURPOSE = "session promotion"
BROWSER_PURPOSE = "known browser"


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """The operator's limits (SE-03, SE-09, SE-10)."""

    idle: timedelta
    absolute: timedelta
    parallel: int
    fresh: timedelta
    browser: timedelta


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session of an applicant or, at the desk, of an agent.

    `account_id` is then the agent's id. Of applicants alone: `terms_bind_at`, from when a version
    of the terms binds that the account has not accepted yet, and `validated`, whether its
    complementary information is. Of agents alone: `role`, as pages show it, since `support` decides
    at each request what an agent may do, and `shortcuts`, whether they chose keyboard shortcuts.
    """

    id: str
    account_id: str
    level: str
    due: str
    address: str
    first_name: str
    last_name: str
    device: str
    network: str
    enrol_before: datetime | None = None
    enrolment_id: str | None = None
    failures: int
    next: str
    opened_at: datetime
    proved_at: datetime
    code_at: datetime | None = None
    seen_at: datetime
    ends_at: datetime
    terms_bind_at: datetime | None = None
    validated: bool = False
    role: str = ""
    shortcuts: bool | None = None

    @property
    def full(self) -> bool:
        """Whether both factors were given."""
        return self.level == "full"

    @property
    def name(self) -> str:
        """The name, as pages show it."""
        return f"{self.first_name} {self.last_name}"

    def is_expired(self, limits: SessionLimits, now: datetime) -> bool:
        """Whether it has expired."""
        return now >= self.expires_at(limits)

    def expires_at(self, limits: SessionLimits) -> datetime:
        """When it ends if nothing more is done."""
        return min(self.ends_at, self.seen_at + limits.idle)

    def address_is_due(self, now: datetime) -> bool:
        """Whether the address must be proved again before enrolling (OT-13)."""
        if self.due != "enrolment" or self.enrolment_id is not None or self.enrol_before is None:
            return False
        return now >= self.enrol_before

    def terms_are_due(self, now: datetime) -> bool:
        """Whether terms that bind have to be accepted before anything else (RE-13)."""
        return self.terms_bind_at is not None and now >= self.terms_bind_at

    def code_is_fresh(self, limits: SessionLimits, now: datetime) -> bool:
        """Whether the second factor was given a short while ago (SE-09)."""
        return self.code_at is not None and now - self.code_at < limits.fresh


def promoted_token(ring: KeyRing, token: str, press: str) -> str:
    """The token that replaces `token` when a form is accepted; the same for a second click, which
    sends the same token and fields (`press`).

    256 bits under a key that no browser has, so nobody else can compute it.
    """
    return keyed_hash(ring, PROMOTION_PURPOSE, f"{token}.{press}")[1].hex()


def browser_token(ring: KeyRing, token: str, press: str) -> str:
    """The token of a browser that signs in for the first time; the same for a second click."""
    return keyed_hash(ring, BROWSER_PURPOSE, f"{token}.{press}")[1].hex()
