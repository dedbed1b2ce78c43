"""Account states, states of mailed links, and the login throttle."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.registration.account_requests import check_code
from services.registration.accounts import (
    Account,
    AddressCode,
    Credentials,
    MailedLink,
    alone_refusal,
    freeze_consequence,
    recently_changed,
)
from services.registration.login_throttle import ThrottleScope
from services.registration.views import show_address_code
from shared.domain.rate_limits import Quota, Throttle
from shared.security.password_hashing import PasswordHash
from tests.support.harness.registration_settings import settings

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ACCOUNT = Account(
    id="a", address="Pierre@x.fr", address_key="pierre@x.fr", first_name="Pierre",
    last_name="Durand", language="fr", state="active", verified_at=NOON,
    credentials=Credentials(password=PasswordHash("$argon2id$", "k1"), changes=0, set_at=NOON),
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "desk_only", "can_sign_in", "can_reset", "can_report"),
    [
        ("active", False, True, True, True),
        ("thawing", False, True, True, True),
        ("frozen", False, False, True, True),
        ("frozen", True, False, False, True),
        ("deactivated", False, False, False, False),
    ],
)
def test_what_each_state_permits(
    state: str, desk_only: bool, can_sign_in: bool, can_reset: bool, can_report: bool
) -> None:
    account = replace(ACCOUNT, state=state, desk_only=desk_only)
    found = (account.can_sign_in, account.can_reset_password, account.can_report_lost_phone)
    assert found == (can_sign_in, can_reset, can_report)
    bare = replace(account, credentials=None)
    assert (bare.can_sign_in, bare.can_reset_password, bare.can_report_lost_phone) == (
        False,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("state", "credentials", "taken"),
    [
        ("active", None, False),
        ("active", ACCOUNT.credentials, True),
        ("deactivated", None, True),
        ("frozen", ACCOUNT.credentials, True),
    ],
)
def test_which_address_gets_a_decoy(
    state: str, credentials: Credentials | None, taken: bool
) -> None:
    assert replace(ACCOUNT, state=state, credentials=credentials).is_taken is taken


def test_a_password_is_the_same_until_it_is_changed() -> None:
    rehashed = replace(
        ACCOUNT, credentials=Credentials(password=PasswordHash("$x", "k2"), changes=0, set_at=NOON)
    )
    changed = replace(
        ACCOUNT, credentials=Credentials(password=PasswordHash("$x", "k2"), changes=1, set_at=NOON)
    )
    assert rehashed.same_password(ACCOUNT)
    assert not changed.same_password(ACCOUNT)
    assert not replace(ACCOUNT, credentials=None).same_password(ACCOUNT)
    assert not ACCOUNT.same_password(replace(ACCOUNT, credentials=None))


@pytest.mark.parametrize(("days", "doubt"), [(0, True), (13.99, True), (14, False)])
def test_phone_and_address_changes_are_recent_for_two_weeks(days: float, doubt: bool) -> None:
    changed_at = NOON - timedelta(days=days)
    assert recently_changed(replace(ACCOUNT, phone_replaced_at=changed_at), NOON) == doubt
    assert recently_changed(replace(ACCOUNT, address_changed_at=changed_at), NOON) == doubt
    assert not recently_changed(ACCOUNT, NOON)


@pytest.mark.parametrize(
    ("state", "desk_only", "days", "expected"),
    [
        ("active", False, 0, "none"),
        ("frozen", False, -1, "desk_only"),
        ("frozen", False, 1, "desk_only"),
        ("frozen", True, -1, "none"),
        ("frozen", False, -14, "none"),
        ("thawing", False, -1, "freeze"),
        ("thawing", False, 0, "freeze"),
        ("thawing", False, 1, "none"),
        ("thawing", False, -14, "none"),
    ],
)
def test_a_replacement_reported_late(
    state: str, desk_only: bool, days: float, expected: str
) -> None:
    frozen_at = None if state == "active" else NOON
    account = replace(ACCOUNT, state=state, desk_only=desk_only, frozen_at=frozen_at)
    assert freeze_consequence(account, NOON + timedelta(days=days)) == expected


@pytest.mark.parametrize(
    ("replaced", "used", "hours", "expected"),
    [
        (False, False, 0, "valid"),
        (False, False, 1, "expired"),
        (True, False, 0, "replaced"),
        (True, False, 2, "replaced"),
        (False, True, 2, "used"),
    ],
)
def test_the_state_of_a_mailed_link(replaced: bool, used: bool, hours: int, expected: str) -> None:
    link = MailedLink(
        kind="password", account_id="a", stolen=False, requested_at=NOON,
        expires_at=NOON + timedelta(hours=1), replaced=replaced, used_at=NOON if used else None,
    )  # fmt: skip
    assert link.state(NOON + timedelta(hours=hours)) == expected


@pytest.mark.parametrize(
    ("tries", "right", "minutes", "expected"),
    [
        (0, True, 0, "right"),
        (4, True, 9, "right"),
        (5, True, 0, "void"),
        (3, False, 0, "wrong"),
        (4, False, 0, "void"),
        (0, True, 10, "expired"),
    ],
)
def test_ot_13_the_outcome_of_an_address_code(
    tries: int, right: bool, minutes: int, expected: str
) -> None:
    expires_at, now = NOON + timedelta(minutes=10), NOON + timedelta(minutes=minutes)
    assert check_code(expires_at, tries, right=right, now=now, max_tries=5) == expected


def test_ot_13_a_used_or_old_code_is_replaced_and_a_void_one_is_shown() -> None:
    code = AddressCode(
        account_id="a", code_key_id="k1", code_hash=b"x", tries=5, sent_at=NOON,
        expires_at=NOON + timedelta(minutes=10),
    )  # fmt: skip
    assert code.is_usable(NOON)
    assert not code.is_usable(NOON + timedelta(minutes=10))
    assert not replace(code, used_at=NOON).is_usable(NOON)
    view = show_address_code(code, "Pierre@x.fr", settings())
    assert (view.tries_left, view.resend_at) == (0, NOON + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("count", "seconds"), [(4, None), (5, 90), (6, None), (24, None), (25, 86_400 - 24), (26, None)]
)
def test_which_attempt_locks_a_scope(count: int, seconds: int | None) -> None:
    """One a second; those of the day before do not count."""
    scope = ThrottleScope(kind="sign_in", keys=("x",), limit=Throttle())
    now = NOON + timedelta(seconds=count - 1)
    wrong = [NOON + timedelta(seconds=each) for each in range(count)]
    wrong += [NOON - 2 * DAY] * 9
    until = None if seconds is None else now + timedelta(seconds=seconds)
    assert scope.locks_until(wrong, now) == until


def test_a_ceiling_is_reached_once() -> None:
    scope = ThrottleScope(
        kind="sign_in_address", keys=("x",), limit=Quota(name="x", limit=3, window=DAY)
    )
    found = [scope.locks_until([NOON] * count, NOON) for count in (2, 3, 4)]
    assert found == [None, NOON + DAY, None]


@pytest.mark.parametrize(
    ("changes", "password_days", "refusal"),
    [
        ({}, 30, ""),
        ({}, 400, ""),
        ({}, 29.99, "password_lately"),
        ({"address_changed_at": NOON - 30 * DAY}, 30, ""),
        ({"address_changed_at": NOON - 29.99 * DAY}, 30, "address_lately"),
        ({"address_changed_at": NOON}, 1, "password_lately"),
        *(({"state": state}, 30, "closed") for state in ("frozen", "thawing", "deactivated")),
    ],
)
def test_ot_15_who_may_do_without_an_agent(
    changes: dict[str, object], password_days: float, refusal: str
) -> None:
    assert ACCOUNT.credentials is not None
    own = replace(ACCOUNT.credentials, set_at=NOON - password_days * DAY)
    account = replace(ACCOUNT, credentials=own, **changes)  # type: ignore[arg-type]
    assert alone_refusal(account, NOON) == refusal
    assert alone_refusal(replace(account, credentials=None), NOON) == "closed"
    compromised = replace(own, reset_required=True)
    assert alone_refusal(replace(account, credentials=compromised), NOON) == "closed"
