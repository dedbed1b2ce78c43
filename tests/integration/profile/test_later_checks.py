"""A SIRET that the directory did not answer about is asked about again (bad input 46, SI-07)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared.contracts.profile import EstablishmentCheckDeferred, EstablishmentChecked
from shared.errors import Retry
from tests.support.harness.profile import OpenHarness, ProfileHarness, warned
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but
from tests.support.servers.company_directory import (
    CLOSED,
    HEAD_OFFICE,
    CompanyDirectory,
    says,
    well,
)


async def test_bad_input_46_si_07_a_deferred_check_is_made_later(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    server.always = says(404)
    account = str(uuid4())
    await harness.save(account, but(FRENCH, siret=CLOSED))
    ((_, said),) = await harness.deferred()
    with pytest.raises(Retry):
        await harness.hear(said, subject=account)
    server.always = well
    harness.advance(minutes=1)
    await harness.hear(said, subject=account)
    assert await harness.account_events(EstablishmentChecked) == [
        (
            account,
            EstablishmentChecked(
                siret=CLOSED, state="closed", closed_on="2024-05-31", checked_at=harness.now
            ),
        )
    ]
    shown = await harness.show(account)
    assert warned(shown) == [("siret", "closed")]
    assert "closed_reason" in {error.field for error in shown.errors}
    await harness.hear(said, subject=account)
    assert len(await harness.account_events(EstablishmentChecked)) == 1, (
        "once answered, nothing more is said"
    )


async def test_si_07_the_check_reaches_what_was_validated_meanwhile(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    server.always = says(404)
    account = await harness.validated()
    ((_, said),) = await harness.deferred()
    server.always = well
    await harness.hear(said, subject=account)
    ((_, checked),) = await harness.account_events(EstablishmentChecked)
    assert checked.state == "found"


async def test_si_07_a_directory_that_is_away_for_hours_makes_no_dead_letter(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    """The waiting rooms last a little over an hour: then the fact is said anew, and waits anew."""
    harness, server = opened
    server.always = says(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, said),) = await harness.deferred()
    harness.advance(hours=1)
    await harness.hear(said, subject=account)
    _, (_, again) = await harness.deferred()
    assert again == EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=harness.now)


async def test_a_check_about_a_number_that_is_gone_is_dropped(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    server.always = says(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, said),) = await harness.deferred()
    await harness.save(account, BELGIAN)
    harness.advance(hours=2)
    await harness.hear(said, subject=account)
    await harness.hear(said, subject=str(uuid4()))
    assert len(await harness.deferred()) == 1
    assert await harness.account_events(EstablishmentChecked) == []


async def test_a_check_after_the_directory_was_turned_off_is_dropped(
    opened: tuple[ProfileHarness, CompanyDirectory], harness_with: OpenHarness
) -> None:
    harness, server = opened
    server.always = says(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, said),) = await harness.deferred()
    async with harness_with(keep=True) as without:
        await without.hear(said, subject=account)
        assert len(await without.deferred()) == 1
