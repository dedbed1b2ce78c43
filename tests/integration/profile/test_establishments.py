"""What a SIRET says, as it is typed (B-07)."""

from __future__ import annotations

import pytest

from shared.contracts.profile import EstablishmentView, FindEstablishment
from tests.integration.profile.room import Desk


@pytest.mark.parametrize(
    ("typed", "code"),
    [("73282932000079", "wrong_key"), ("1234", "wrong_length"), ("", "wrong_length"),
     ("7" * 100_000, "wrong_length")],
)  # fmt: skip
async def test_b_07_a_wrong_number_is_told_without_asking_anybody(
    desk: Desk, typed: str, code: str
) -> None:
    view: EstablishmentView = await desk.ask(FindEstablishment(siret=typed))
    assert view.state == "invalid"
    assert view.error is not None
    assert (view.error.field, view.error.code) == ("siret", code)


async def test_si_07_the_directory_is_off_by_default(desk: Desk) -> None:
    view = await desk.ask(FindEstablishment(siret="732 829 320 00074"))
    assert view == EstablishmentView(state="off")
