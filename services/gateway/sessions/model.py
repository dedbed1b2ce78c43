"""What a session is, how long it lives, and what it may do. Pure: the moment is passed in.

A right password opens one of level `password`, which reaches the steps of the second factor and
nothing else (AU-06); a right code makes it `full`, under another token. Its limits are SE-03's,
idle and absolute, both counted here and never by the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.security.sealing import KeyRing, keyed_hash

#: How long a half signed-in person may take for the second factor, enrolment included.
HALF_LIFE = timedelta(hours=1)
#: By how much the clocks of two machines may differ. An account that opens no more ends what seems
#: to have been proved so much later too: nobody gets it opened again within these seconds.
CLOCKS = timedelta(seconds=5)
#: A session is noted as used at most this often.
TOUCH = timedelta(seconds=15)
PROMOTION_PURPOSE = "session promotion"
BROWSER_PURPOSE = "known browser"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The operator's limits (SE-03, SE-09, SE-10)."""

    idle: timedelta
    absolute: timedelta
    parallel: int
    fresh: timedelta
    browser: timedelta


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as its row says; `validated`: its account's complementary information is."""

    id: str
    account_id: str
    level: str
    due: str
    address: str
    first_name: str
    last_name: str
    device: str
    network: str
    enrol_before: datetime
    enrolment_id: str | None
    failures: int
    next: str
    opened_at: datetime
    proved_at: datetime
    code_at: datetime | None
    seen_at: datetime
    ends_at: datetime
    validated: bool = False

    @property
    def full(self) -> bool:
        """Whether both factors were given."""
        return self.level == "full"

    @property
    def name(self) -> str:
        """Who it is, as pages say it."""
        return f"{self.first_name} {self.last_name}"

    def over(self, limits: Limits, now: datetime) -> bool:
        """Whether it has run out."""
        return now >= self.until(limits)

    def until(self, limits: Limits) -> datetime:
        """When it ends if nothing more is done."""
        return min(self.ends_at, self.seen_at + limits.idle)

    def address_is_due(self, now: datetime) -> bool:
        """Whether the address must be proved again before enrolling (OT-13)."""
        return self.due == "enrolment" and self.enrolment_id is None and now >= self.enrol_before

    def code_is_fresh(self, limits: Limits, now: datetime) -> bool:
        """Whether the second factor was given a short while ago (SE-09)."""
        return self.code_at is not None and now - self.code_at < limits.fresh


def promoted_token(ring: KeyRing, token: str, form_key: str) -> str:
    """The token that follows `token` when a form is taken: new, and the same for a second click.

    256 bits under a key that no browser has, so that nobody else can tell it.
    """
    return keyed_hash(ring, PROMOTION_PURPOSE, f"{token}.{form_key}")[1].hex()


def browser_token(ring: KeyRing, token: str, form_key: str) -> str:
    """The mark of a browser that is signed in with for the first time, by that form; likewise."""
    return keyed_hash(ring, BROWSER_PURPOSE, f"{token}.{form_key}")[1].hex()
