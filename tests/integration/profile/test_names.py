"""The account's names: said where a form has others, and told by registration (B-14, G-31)."""

from __future__ import annotations

from uuid import uuid4

from shared.contracts.profile import ProfileSaved
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import FRENCH, but


async def named(harness: ProfileHarness) -> list[tuple[str, str] | None]:
    """The names of every save, as registration reads them."""
    return [harness.names(event) for _, event in await harness.account_events(ProfileSaved)]


async def test_g_31_names_are_said_only_where_they_are_others(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.created(account, "Zoé", "Durand")
    await harness.save(account)
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, last_name=" Durand-Petit "))
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, last_name="Durand-Petit"))
    harness.advance(minutes=1)
    await harness.save(account)
    assert await named(harness) == [None, ("Zoé", "Durand-Petit"), None, ("Zoé", "Durand")]


async def test_g_31_names_that_are_no_names_are_not_said(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.created(account, "Zoé", "Durand")
    await harness.save(account, but(FRENCH, first_name="www.x.fr"))
    await harness.save(account, but(FRENCH, first_name=""))
    assert await named(harness) == [None, None]


async def test_a_form_that_comes_before_the_accounts_creation_says_its_names(
    harness: ProfileHarness,
) -> None:
    """Order is not promised: what is not known is said, and older news changes nothing."""
    account = str(uuid4())
    before = harness.now
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, first_name="Zoë"))
    harness.now = before
    await harness.created(account, "Zoé", "Durand")
    harness.advance(minutes=2)
    await harness.save(account, but(FRENCH, first_name="Zoë"))
    assert await named(harness) == [("Zoë", "Durand"), None]


async def test_b_14_the_desks_names_reach_what_is_validated(harness: ProfileHarness) -> None:
    account = await harness.validated()
    harness.advance(days=1)
    await harness.renamed(account, "Zoé", "Martin", by="desk")
    kept = harness.form(await harness.show(account))
    assert (kept.first_name, kept.last_name, kept.phone) == ("Zoé", "Martin", "+33155874090")
    harness.advance(days=-2)
    await harness.renamed(account, "Zoé", "Dupont", by="desk")
    assert harness.form(await harness.show(account)).last_name == "Martin", "older news"


async def test_b_14_the_desks_names_reach_a_draft_that_is_older(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.save(account)
    harness.advance(days=1)
    await harness.renamed(account, "Zoé", "Martin", by="desk")
    shown = await harness.show(account)
    assert (harness.form(shown).last_name, shown.version) == ("Martin", 2)


async def test_the_echo_of_a_form_changes_no_draft(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.save(account, but(FRENCH, last_name="Petit"))
    harness.advance(seconds=1)
    await harness.renamed(account, "Zoé", "Petit", by="holder")
    harness.advance(seconds=1)
    assert (await harness.show(account)).version == 1
    await harness.save(account, but(FRENCH, last_name="Petit"))
    assert await named(harness) == [("Zoé", "Petit"), None]
