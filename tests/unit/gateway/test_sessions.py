"""A session's limits and their consequences, with a moved clock (SE-03, SE-09, OT-13)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.sessions.model import Session, SessionLimits, browser_token, promoted_token
from shared.security.sealing import KeyRing, new_key

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LIMITS = SessionLimits(
    idle=timedelta(minutes=30),
    absolute=timedelta(hours=8),
    parallel=3,
    fresh=timedelta(minutes=15),
    browser=timedelta(days=90),
)
FULL = Session(
    id="s",
    account_id="a",
    level="full",
    due="code",
    address="p@x.fr",
    first_name="Pierre",
    last_name="Durand",
    device="Firefox, Windows",
    network="192.0.2.0/24",
    enrol_before=NOW + timedelta(hours=24),
    enrolment_id=None,
    failures=0,
    next="",
    opened_at=NOW,
    proved_at=NOW,
    code_at=NOW,
    seen_at=NOW,
    ends_at=NOW + LIMITS.absolute,
)
HALF = replace(FULL, level="password", due="enrolment", code_at=None)


@pytest.mark.parametrize(
    ("seconds", "over"), [(0, False), (30 * 60 - 1, False), (30 * 60, True), (30 * 60 + 1, True)]
)
def test_se_03_idle(seconds: int, over: bool) -> None:
    assert FULL.is_expired(LIMITS, NOW + timedelta(seconds=seconds)) is over


def test_se_03_activity_extends_the_idle_limit_but_not_the_absolute_one() -> None:
    active = replace(FULL, seen_at=NOW + timedelta(hours=7, minutes=50))
    assert active.expires_at(LIMITS) == NOW + timedelta(hours=8)
    assert not active.is_expired(LIMITS, NOW + timedelta(hours=7, minutes=59, seconds=59))
    assert active.is_expired(LIMITS, NOW + timedelta(hours=8))


def test_ot_13_the_address_is_due_before_a_late_first_enrolment_only() -> None:
    late = NOW + timedelta(hours=24)
    assert not HALF.address_is_due(late - timedelta(seconds=1))
    assert HALF.address_is_due(late)
    # A recovery code allowed the enrolment of another phone: no verification of the address.
    assert not replace(HALF, enrolment_id="e").address_is_due(late)
    assert not replace(HALF, due="code").address_is_due(late)


def test_se_09_a_code_is_fresh_for_a_quarter_of_an_hour() -> None:
    assert FULL.code_is_fresh(LIMITS, NOW + timedelta(minutes=14, seconds=59))
    assert not FULL.code_is_fresh(LIMITS, NOW + timedelta(minutes=15))
    assert not HALF.code_is_fresh(LIMITS, NOW)


def test_au_14_a_promoted_token_is_new_stable_for_a_second_click_and_unique() -> None:
    ring, other = KeyRing.parse(new_key()), KeyRing.parse(new_key())
    first = promoted_token(ring, "token", "key")
    assert first == promoted_token(ring, "token", "key")
    assert len(bytes.fromhex(first)) == 32
    assert (
        len({first, promoted_token(ring, "token", "key2"), promoted_token(ring, "t2", "key")}) == 3
    )
    assert first != promoted_token(other, "token", "key")


def test_se_01_a_browsers_mark_is_the_same_for_a_second_click_and_no_sessions_token() -> None:
    ring = KeyRing.parse(new_key())
    mark = browser_token(ring, "token", "key")
    assert mark == browser_token(ring, "token", "key")
    assert mark not in (browser_token(ring, "token", "key2"), promoted_token(ring, "token", "key"))
