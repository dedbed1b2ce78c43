"""Dossiers given to a successor, events that go on naming the leaver, and the way back (G-36)."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from shared.contracts.dossiers import (
    ActNotCarriedOut,
    DossiersTransferred,
    DossierTransferUndone,
)
from shared.contracts.support.acts import DossierTransferOrdered, DossierTransferUndoOrdered
from shared.errors import Reject
from tests.support.harness import dossier_events as told
from tests.support.harness.dossier_events import ACCOUNT, OTHER_ACCOUNT
from tests.support.harness.dossiers import DossiersHarness

THIRD = "3c2f1b77-0000-4d1c-8b54-0f6a4f0f7c22"
FIRST_TRANSFER, SECOND_TRANSFER = (f"5e0c1f0a-{n}{n}{n}{n}-4b0e-9b0a-5b6f3f0f9d11" for n in (1, 2))


async def give(
    harness: DossiersHarness,
    giver: str = ACCOUNT,
    receiver: str = OTHER_ACCOUNT,
    transfer_id: str = FIRST_TRANSFER,
) -> None:
    """The order to transfer, a minute after the last one."""
    harness.advance(minutes=1)
    order = DossierTransferOrdered(
        proposal_id=transfer_id,
        reason="departure",
        ordered_at=harness.now,
        to_account_id=receiver,
        undo_until=harness.now + timedelta(days=30),
    )
    await harness.handle_event(order, giver)


async def undo_transfer(
    harness: DossiersHarness, giver: str = ACCOUNT, transfer_id: str = FIRST_TRANSFER
) -> None:
    order = DossierTransferUndoOrdered(
        proposal_id=THIRD, reason="typing_error", ordered_at=harness.now, transfer_id=transfer_id
    )
    await harness.handle_event(order, giver)


async def holders(harness: DossiersHarness) -> dict[str, str]:
    """Whose each dossier is."""
    rows = await harness.fetch("SELECT dossier_id, account_id::text FROM dossiers")
    return {row["dossier_id"]: row["account_id"] for row in rows}


async def test_g_36_all_dossiers_go_and_later_events_follow(harness: DossiersHarness) -> None:
    await harness.deliver(told.filed("d1"))
    await harness.deliver(told.saved("d2"))
    await harness.deliver(told.filed("own"), OTHER_ACCOUNT)
    await give(harness)
    ((_, subject, event),) = await harness.published(DossiersTransferred)
    assert subject == ACCOUNT
    assert event == DossiersTransferred(
        transfer_id=FIRST_TRANSFER,
        from_account_id=ACCOUNT,
        to_account_id=OTHER_ACCOUNT,
        count=2,
        transferred_at=harness.now,
        undo_until=harness.now + timedelta(days=30),
    )
    # The application names the leaver, for what it filed before and for what comes.
    await harness.deliver(told.decided("d1"))
    await harness.deliver(told.filed("d3"))
    await harness.deliver(told.decided("own"), OTHER_ACCOUNT)
    assert set((await holders(harness)).values()) == {OTHER_ACCOUNT}
    row = await harness.row("d1", OTHER_ACCOUNT)
    assert row is not None
    assert row.status == "granted"
    # Or the successor, for the same dossier.
    await harness.deliver(told.withdrawn("d1"), OTHER_ACCOUNT)
    with pytest.raises(Reject, match="belongs to another account"):
        await harness.deliver(told.decided("d2"), THIRD)


async def test_g_36_an_undone_transfer_gives_back_what_went_and_what_followed(
    harness: DossiersHarness,
) -> None:
    await harness.deliver(told.filed("d1"))
    await harness.deliver(told.filed("own"), OTHER_ACCOUNT)
    await give(harness)
    await harness.deliver(told.filed("d3"))
    harness.advance(days=29)
    await undo_transfer(harness)
    ((_, subject, event),) = await harness.published(DossierTransferUndone)
    assert (subject, event.count, event.to_account_id) == (ACCOUNT, 2, OTHER_ACCOUNT)
    assert await holders(harness) == {"d1": ACCOUNT, "d3": ACCOUNT, "own": OTHER_ACCOUNT}
    await harness.deliver(told.decided("d1"))
    await harness.deliver(told.filed("d4"))
    assert (await holders(harness))["d4"] == ACCOUNT
    await undo_transfer(harness)
    assert [one.why for one in await harness.events(ActNotCarriedOut)] == ["cannot_be_undone"]


async def test_g_36_after_thirty_days_a_transfer_stays(harness: DossiersHarness) -> None:
    await harness.deliver(told.filed("d1"))
    await give(harness)
    harness.advance(days=30)
    await undo_transfer(harness)
    assert await harness.events(DossierTransferUndone) == []
    assert await holders(harness) == {"d1": OTHER_ACCOUNT}


async def test_g_36_dossiers_that_went_on_are_given_back_step_by_step(
    harness: DossiersHarness,
) -> None:
    await harness.deliver(told.filed("d1"))
    await give(harness)
    await give(harness, OTHER_ACCOUNT, THIRD, SECOND_TRANSFER)
    await harness.deliver(told.decided("d1"))
    await harness.deliver(told.filed("d2"))
    assert set((await holders(harness)).values()) == {THIRD}
    await undo_transfer(harness)
    assert [one.why for one in await harness.events(ActNotCarriedOut)] == ["cannot_be_undone"]
    await undo_transfer(harness, OTHER_ACCOUNT, SECOND_TRANSFER)
    assert (await holders(harness))["d1"] == OTHER_ACCOUNT
    await undo_transfer(harness)
    assert (await holders(harness))["d1"] == ACCOUNT


async def test_g_36_dossiers_may_come_back_by_another_transfer(harness: DossiersHarness) -> None:
    await harness.deliver(told.filed("d1"))
    await give(harness)
    await give(harness, OTHER_ACCOUNT, ACCOUNT, SECOND_TRANSFER)
    await harness.deliver(told.decided("d1"))
    await harness.deliver(told.filed("d2"))
    assert set((await holders(harness)).values()) == {ACCOUNT}


async def test_g_36_events_under_way_during_a_transfer_are_not_lost(
    harness: DossiersHarness,
) -> None:
    for number in range(20):
        await harness.deliver(told.filed(f"d{number}"))
    await asyncio.gather(
        *(harness.deliver(told.decided(f"d{number}")) for number in range(20)),
        give(harness),
        *(harness.deliver(told.filed(f"n{number}")) for number in range(20)),
    )
    for number in range(20):
        await harness.deliver(told.decided(f"n{number}"))
    assert set((await holders(harness)).values()) == {OTHER_ACCOUNT}
    rows = await harness.fetch("SELECT status FROM dossiers")
    assert {row["status"] for row in rows} == {"granted"}


async def test_g_36_the_service_itself_moves_no_dossier(harness: DossiersHarness) -> None:
    await harness.deliver(told.filed("d1"))
    await give(harness)
    with pytest.raises(asyncpg.RaiseError):
        await harness.fetch("UPDATE dossiers SET account_id = $1", THIRD)
    for table in ("transfers", "transferred_dossiers"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await harness.fetch(f"DELETE FROM {table}")
