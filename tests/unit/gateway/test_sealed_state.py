"""Sealed state of a page opens for its session only (OT-14, B-04)."""

import pytest

from services.gateway.sessions.sealed_state import SealedState
from shared.security.sealing import KeyRing, new_key


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
