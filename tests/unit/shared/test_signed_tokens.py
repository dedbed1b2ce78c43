"""Signed tokens hold parts and an expiry, for one purpose, and others are refused (CR-04)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.security import signed_tokens
from shared.security.sealing import KeyRing, new_key

RING = KeyRing.parse(new_key())
UNTIL = datetime(2026, 12, 2, 9, 30, tzinfo=UTC)


def test_cr_04_a_token_holds_its_parts_and_its_expiry() -> None:
    token = signed_tokens.sign(RING, "one purpose", ("account-1", "mail_2"), UNTIL)
    assert signed_tokens.read(RING, "one purpose", token) == signed_tokens.Signed(
        ("account-1", "mail_2"), UNTIL
    )


def test_cr_04_a_token_is_valid_for_one_purpose() -> None:
    token = signed_tokens.sign(RING, "one purpose", ("a",), UNTIL)
    assert signed_tokens.read(RING, "another purpose", token) is None
    assert signed_tokens.read(KeyRing.parse(new_key()), "one purpose", token) is None


def test_cr_01_a_token_of_a_former_key_is_read_while_the_key_is_in_the_ring() -> None:
    token = signed_tokens.sign(RING, "purpose", ("a",), UNTIL)
    renewed = KeyRing((*KeyRing.parse(new_key("k2")).keys, *RING.keys))
    assert signed_tokens.read(renewed, "purpose", token) is not None


@given(st.integers(0, 200), st.sampled_from("abcXYZ019.-_="))
def test_cr_04_an_altered_token_is_refused(place: int, character: str) -> None:
    token = signed_tokens.sign(RING, "purpose", ("a" * 32, "b" * 32), UNTIL)
    changed = token[:place] + character + token[place + 1 :]
    assert (signed_tokens.read(RING, "purpose", changed) is not None) == (changed == token)


@pytest.mark.parametrize("text", ["", ".", "..", "é.a.b", "1.a.k1.", "1" * 500, "x.a.k1.AAAA"])
def test_cr_04_junk_is_no_token(text: str) -> None:
    assert signed_tokens.read(RING, "purpose", text) is None


def test_parts_must_be_identifiers() -> None:
    for part in ("a.b", "", "é", "a b"):
        with pytest.raises(ValueError, match="identifiers"):
            signed_tokens.sign(RING, "purpose", (part,), UNTIL)
