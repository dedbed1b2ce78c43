"""What other applications tell of dossiers, in any order and twice (G-43)."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration.dossiers.room import (
    Shelf,
    changed,
    decided,
    filed,
    saved,
)


async def test_g_43_a_dossier_goes_from_draft_to_decision(shelf: Shelf) -> None:
    await shelf.tell(saved())
    row = (await shelf.list()).rows[0]
    assert (row.status, row.number, row.filed_on, row.decided_on) == ("draft", "", None, None)
    await shelf.tell(filed())
    row = (await shelf.list()).rows[0]
    assert (row.status, row.number) == ("filed", "26-d1")
    assert str(row.filed_on) == "2026-01-15"
    await shelf.tell(changed())
    assert (await shelf.list()).rows[0].status == "under_review"
    await shelf.tell(decided(decided_at=datetime(2026, 2, 1, 23, 30, tzinfo=UTC)))
    assert (await shelf.list()).rows == ()
    (row,) = (await shelf.list("authorisations_processed")).rows
    assert (row.status, row.medicine) == ("granted", "Paracétamol Exemple")
    assert (str(row.filed_on), str(row.decided_on)) == ("2026-01-15", "2026-02-02")
