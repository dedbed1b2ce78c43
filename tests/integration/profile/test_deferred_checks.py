"""A SIRET whose lookup got no answer is looked up again (SI-07)."""

from uuid import uuid4

import pytest

from shared.contracts.profile.events import EstablishmentCheckDeferred, EstablishmentChecked
from shared.errors import Retry
from tests.support.harness.profile import OpenHarness, ProfileHarness, warnings_of
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but
from tests.support.servers.company_directory import (
    CLOSED,
    HEAD_OFFICE,
    CompanyDirectory,
    responds,
    well,
)


async def test_si_07_a_deferred_check_is_made_later(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    server.always = responds(404)
    account = str(uuid4())
    await harness.save(account, but(FRENCH, siret=CLOSED))
    ((_, event),) = await harness.deferred()
    with pytest.raises(Retry):
        await harness.handle_event(event, subject=account)
    server.always = well
    harness.advance(minutes=1)
    await harness.handle_event(event, subject=account)
    assert await harness.account_events(EstablishmentChecked) == [
        (
            account,
            EstablishmentChecked(
                siret=CLOSED, state="closed", closed_on="2024-05-31", checked_at=harness.now
            ),
        )
    ]
    shown = await harness.show(account)
    assert warnings_of(shown) == [("siret", "closed")]
    assert "closed_reason" in {error.field for error in shown.errors}
    await harness.handle_event(event, subject=account)
    assert len(await harness.account_events(EstablishmentChecked)) == 1, "published once"


async def test_si_07_the_lookup_is_completed_after_validation_too(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    server.always = responds(404)
    account = await harness.validated()
    ((_, event),) = await harness.deferred()
    server.always = well
    await harness.handle_event(event, subject=account)
    ((_, checked),) = await harness.account_events(EstablishmentChecked)
    assert checked.state == "found"


async def test_si_07_a_directory_unavailable_for_hours_makes_no_dead_letter(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    """The retry delays last a little over an hour: the event is published again before."""
    harness, server = with_directory
    server.always = responds(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, event),) = await harness.deferred()
    harness.advance(hours=1)
    await harness.handle_event(event, subject=account)
    _, (_, again) = await harness.deferred()
    assert again == EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=harness.now)


async def test_a_lookup_of_a_former_number_is_dropped(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    server.always = responds(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, event),) = await harness.deferred()
    await harness.save(account, BELGIAN)
    harness.advance(hours=2)
    await harness.handle_event(event, subject=account)
    await harness.handle_event(event, subject=str(uuid4()))
    assert len(await harness.deferred()) == 1
    assert await harness.account_events(EstablishmentChecked) == []


async def test_a_lookup_after_the_directory_was_turned_off_is_dropped(
    with_directory: tuple[ProfileHarness, CompanyDirectory], harness_with: OpenHarness
) -> None:
    harness, server = with_directory
    server.always = responds(404)
    account = str(uuid4())
    await harness.save(account)
    ((_, event),) = await harness.deferred()
    async with harness_with(keep_tables=True) as without:
        await without.handle_event(event, subject=account)
        assert len(await without.deferred()) == 1
