"""The account's names: said where a form has others, and told by registration (B-14, G-31)."""

from __future__ import annotations

from uuid import uuid4

from shared.contracts.profile import ProfileSaved
from tests.integration.profile.room import Desk
from tests.unit.profile.forms import FRENCH, but


async def named(desk: Desk) -> list[tuple[str, str] | None]:
    """The names of every save, as registration reads them."""
    return [desk.names(event) for _, event in await desk.told(ProfileSaved)]


async def test_g_31_names_are_said_only_where_they_are_others(desk: Desk) -> None:
    account = str(uuid4())
    await desk.created(account, "Zoé", "Durand")
    await desk.save(account)
    desk.later(minutes=1)
    await desk.save(account, but(FRENCH, last_name=" Durand-Petit "))
    desk.later(minutes=1)
    await desk.save(account, but(FRENCH, last_name="Durand-Petit"))
    desk.later(minutes=1)
    await desk.save(account)
    assert await named(desk) == [None, ("Zoé", "Durand-Petit"), None, ("Zoé", "Durand")]


async def test_g_31_names_that_are_no_names_are_not_said(desk: Desk) -> None:
    account = str(uuid4())
    await desk.created(account, "Zoé", "Durand")
    await desk.save(account, but(FRENCH, first_name="www.x.fr"))
    await desk.save(account, but(FRENCH, first_name=""))
    assert await named(desk) == [None, None]


async def test_a_form_that_comes_before_the_accounts_creation_says_its_names(desk: Desk) -> None:
    """Order is not promised: what is not known is said, and older news changes nothing."""
    account = str(uuid4())
    before = desk.now
    desk.later(minutes=1)
    await desk.save(account, but(FRENCH, first_name="Zoë"))
    desk.now = before
    await desk.created(account, "Zoé", "Durand")
    desk.later(minutes=2)
    await desk.save(account, but(FRENCH, first_name="Zoë"))
    assert await named(desk) == [("Zoë", "Durand"), None]


async def test_b_14_the_desks_names_reach_what_is_validated(desk: Desk) -> None:
    account = await desk.validated()
    desk.later(days=1)
    await desk.renamed(account, "Zoé", "Martin", by="desk")
    kept = desk.form(await desk.show(account))
    assert (kept.first_name, kept.last_name, kept.phone) == ("Zoé", "Martin", "+33155874090")
    desk.later(days=-2)
    await desk.renamed(account, "Zoé", "Dupont", by="desk")
    assert desk.form(await desk.show(account)).last_name == "Martin", "older news"


async def test_b_14_the_desks_names_reach_a_draft_that_is_older(desk: Desk) -> None:
    account = str(uuid4())
    await desk.save(account)
    desk.later(days=1)
    await desk.renamed(account, "Zoé", "Martin", by="desk")
    shown = await desk.show(account)
    assert (desk.form(shown).last_name, shown.version) == ("Martin", 2)


async def test_the_echo_of_a_form_changes_no_draft(desk: Desk) -> None:
    account = str(uuid4())
    await desk.save(account, but(FRENCH, last_name="Petit"))
    desk.later(seconds=1)
    await desk.renamed(account, "Zoé", "Petit", by="holder")
    desk.later(seconds=1)
    assert (await desk.show(account)).version == 1
    await desk.save(account, but(FRENCH, last_name="Petit"))
    assert await named(desk) == [("Zoé", "Petit"), None]
