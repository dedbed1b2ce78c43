"""What other applications tell of dossiers, in any order and twice (G-43)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, permutations
from uuid import uuid4

import asyncpg
import pytest

from services.dossiers.service import SERVICE
from services.dossiers.store import keep
from services.dossiers.tellings import told_by
from shared.contracts import backoffice as words
from shared.contracts.registration import CredentialsRemoved
from shared.database import transaction
from shared.database.pool import acquire
from shared.errors import Reject
from shared.outbox import apply_once
from tests.support.harness.dossier_events import (
    MINE,
    THEIRS,
    changed,
    decided,
    filed,
    saved,
    withdrawn,
)
from tests.support.harness.dossiers import DossiersHarness

#: A life in its order; the medicine, the number and the account change on the way.
LIFE = (
    saved(medicine="Draft"),
    filed(medicine="Filed", number="first"),
    changed(number="second"),
    decided(number=""),
    withdrawn(number=""),
)
AGAIN = (
    decided(version=1),
    filed(version=2, medicine="Once more"),
    withdrawn(version=3),
    saved(version=4, medicine="Anew"),
    filed(version=5, medicine="Anew and filed"),
)
STORED = """
SELECT version, account_id, kind, status, processed, tab, number_version, number, number_folded,
    contents_version, medicine, contents_folded, filed_on, decision_version, decided_on
FROM dossiers
"""


async def outcome(
    harness: DossiersHarness, events: Sequence[words.DossierEvent]
) -> tuple[object, ...]:
    """The row that these events leave when they come in this order, from nothing."""
    async with transaction(harness.pool) as tx:
        await tx.execute("DELETE FROM dossiers")
        for event in events:
            effect = keep(told_by(event, MINE, harness.now))
            assert await apply_once(tx, SERVICE.name, str(uuid4()), effect)
        return tuple(await tx.fetchrow(STORED))


async def test_g_43_a_dossier_goes_from_draft_to_decision(harness: DossiersHarness) -> None:
    await harness.deliver(saved())
    row = (await harness.list()).rows[0]
    assert (row.status, row.number, row.filed_on, row.decided_on) == ("draft", "", None, None)
    await harness.deliver(filed())
    row = (await harness.list()).rows[0]
    assert (row.status, row.number) == ("filed", "26-d1")
    assert str(row.filed_on) == "2026-01-15"
    await harness.deliver(changed())
    assert (await harness.list()).rows[0].status == "under_review"
    await harness.deliver(decided(decided_at=datetime(2026, 2, 1, 23, 30, tzinfo=UTC)))
    assert (await harness.list()).rows == ()
    (row,) = (await harness.list("authorisations_processed")).rows
    assert (row.status, row.medicine) == ("granted", "Paracétamol Exemple")
    assert (str(row.filed_on), str(row.decided_on)) == ("2026-01-15", "2026-02-02")


@pytest.mark.parametrize("events", [LIFE, AGAIN], ids=["a life", "filed again"])
async def test_g_43_every_order_of_a_life_leaves_the_same_row(
    harness: DossiersHarness, events: tuple[words.DossierEvent, ...]
) -> None:
    expected = await outcome(harness, events)
    for order in permutations(events):
        assert await outcome(harness, order) == expected, [type(one).__name__ for one in order]


async def test_g_43_both_orders_of_every_pair_leave_the_same_row(harness: DossiersHarness) -> None:
    makers = (saved, filed, changed, decided, withdrawn)
    events = [make(version=version, medicine=f"v{version}") if make in (saved, filed)
              else make(version=version) for make in makers for version in (1, 2)]  # fmt: skip
    for one, other in combinations(events, 2):
        if one.version == other.version:
            continue
        assert await outcome(harness, (one, other)) == await outcome(harness, (other, one))


async def test_what_is_told_twice_changes_nothing(harness: DossiersHarness) -> None:
    once = await outcome(harness, LIFE)
    assert await outcome(harness, [event for event in LIFE for _ in range(2)]) == once
    assert await outcome(harness, [*LIFE, *LIFE]) == once


async def test_of_two_events_with_one_version_the_first_is_kept(harness: DossiersHarness) -> None:
    await harness.deliver(filed(version=2, medicine="First"))
    await harness.deliver(filed(version=2, medicine="Second"))
    row = await harness.row()
    assert row is not None
    assert row.medicine == "First"


async def test_a_dossier_is_listed_before_its_contents_are_known(harness: DossiersHarness) -> None:
    await harness.deliver(decided())
    (row,) = (await harness.list("authorisations_processed")).rows
    assert (row.status, row.number, row.establishment) == ("granted", "26-d1", "")
    assert (row.filed_on, str(row.decided_on)) == (None, "2026-01-15")
    await harness.deliver(filed())
    (row,) = (await harness.list("authorisations_processed")).rows
    assert (row.status, row.establishment) == ("granted", "Pharmacie du Marché")
    assert str(row.filed_on) == "2026-01-15"


@pytest.mark.parametrize("reopened", [saved, filed, changed])
async def test_what_comes_after_a_decision_opens_the_dossier_again(
    harness: DossiersHarness, reopened: object
) -> None:
    """« traitées » is what the highest version says."""
    await harness.deliver(decided(version=4))
    await harness.deliver(reopened(version=5))  # type: ignore[operator]
    (row,) = (await harness.list()).rows
    assert row.decided_on is None
    assert (await harness.list()).counts == (0, 0, 1, 0)


async def test_a_withdrawal_leaves_the_decision(harness: DossiersHarness) -> None:
    await harness.deliver(decided(version=4))
    await harness.deliver(withdrawn(version=5))
    (row,) = (await harness.list("authorisations_processed")).rows
    assert (row.status, str(row.decided_on)) == ("withdrawn", "2026-01-15")


async def test_g_43_a_dossier_follows_the_account_of_its_highest_version(
    harness: DossiersHarness,
) -> None:
    await harness.deliver(filed(version=2), MINE)
    await harness.deliver(changed(version=4), THEIRS)
    await harness.deliver(changed(version=3), MINE)
    assert await harness.row(account=MINE) is None
    row = await harness.row(account=THEIRS)
    assert row is not None
    assert row.medicine == "Paracétamol Exemple"


async def test_g_43_only_the_account_of_the_event_sees_a_dossier(harness: DossiersHarness) -> None:
    """Not whoever has the same establishment."""
    await harness.deliver(filed("mine"), MINE)
    await harness.deliver(filed("theirs"), THEIRS)
    view = await harness.list()
    assert [row.dossier_id for row in view.rows] == ["mine"]
    assert (view.total, view.counts) == (1, (0, 0, 1, 0))
    found = await harness.list(search="26-theirs")
    assert (found.rows, found.total) == ((), 0)
    assert await harness.row("theirs", MINE) is None


async def test_events_of_accounts_nobody_heard_of_are_kept_beside_each_other(
    harness: DossiersHarness,
) -> None:
    """Sixteen dossiers of an account without a profile, told of at once and twice."""
    events = [make(f"d{n}") for n in range(16) for make in (decided, filed, saved)]
    await asyncio.gather(
        *(harness.deliver(event, THEIRS) for event in [*events, *reversed(events)])
    )
    view = await harness.list("authorisations_processed", account_id=THEIRS)
    assert (view.total, view.counts) == (16, (0, 0, 0, 16))
    assert {row.medicine for row in view.rows} == {"Paracétamol Exemple"}


async def test_g_26_the_end_of_the_credentials_is_not_even_heard(harness: DossiersHarness) -> None:
    """The whole history is there when the person comes back, because nothing takes it away."""
    assert CredentialsRemoved not in {row.event for row in SERVICE.hears}


async def test_what_cannot_be_believed_leaves_no_row(harness: DossiersHarness) -> None:
    for event, subject in ((filed(kind="AIP"), MINE), (filed(version=0), MINE), (filed(), None)):
        with pytest.raises(Reject):
            await harness.deliver(event, subject)
    assert await harness.count("dossiers") == 0


async def test_one_message_at_once_in_many_sessions_has_its_effect_once(
    harness: DossiersHarness,
) -> None:
    message_id, effect = str(uuid4()), keep(told_by(filed(), MINE, harness.now))

    async def take() -> bool:
        async with acquire(harness.pool) as connection:
            return await apply_once(connection, SERVICE.name, message_id, effect)

    assert sorted(await asyncio.gather(*(take() for _ in range(8)))) == [False] * 7 + [True]
    assert (await harness.count("inbox"), await harness.count("dossiers")) == (1, 1)


async def test_an_effect_that_fails_leaves_its_message_unheard(harness: DossiersHarness) -> None:
    """The inbox row and the effect are both there or neither, so that it may be tried again."""
    effect = keep(told_by(filed(), MINE, harness.now))
    wrong = tuple("XYZ" if value == "AI" else value for value in effect.values)
    message_id, broken = str(uuid4()), replace(effect, values=wrong)
    async with acquire(harness.pool) as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await apply_once(connection, SERVICE.name, message_id, broken)
        assert await harness.count("inbox") == 0
        assert await apply_once(connection, SERVICE.name, message_id, effect)
    assert await harness.row() is not None
