"""The rules of account requests: validity, tries, states of links."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.registration.account_requests import (
    AccountRequest,
    ValidationLink,
    check_code,
    resend_at,
)
from services.registration.settings import RegistrationSettings
from services.registration.views import show_link, show_request
from tests.support.harness.registration_settings import settings

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REQUEST = AccountRequest(
    id="r", account_id="a", address="Pierre@x.fr", address_key="pierre@x.fr", first_name="Pierre",
    last_name="Durand", language="fr", state="pending", decoy=False,
    password_hash="$argon2id$", pepper_key_id="k1", code_key_id="k1", code_hash=b"x", tries=0,
    requested_at=NOON, sent_at=NOON, expires_at=NOON + 24 * HOUR, kept_until=NOON + 48 * HOUR,
    verified_at=None, created_at=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("same", "tries", "hours", "decoy", "outcome"),
    [
        (True, 0, 1, False, "right"),
        (True, 4, 1, False, "right"),
        (True, 5, 1, False, "void"),
        (False, 0, 1, False, "wrong"),
        (False, 3, 1, False, "wrong"),
        (False, 4, 1, False, "void"),
        (True, 0, 24, False, "expired"),
        (False, 5, 25, False, "expired"),
        (True, 0, 1, True, "wrong"),
        (True, 4, 1, True, "void"),
        (True, 0, 24, True, "expired"),
    ],
)
def test_re_03_the_outcome_of_a_code(
    same: bool, tries: int, hours: int, decoy: bool, outcome: str
) -> None:
    request = replace(REQUEST, tries=tries, decoy=decoy)
    right, now = same and not request.decoy, NOON + hours * HOUR
    assert (
        check_code(request.expires_at, request.tries, right=right, now=now, max_tries=5) == outcome
    )


def test_re_11_a_message_never_outlives_its_request() -> None:
    first = REQUEST.with_message(NOON, 24 * HOUR, 48 * HOUR)
    late = REQUEST.with_message(NOON + 30 * HOUR, 24 * HOUR, 48 * HOUR)
    assert first.expires_at == NOON + 24 * HOUR
    assert late.expires_at == late.kept_until == NOON + 48 * HOUR


def link(**changes: object) -> ValidationLink:
    good = ValidationLink(
        request=REQUEST, expires_at=NOON + 24 * HOUR, replaced=False, wrong_passwords=0
    )
    return replace(good, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("the_link", "state"),
    [
        (link(), "valid"),
        (link(replaced=True), "replaced"),
        (link(expires_at=NOON), "expired"),
        (link(request=replace(REQUEST, state="verified"), replaced=True), "verified"),
        (link(request=replace(REQUEST, state="created")), "verified"),
    ],
)
def test_g_11_the_state_of_a_link(the_link: ValidationLink, state: str) -> None:
    assert the_link.state(NOON) == state


def test_re_04_another_browser_needs_the_password() -> None:
    mine = show_link(link(wrong_passwords=2), same_browser=True, max_tries=5, now=NOON)
    other = show_link(link(wrong_passwords=2), same_browser=False, max_tries=5, now=NOON)
    assert (mine.needs_password, other.needs_password) == (False, True)
    assert other.tries_left == 3
    assert other.masked_address == "P***@x.fr"


def test_a_name_is_shown_only_once_the_address_is_verified() -> None:
    pending = show_request(REQUEST, settings(), 5, NOON)
    verified = show_request(
        replace(REQUEST, state="verified", verified_at=NOON), settings(), 5, NOON
    )
    assert (pending.first_name, pending.last_name) == (None, None)
    assert (verified.first_name, verified.last_name) == ("Pierre", "Durand")


def test_b_03_a_decoy_looks_like_any_request() -> None:
    assert show_request(REQUEST, settings(), 5, NOON) == show_request(
        replace(REQUEST, decoy=True), settings(), 5, NOON
    )


def test_resend_waits_a_minute_from_the_latest_message() -> None:
    assert resend_at(NOON, 60) == NOON + timedelta(seconds=60)
    assert isinstance(settings(), RegistrationSettings)
