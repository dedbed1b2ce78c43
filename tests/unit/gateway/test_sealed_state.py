"""Sealed state of a page opens for its session only (OT-14, B-04)."""

import pytest

from services.gateway.sessions.sealed_state import RECIPIENT, SealedState
from shared.contracts.base import Sealed
from shared.errors import DecryptionError
from shared.security.sealing import KeyRing, Opener, Sealer, new_key


def test_ot_14_sealed_state_opens_for_its_session_only() -> None:
    pages = SealedState(KeyRing.parse(new_key()))
    field = pages.seal("ABCD EFGH", "session-1")
    assert "ABCD" not in field
    assert pages.open(field, "session-1") == "ABCD EFGH"
    assert pages.open(field, "session-2") is None
    assert SealedState(KeyRing.parse(new_key())).open(field, "session-1") is None


@pytest.mark.parametrize("field", ["", "k1", "k1.", ".x", "k1.é", "k9.AAAA", "k1." + "A" * 9000])
def test_ot_14_any_other_text_opens_as_nothing(field: str) -> None:
    assert SealedState(KeyRing.parse(new_key())).open(field, "session-1") is None


def test_s_15_pages_are_sealed_with_a_key_derived_for_that_alone() -> None:
    """The ring's own keys make keyed hashes; what they sealed before still opens."""
    ring = KeyRing.parse(new_key("k1"))
    pages = SealedState(ring)
    field = pages.seal("text", "session-1")
    key_id, _, box = field.partition(".")
    sealed = Sealed(recipient=RECIPIENT, key_id="k1", box=box)
    assert key_id != "k1"
    with pytest.raises(DecryptionError):
        Opener(RECIPIENT, ring).open(sealed, "session-1")
    assert pages.open(f"k1.{box}", "session-1") is None

    before = Sealer(RECIPIENT, ring).seal("text of before", "session-1")
    assert pages.open(f"k1.{before.box}", "session-1") == "text of before"


def test_s_15_derived_keys_differ_by_purpose_and_key() -> None:
    old, new = new_key("k1"), new_key("k2")
    ring = KeyRing.parse(f"{new},{old}")
    keys = [key for purpose in ("page", "other") for _, key in ring.derived(purpose).keys[:2]]
    assert len({*keys, *(key for _, key in ring.keys)}) == 6
    assert ring.derived("page") == ring.derived("page")
    rotated = SealedState(ring)
    assert rotated.open(SealedState(KeyRing.parse(old)).seal("kept", "s"), "s") == "kept"
