"""Events about dossiers, in any order and repeated (G-43)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, permutations
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.dossiers.dossier_updates import from_event
from services.dossiers.service import SERVICE
from services.dossiers.store import Message, upsert
from shared.contracts import backoffice
from shared.contracts.registration.events import CredentialsRemoved
from shared.database import acquire, transaction
from shared.errors import Reject
from shared.messaging.effect_batches import EffectBatches
from shared.messaging.handlers import SqlEffect
from shared.outbox import apply_once
from tests.support.harness.dossier_events import (
    ACCOUNT,
    OTHER_ACCOUNT,
    changed,
    decided,
    filed,
    saved,
    withdrawn,
)
from tests.support.harness.dossiers import DossiersHarness
from tests.support.servers.shared_servers import Database

#: A life cycle in its order; medicine and number change on the way.
LIFE_CYCLE = (
    saved(medicine="Draft"),
    filed(medicine="Filed", number="first"),
    changed(number="second"),
    decided(number=""),
    withdrawn(number=""),
)
FILED_AGAIN = (
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


def effect_of(event: backoffice.DossierEvent, harness: DossiersHarness) -> SqlEffect:
    """The statement of an event of the back office."""
    message = Message(backoffice.OWNER, str(uuid4()), event.TYPE, harness.now)
    return upsert(from_event(event, ACCOUNT, harness.now), message, None)


#: Those that one transaction wrote with others, in the order in which it wrote them.
WRITTEN_TOGETHER = """
SELECT dossier_id FROM dossiers AS one
WHERE EXISTS (
    SELECT FROM dossiers AS other
    WHERE other.xmin = one.xmin AND other.dossier_id <> one.dossier_id)
ORDER BY cmin::text::integer
"""


async def outcome(
    harness: DossiersHarness, events: Sequence[backoffice.DossierEvent]
) -> tuple[object, ...]:
    """The row that these events leave if they arrive in this order."""
    async with transaction(harness.pool) as tx:
        await tx.execute("DELETE FROM dossiers")
        for event in events:
            effect = effect_of(event, harness)
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


async def test_dossiers_that_are_written_together_are_written_in_the_order_of_their_ids(
    harness: DossiersHarness,
) -> None:
    """Two processes that locked them in two orders would wait for each other."""
    batches = EffectBatches(harness.pool, SERVICE.name)
    effects = [effect_of(saved(name), harness) for name in ("d3", "d2", "d1", "d4")]
    # The first one is alone: those after it come while it is at the database.
    await asyncio.gather(*(batches.apply(str(uuid4()), effect) for effect in effects))
    rows = await harness.pool.fetch(WRITTEN_TOGETHER)
    assert [row["dossier_id"] for row in rows] == ["d1", "d2", "d4"]


@pytest.mark.parametrize("events", [LIFE_CYCLE, FILED_AGAIN], ids=["life cycle", "filed again"])
async def test_g_43_every_order_leaves_the_same_row(
    harness: DossiersHarness, events: tuple[backoffice.DossierEvent, ...]
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


async def test_a_repeated_event_changes_nothing(harness: DossiersHarness) -> None:
    once = await outcome(harness, LIFE_CYCLE)
    assert await outcome(harness, [event for event in LIFE_CYCLE for _ in range(2)]) == once
    assert await outcome(harness, [*LIFE_CYCLE, *LIFE_CYCLE]) == once


async def test_of_two_events_with_one_version_the_first_wins(harness: DossiersHarness) -> None:
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
async def test_an_event_after_a_decision_reopens_the_dossier(
    harness: DossiersHarness, reopened: object
) -> None:
    """The highest version decides whether a dossier is « traitée »."""
    await harness.deliver(decided(version=4))
    await harness.deliver(reopened(version=5))  # type: ignore[operator]
    (row,) = (await harness.list()).rows
    assert row.decided_on is None
    assert (await harness.list()).counts == (0, 0, 1, 0)


async def test_a_withdrawal_keeps_the_decision(harness: DossiersHarness) -> None:
    await harness.deliver(decided(version=4))
    await harness.deliver(withdrawn(version=5))
    (row,) = (await harness.list("authorisations_processed")).rows
    assert (row.status, str(row.decided_on)) == ("withdrawn", "2026-01-15")


@pytest.mark.parametrize(
    "later",
    [
        lambda: changed(version=4),
        lambda: changed(version=2),
        lambda: saved(version=1),
        lambda: decided(version=9),
        lambda: withdrawn(version=3),
    ],
    ids=["newer", "as new", "older, with contents", "decided", "withdrawn"],
)
async def test_s_13_a_dossier_stays_with_its_first_account(
    harness: DossiersHarness, later: Callable[[], Any]
) -> None:
    """An event that names another account is refused and changes nothing, whatever its version."""
    await harness.deliver(filed(version=2), ACCOUNT)
    before = await harness.row(account=ACCOUNT)
    with pytest.raises(Reject, match="belongs to another account"):
        await harness.deliver(later(), OTHER_ACCOUNT)
    assert await harness.row(account=ACCOUNT) == before
    assert await harness.row(account=OTHER_ACCOUNT) is None
    await harness.deliver(changed(version=3), ACCOUNT)
    assert await harness.row(account=ACCOUNT) is not None


async def test_s_13_only_the_desks_administrator_moves_a_dossier(
    harness: DossiersHarness, tables: Database
) -> None:
    await harness.deliver(filed(version=2), ACCOUNT)
    move = "UPDATE dossiers.dossiers SET account_id = $1"
    with pytest.raises(asyncpg.RaiseError, match="another account"):
        await harness.fetch(move, OTHER_ACCOUNT)
    administrator = await asyncpg.connect(tables.admin_url)
    await administrator.execute(move, OTHER_ACCOUNT)
    await administrator.close()
    await harness.deliver(changed(version=3), OTHER_ACCOUNT)
    assert await harness.row(account=OTHER_ACCOUNT) is not None
    with pytest.raises(Reject):
        await harness.deliver(changed(version=4), ACCOUNT)


async def test_g_43_only_the_account_of_the_event_sees_a_dossier(harness: DossiersHarness) -> None:
    """An account with the same establishment does not."""
    await harness.deliver(filed("mine"), ACCOUNT)
    await harness.deliver(filed("theirs"), OTHER_ACCOUNT)
    view = await harness.list()
    assert [row.dossier_id for row in view.rows] == ["mine"]
    assert (view.total, view.counts) == (1, (0, 0, 1, 0))
    found = await harness.list(search="26-theirs")
    assert (found.rows, found.total) == ((), 0)
    assert await harness.row("theirs", ACCOUNT) is None


async def test_events_about_unknown_accounts_are_saved(
    harness: DossiersHarness,
) -> None:
    """Concurrent and repeated events about sixteen dossiers of one account."""
    events = [make(f"d{n}") for n in range(16) for make in (decided, filed, saved)]
    await asyncio.gather(
        *(harness.deliver(event, OTHER_ACCOUNT) for event in [*events, *reversed(events)])
    )
    view = await harness.list("authorisations_processed", account_id=OTHER_ACCOUNT)
    assert (view.total, view.counts) == (16, (0, 0, 0, 16))
    assert {row.medicine for row in view.rows} == {"Paracétamol Exemple"}


async def test_g_26_removed_credentials_change_nothing(harness: DossiersHarness) -> None:
    """The service does not subscribe to the event, so the history stays for an account opened
    again.
    """
    assert CredentialsRemoved not in {row.event for row in SERVICE.hears}


async def test_an_invalid_event_leaves_no_row(harness: DossiersHarness) -> None:
    for event, subject in (
        (filed(kind="AIP"), ACCOUNT),
        (filed(version=0), ACCOUNT),
        (filed(), None),
    ):
        with pytest.raises(Reject):
            await harness.deliver(event, subject)
    assert await harness.count("dossiers") == 0


async def test_one_message_in_many_concurrent_sessions_is_applied_once(
    harness: DossiersHarness,
) -> None:
    message_id, effect = str(uuid4()), effect_of(filed(), harness)

    async def apply() -> bool | None:
        async with acquire(harness.pool) as connection:
            return await apply_once(connection, SERVICE.name, message_id, effect)

    assert sorted(await asyncio.gather(*(apply() for _ in range(8)))) == [False] * 7 + [True]
    assert (await harness.count("inbox"), await harness.count("dossiers")) == (1, 1)


async def test_a_failed_effect_leaves_its_message_unprocessed(harness: DossiersHarness) -> None:
    """Inbox row and effect are committed together, so a failed message can be retried."""
    effect = effect_of(filed(), harness)
    wrong = tuple("XYZ" if value == "AI" else value for value in effect.values)
    message_id, broken = str(uuid4()), replace(effect, values=wrong)
    async with acquire(harness.pool) as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await apply_once(connection, SERVICE.name, message_id, broken)
        assert await harness.count("inbox") == 0
        assert await apply_once(connection, SERVICE.name, message_id, effect)
    assert await harness.row() is not None
