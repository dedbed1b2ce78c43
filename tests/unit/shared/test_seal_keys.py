"""S-02: who seals cannot open; what was sealed under a former shared key still opens."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import Sealed
from shared.contracts.registration.requests import VerifyCode
from shared.errors import DecryptionError
from shared.security.seal_keys import OpeningRing, SealingRing, SealRing, new_seal_key
from shared.security.sealing import KeyRing, Opener, Sealer, new_key, seal_context

PAIR, NEWER, SHARED = new_seal_key("p1"), new_seal_key("p2"), new_key("k1")
CONTEXT = seal_context(VerifyCode, "code")
OPENER = Opener("registration", OpeningRing.parse(PAIR))
SENDERS = SealingRing.parse(OpeningRing.parse(PAIR).for_senders())
SEALER = Sealer("registration", SENDERS)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts)
def test_s_02_the_reader_opens_and_the_sender_cannot(plain: str) -> None:
    sealed = SEALER.seal(plain, CONTEXT)
    assert OPENER.open(sealed, CONTEXT) == plain
    with pytest.raises(DecryptionError, match="only its public key"):
        Opener("registration", SENDERS).open(sealed, CONTEXT)
    with pytest.raises(DecryptionError):
        Opener("registration", OpeningRing.parse(new_seal_key("p1"))).open(sealed, CONTEXT)


@pytest.mark.parametrize(
    ("recipient", "key_id", "context"),
    [
        ("mailer", "p1", CONTEXT),
        ("registration", "p2", CONTEXT),
        ("registration", "k1", CONTEXT),
        ("registration", "p1", "registration.VerifyLink.v1/link_token"),
        ("registration", "p1", ""),
    ],
)
def test_s_02_a_seal_opens_for_its_reader_key_and_field_only(
    recipient: str, key_id: str, context: str
) -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    other = Sealed(recipient=recipient, key_id=key_id, box=sealed.box)
    ring = OpeningRing.parse(f"{PAIR},{NEWER},{SHARED}")
    with pytest.raises(DecryptionError):
        Opener(recipient, ring).open(other, context)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_s_02_any_altered_byte_is_refused(position: int, mask: int) -> None:
    sealed = SEALER.seal("123456", CONTEXT)
    box = bytearray(base64.urlsafe_b64decode(sealed.box))
    box[position % len(box)] ^= mask
    altered = Sealed(
        recipient="registration", key_id="p1", box=base64.urlsafe_b64encode(box).decode()
    )
    with pytest.raises(DecryptionError):
        OPENER.open(altered, CONTEXT)


@given(st.text(max_size=120) | st.binary(max_size=120).map(base64.urlsafe_b64encode))
def test_s_02_any_rubbish_is_refused_as_such(box: str | bytes) -> None:
    text = box if isinstance(box, str) else box.decode()
    with pytest.raises(DecryptionError):
        OPENER.open(Sealed(recipient="registration", key_id="p1", box=text), CONTEXT)


def test_s_02_two_seals_of_one_secret_are_never_alike() -> None:
    assert len({SEALER.seal("123456", CONTEXT).box for _ in range(50)}) == 50


def test_s_02_what_a_former_shared_key_sealed_opens_until_it_is_rotated_out() -> None:
    stored = Sealer("registration", SealingRing.parse(SHARED)).seal("123456", CONTEXT)
    by_key_ring = Sealer("registration", KeyRing.parse(SHARED)).seal("654321", CONTEXT)
    both = Opener("registration", OpeningRing.parse(f"{PAIR},{SHARED}"))
    assert both.open(stored, CONTEXT) == "123456"
    assert both.open(by_key_ring, CONTEXT) == "654321"
    assert both.open(SEALER.seal("000000", CONTEXT), CONTEXT) == "000000"
    with pytest.raises(DecryptionError, match="not in the ring"):
        OPENER.open(stored, CONTEXT)


@pytest.mark.parametrize(
    ("reader", "senders"),
    [
        (PAIR, ["p1"]),
        (f"{NEWER},{PAIR}", ["p2", "p1"]),
        (SHARED, ["k1"]),  # an installation of before: nothing else seals yet
        (f"{PAIR},{SHARED}", ["p1"]),
        (f"{SHARED},{PAIR}", ["k1", "p1"]),  # the reader is ready, the senders come next
    ],
    ids=["a pair", "two pairs", "shared", "a pair, shared", "shared, a pair"],
)
def test_s_02_senders_are_given_public_halves(reader: str, senders: list[str]) -> None:
    text = OpeningRing.parse(reader).for_senders()
    assert [key_id for key_id, _ in SealingRing.parse(text).keys] == senders
    assert "private" not in text
    sealed = Sealer("registration", SealingRing.parse(text)).seal("123456", CONTEXT)
    assert Opener("registration", OpeningRing.parse(reader)).open(sealed, CONTEXT) == "123456"


def test_a_process_of_reader_and_sender_seals_with_the_pair_itself() -> None:
    sealed = Sealer("registration", SealingRing.parse(PAIR)).seal("123456", CONTEXT)
    assert OPENER.open(sealed, CONTEXT) == "123456"


PUBLIC = OpeningRing.parse(PAIR).for_senders()


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (OpeningRing, PUBLIC, "is public"),
        (OpeningRing, f"{NEWER},{PUBLIC}", "is public"),
        (SealRing, "p1", "must be written"),
        (SealRing, "p1:x25519-private", "is not base64"),
        (SealRing, "p1:x25519-private:abc", "is not base64"),
        (SealRing, "p1:x25519-public:" + base64.b64encode(bytes(32)).decode(), "is not random"),
        (SealRing, "p1:x25519-public:" + base64.b64encode(b"short").decode(), "has 5 bytes"),
        (SealRing, PAIR.replace("x25519-private", "rsa-private"), "must be x25519-private"),
        (SealRing, f"{PAIR},{PAIR}", "used twice"),
        (SealRing, f"{PAIR},{PAIR.replace('p1:', 'p2:')}", "repeats another key"),
        (SealRing, f"{PAIR},{PUBLIC.replace('p1:', 'p2:')}", "repeats another key"),
        (SealRing, f"{SHARED},{SHARED.replace('k1:', 'k2:')}", "repeats another key"),
    ],
    ids=range(12),
)
def test_a_wrong_ring_is_refused_without_showing_a_key(
    kind: type[SealRing], text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        kind.parse(text)
    for entry in text.split(","):
        secret = entry.rpartition(":")[2]
        assert len(secret) < 20 or secret not in str(refused.value)
    assert PAIR.rpartition(":")[2] not in repr(OpeningRing.parse(PAIR))
