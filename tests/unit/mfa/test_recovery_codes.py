"""Recovery codes: 80 bits, tolerant input, hashes bound to an account and a key ring."""

import re
import secrets
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mfa.recovery_codes import grouped, hash_code, hashes_of, make_code
from shared.domain.typed_text import read_recovery_code
from shared.security.sealing import KeyRing, new_key

OLD, NEW = new_key("k1"), new_key("k2")
RING = KeyRing.parse(f"{NEW},{OLD}")


def test_ot_14_a_code_has_80_bits_and_does_not_repeat() -> None:
    made = {make_code(secrets.token_bytes(10)) for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(re.fullmatch(r"[A-Z2-7]{16}", code) for code in made)
    # The encoding loses no bit of the source.
    assert len({make_code(bytes([n, *range(9)])) for n in range(256)}) == 256
    with pytest.raises(ValueError, match="10 random bytes"):
        make_code(secrets.token_bytes(8))


@given(st.binary(min_size=10, max_size=10))
def test_ot_14_shown_in_four_groups_and_read_as_people_type(random_bytes: bytes) -> None:
    code = make_code(random_bytes)
    shown = grouped(code)
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", shown)
    spaced = shown.replace("-", " ")
    for typed in (code, shown, spaced, shown.lower(), spaced.replace(" ", "\u202f"), f" {shown} "):
        assert read_recovery_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCD-EFGH-2345-MNO9", "ABCD-EFGH-2345-MNOPQ", "ABCDEFGH2345MNOſ"]
)
def test_no_code(typed: str) -> None:
    assert read_recovery_code(typed) is None


def test_ot_14_a_hash_is_bound_to_an_account_and_found_under_a_former_key() -> None:
    account, other = str(uuid4()), str(uuid4())
    code = make_code(secrets.token_bytes(10))
    key_id, digest = hash_code(RING, account, code)
    assert (key_id, len(digest)) == ("k2", 32)
    assert digest in hashes_of(RING, account, code)
    assert digest not in hashes_of(RING, other, code)
    former = hash_code(KeyRing.parse(OLD), account, code)[1]
    assert former in hashes_of(RING, account, code)
    assert former not in hashes_of(KeyRing.parse(NEW), account, code)
