"""Cookies, form tokens and idempotency keys."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.sessions import tokens
from services.gateway.sessions.tokens import AnonymousCookie, PresessionCookie
from shared.security.sealing import KeyRing, new_key, new_token

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RING = KeyRing.parse(new_key("k1"))
OTHER = KeyRing.parse(new_key("k1"))


def test_an_anonymous_cookie_is_valid_for_a_day() -> None:
    cookie = tokens.new_anonymous(RING, NOW)
    assert tokens.read_cookie(RING, cookie, NOW) == AnonymousCookie(cookie)
    almost = NOW + timedelta(hours=23, minutes=59)
    assert tokens.read_cookie(RING, cookie, almost) == AnonymousCookie(cookie)
    assert tokens.read_cookie(RING, cookie, NOW + timedelta(hours=24)) is None
    assert tokens.read_cookie(RING, cookie, NOW - timedelta(minutes=1)) == AnonymousCookie(cookie)
    assert tokens.read_cookie(RING, cookie, NOW - timedelta(minutes=3)) is None


def test_cr_01_a_former_key_still_verifies_its_signatures() -> None:
    former, new = new_key("k1"), new_key("k2")
    old, both = KeyRing.parse(former), KeyRing.parse(f"{new},{former}")
    cookie = tokens.new_anonymous(old, NOW)
    assert tokens.read_cookie(both, cookie, NOW) == AnonymousCookie(cookie)
    assert tokens.is_valid_form_token(both, cookie, tokens.form_token(old, cookie))
    assert tokens.read_cookie(KeyRing.parse(new), cookie, NOW) is None


@given(st.data())
def test_se_01_an_altered_cookie_is_refused(data: st.DataObject) -> None:
    cookie = tokens.new_anonymous(RING, NOW)
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.sampled_from("aA0_-.é\n"))
    altered = cookie[:place] + letter + cookie[place + 1 :]
    if altered != cookie:
        assert tokens.read_cookie(RING, altered, NOW) is None


@given(st.text(max_size=300))
def test_se_01_any_cookie_is_read_or_refused(text: str) -> None:
    read = tokens.read_cookie(RING, text, NOW)
    assert read is None or read == PresessionCookie(text)
    assert not tokens.is_valid_form_token(RING, "cookie", text)


def test_another_ring_signs_nothing_for_us() -> None:
    cookie = tokens.new_anonymous(OTHER, NOW)
    assert tokens.read_cookie(RING, cookie, NOW) is None
    token = tokens.form_token(OTHER, cookie)
    assert not tokens.is_valid_form_token(RING, cookie, token)


def test_wf_05_a_form_token_fits_one_cookie_and_is_never_twice_the_same() -> None:
    mine, theirs = new_token(), new_token()
    first, second = tokens.form_token(RING, mine), tokens.form_token(RING, mine)
    assert first != second
    assert tokens.is_valid_form_token(RING, mine, first)
    assert tokens.is_valid_form_token(RING, mine, second)
    assert not tokens.is_valid_form_token(RING, theirs, first)
    assert not tokens.is_valid_form_token(RING, mine, "")


FIELDS = {"address": "p@x.fr", "password": "secret"}


@pytest.mark.parametrize(
    "change",
    [
        {"cookie": "other"},
        {"form": "other"},
        {"form_key": "other"},
        {"fields": {**FIELDS, "address": "q@x.fr"}},
        {"fields": {"address": "p@x.frpassword", "": "secret"}},
        {"fields": {}},
    ],
)
def test_an_idempotency_key_is_of_one_browser_form_and_content(change: dict[str, object]) -> None:
    same = {"cookie": "c", "form": "f", "form_key": "k", "fields": FIELDS}

    def key(**of: object) -> str:
        return tokens.idempotency_key(RING, **of)  # type: ignore[arg-type]

    assert key(**same) == key(**{**same, "fields": dict(reversed(FIELDS.items()))})
    assert key(**same) != key(**{**same, **change})
    assert "secret" not in key(**same)


def test_the_table_keeps_no_token() -> None:
    token = new_token()
    assert len(tokens.token_hash(token)) == 32
    assert token.encode() not in tokens.token_hash(token)
