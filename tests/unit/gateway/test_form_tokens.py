"""The cookie of forms, the tokens of pages, idempotency keys."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.sessions import tokens
from services.gateway.sessions.sealed_state import SealedState
from services.gateway.sessions.tokens import FormToken
from shared.security.sealing import KeyRing, new_key, new_token

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RING = KeyRing.parse(new_key("k1"))
OTHER = KeyRing.parse(new_key("k1"))
SEALED = SealedState(RING)
ACCOUNT = "8f14e45f-ceea-4c7a-9b1e-0d2f3a4b5c6d"


def test_a_cookie_names_the_same_browser_as_long_as_its_key_is_kept() -> None:
    former, new = new_key("k1"), new_key("k2")
    browser, cookie = tokens.new_cookie(KeyRing.parse(former))
    assert tokens.read_cookie(KeyRing.parse(f"{new},{former}"), cookie) == browser
    assert tokens.read_cookie(KeyRing.parse(new), cookie) is None


def test_cr_01_a_former_key_still_opens_its_form_tokens() -> None:
    former, new = new_key("k1"), new_key("k2")
    token = tokens.form_token(SealedState(KeyRing.parse(former)), "b", ACCOUNT, NOW)
    both = SealedState(KeyRing.parse(f"{new},{former}"))
    assert tokens.read_form_token(both, "b", token, NOW) == FormToken(ACCOUNT, expired=False)


@given(st.data())
def test_se_01_an_altered_cookie_is_refused(data: st.DataObject) -> None:
    _, cookie = tokens.new_cookie(RING)
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.sampled_from("aA0_-.é\n"))
    altered = cookie[:place] + letter + cookie[place + 1 :]
    if altered != cookie:
        assert tokens.read_cookie(RING, altered) is None


@given(st.text(max_size=300))
def test_se_01_an_invented_cookie_or_token_is_refused(text: str) -> None:
    assert tokens.read_cookie(RING, text) is None
    assert tokens.read_form_token(SEALED, "browser", text, NOW) is None


def test_another_ring_signs_nothing_for_us() -> None:
    browser, cookie = tokens.new_cookie(OTHER)
    assert tokens.read_cookie(RING, cookie) is None
    token = tokens.form_token(SealedState(OTHER), browser, "", NOW)
    assert tokens.read_form_token(SEALED, browser, token, NOW) is None


@pytest.mark.parametrize("account_id", ["", ACCOUNT])
def test_wf_05_a_form_token_fits_one_browser_and_names_its_account(account_id: str) -> None:
    mine, theirs = new_token(), new_token()
    first, second = (tokens.form_token(SEALED, mine, account_id, NOW) for _ in range(2))
    assert first != second
    assert ACCOUNT not in first
    for token in (first, second):
        assert tokens.read_form_token(SEALED, mine, token, NOW) == FormToken(account_id, False)
        assert tokens.read_form_token(SEALED, theirs, token, NOW) is None


@pytest.mark.parametrize(
    ("age", "expired"),
    [
        (timedelta(0), False),
        (timedelta(hours=23, minutes=59), False),
        (timedelta(hours=24), True),
        (timedelta(minutes=-1), False),
        (timedelta(minutes=-3), True),
    ],
)
def test_p_05_a_form_expires_after_a_day(age: timedelta, expired: bool) -> None:
    token = tokens.form_token(SEALED, "b", ACCOUNT, NOW)
    read = tokens.read_form_token(SEALED, "b", token, NOW + age)
    assert read == FormToken(ACCOUNT, expired)


def test_s_10_a_press_is_one_token_and_everything_that_was_sent() -> None:
    fields = {"code": "123456", "key": "k"}
    press = tokens.press_hash("t", fields)
    assert press == tokens.press_hash("t", dict(reversed(fields.items())))
    for token, other in (("u", fields), ("t", {**fields, "code": "1"}), ("t", {})):
        assert tokens.press_hash(token, other) != press


FIELDS = {"address": "p@x.fr", "password": "secret"}


@pytest.mark.parametrize(
    "change",
    [
        {"bound": "other"},
        {"form": "other"},
        {"form_key": "other"},
        {"fields": {**FIELDS, "address": "q@x.fr"}},
        {"fields": {"address": "p@x.frpassword", "": "secret"}},
        {"fields": {}},
    ],
)
def test_an_idempotency_key_is_of_one_browser_form_and_content(change: dict[str, object]) -> None:
    same = {"bound": "b", "form": "f", "form_key": "k", "fields": FIELDS}

    def key(**of: object) -> str:
        return tokens.idempotency_key(RING, **of)  # type: ignore[arg-type]

    assert key(**same) == key(**{**same, "fields": dict(reversed(FIELDS.items()))})
    assert key(**same) != key(**{**same, **change})
    assert "secret" not in key(**same)


def test_the_table_keeps_no_token() -> None:
    token = new_token()
    assert len(tokens.token_hash(token)) == 32
    assert token.encode() not in tokens.token_hash(token)
