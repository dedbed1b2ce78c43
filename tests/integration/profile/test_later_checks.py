"""A SIRET that the directory did not answer about is asked about again (bad input 46, SI-07)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared.contracts.profile import EstablishmentCheckDeferred, EstablishmentChecked
from shared.errors import Retry
from tests.integration.profile.conftest import OpenDesk
from tests.integration.profile.room import Desk, warned
from tests.support.company_directory import (
    CLOSED,
    HEAD_OFFICE,
    CompanyDirectory,
    says,
    well,
)
from tests.unit.profile.forms import BELGIAN, FRENCH, but


async def test_bad_input_46_si_07_a_deferred_check_is_made_later(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    server.always = says(404)
    account = str(uuid4())
    await desk.save(account, but(FRENCH, siret=CLOSED))
    ((_, said),) = await desk.deferred()
    with pytest.raises(Retry):
        await desk.hear(said, subject=account)
    server.always = well
    desk.later(minutes=1)
    await desk.hear(said, subject=account)
    assert await desk.told(EstablishmentChecked) == [
        (
            account,
            EstablishmentChecked(
                siret=CLOSED, state="closed", closed_on="2024-05-31", checked_at=desk.now
            ),
        )
    ]
    shown = await desk.show(account)
    assert warned(shown) == [("siret", "closed")]
    assert "closed_reason" in {error.field for error in shown.errors}
    await desk.hear(said, subject=account)
    assert len(await desk.told(EstablishmentChecked)) == 1, "once answered, nothing more is said"


async def test_si_07_the_check_reaches_what_was_validated_meanwhile(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    server.always = says(404)
    account = await desk.validated()
    ((_, said),) = await desk.deferred()
    server.always = well
    await desk.hear(said, subject=account)
    ((_, checked),) = await desk.told(EstablishmentChecked)
    assert checked.state == "found"


async def test_si_07_a_directory_that_is_away_for_hours_makes_no_dead_letter(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    """The waiting rooms last a little over an hour: then the fact is said anew, and waits anew."""
    desk, server = opened
    server.always = says(404)
    account = str(uuid4())
    await desk.save(account)
    ((_, said),) = await desk.deferred()
    desk.later(hours=1)
    await desk.hear(said, subject=account)
    _, (_, again) = await desk.deferred()
    assert again == EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=desk.now)


async def test_a_check_about_a_number_that_is_gone_is_dropped(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    server.always = says(404)
    account = str(uuid4())
    await desk.save(account)
    ((_, said),) = await desk.deferred()
    await desk.save(account, BELGIAN)
    desk.later(hours=2)
    await desk.hear(said, subject=account)
    await desk.hear(said, subject=str(uuid4()))
    assert len(await desk.deferred()) == 1
    assert await desk.told(EstablishmentChecked) == []


async def test_a_check_after_the_directory_was_turned_off_is_dropped(
    opened: tuple[Desk, CompanyDirectory], desk_with: OpenDesk
) -> None:
    desk, server = opened
    server.always = says(404)
    account = str(uuid4())
    await desk.save(account)
    ((_, said),) = await desk.deferred()
    async with desk_with(keep=True) as without:
        await without.hear(said, subject=account)
        assert len(await without.deferred()) == 1
