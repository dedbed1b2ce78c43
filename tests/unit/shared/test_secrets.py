"""Sealed fields open for their recipient and context, under any key of the ring, unaltered."""

import base64
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shared.contracts.base import Sealed
from shared.contracts.mfa.views import EnrolmentView
from shared.contracts.registration.events import AccountRequested
from shared.contracts.registration.requests import VerifyCode
from shared.errors import DecryptionError
from shared.security.sealing import (
    KeyRing,
    Opener,
    Sealer,
    keyed_hash,
    keyed_hashes,
    matches,
    new_code,
    new_key,
    new_token,
    seal_context,
)

OLD, NEW = new_key("k1"), new_key("k2")
RING = KeyRing.parse(f"{NEW},{OLD}")
FORMER = KeyRing.parse(OLD)
CONTEXT = seal_context(AccountRequested, "code")
SEALER = Sealer("mailer", RING)
OPENER = Opener("mailer", RING)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts)
def test_a_sealed_field_opens_and_its_repr_shows_nothing(plain: str) -> None:
    sealed = SEALER.seal(plain, CONTEXT)
    assert OPENER.open(sealed, CONTEXT) == plain
    travelled = msgspec.json.decode(msgspec.json.encode(sealed), type=Sealed)
    assert OPENER.open(travelled, CONTEXT) == plain
    assert len(plain) < 4 or plain not in sealed.box
    assert sealed.box not in repr(sealed)


def test_the_same_secret_is_never_sealed_twice_alike() -> None:
    assert len({SEALER.seal("123456", CONTEXT).box for _ in range(200)}) == 200


def test_a_former_key_still_opens_and_the_current_one_seals() -> None:
    sealed = Sealer("mailer", FORMER).seal("123456", CONTEXT)
    assert OPENER.open(sealed, CONTEXT) == "123456"
    assert SEALER.seal("123456", CONTEXT).key_id == "k2"
    with pytest.raises(DecryptionError, match="not in the ring"):
        Opener("mailer", FORMER).open(SEALER.seal("123456", CONTEXT), CONTEXT)


@pytest.mark.parametrize(
    ("recipient", "context"),
    [
        ("registration", CONTEXT),
        ("mailer", seal_context(AccountRequested, "link_token")),
        ("mailer", seal_context(VerifyCode, "code")),
        ("mailer", ""),
    ],
)
def test_a_sealed_field_opens_nowhere_else(recipient: str, context: str) -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    with pytest.raises(DecryptionError):
        Opener(recipient, RING).open(sealed, context)


def test_a_relabelled_recipient_or_key_does_not_open() -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    for changed in ({"recipient": "registration"}, {"key_id": "k1"}, {"key_id": "zz"}):
        forged = msgspec.structs.replace(sealed, **changed)
        with pytest.raises(DecryptionError):
            Opener(forged.recipient, RING).open(forged, CONTEXT)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_cr_11_any_altered_byte_is_refused(position: int, mask: int) -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    box = bytearray(base64.urlsafe_b64decode(sealed.box))
    box[position % len(box)] ^= mask
    altered = msgspec.structs.replace(sealed, box=base64.urlsafe_b64encode(box).decode())
    with pytest.raises(DecryptionError):
        OPENER.open(altered, CONTEXT)


@given(st.text(max_size=80))
def test_cr_11_any_rubbish_is_refused_as_such(box: str) -> None:
    with pytest.raises(DecryptionError):
        OPENER.open(Sealed(recipient="mailer", key_id="k2", box=box), CONTEXT)


def test_cr_11_a_failure_to_open_is_logged_as_crypto_decrypt_fail() -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    with capture_logs() as lines, pytest.raises(DecryptionError):
        OPENER.open(sealed, "elsewhere")
    assert [line["action"] for line in lines] == ["crypto_decrypt_fail"]
    assert sealed.box not in str(lines)


def test_a_context_needs_a_field_of_the_message() -> None:
    assert CONTEXT == "registration.AccountRequested.v1/code"
    with pytest.raises(ValueError, match="no field"):
        seal_context(AccountRequested, "cod")
    with pytest.raises(ValueError, match="no field"):
        seal_context(EnrolmentView, "cod")


def test_a_reply_binds_its_secrets_by_its_name() -> None:
    assert seal_context(EnrolmentView, "key") == "EnrolmentView/key"


@given(texts, texts)
def test_re_02_keyed_hashes_match_the_value_and_the_purpose_only(value: str, other: str) -> None:
    key_id, digest = keyed_hash(RING, "code", value)
    assert (key_id, len(digest)) == ("k2", 32)
    assert matches(RING, "code", value, key_id, digest)
    assert matches(RING, "code", other, key_id, digest) is (other == value)
    assert not matches(RING, "link", value, key_id, digest)
    assert not matches(RING, "code", value, "k1", digest)
    assert not matches(RING, "code", value, "gone", digest)
    assert digest in keyed_hashes(RING, "code", value)


def test_cr_04_purpose_and_value_cannot_be_shifted_into_each_other() -> None:
    assert keyed_hash(RING, "ab", "c") != keyed_hash(RING, "a", "bc")


def test_a_hash_under_a_former_key_is_found_among_all() -> None:
    _, digest = keyed_hash(FORMER, "link", "token")
    assert digest in keyed_hashes(RING, "link", "token")
    assert matches(RING, "link", "token", "k1", digest)


def test_re_01_tokens_have_256_bits_and_codes_keep_leading_zeros() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
    codes = {new_code() for _ in range(2_000)}
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert any(code.startswith("0") for code in codes)
    assert len(new_code(8)) == 8


def test_a_new_key_is_accepted_by_a_ring_as_written_in_a_setting() -> None:
    ring = KeyRing.parse(f" {new_key('a')} , {new_key('b')} ")
    assert [key_id for key_id, _ in ring.keys] == ["a", "b"]
    urlsafe = new_key("c").replace("+", "-").replace("/", "_")
    assert KeyRing.parse(urlsafe).current[0] == "c"
