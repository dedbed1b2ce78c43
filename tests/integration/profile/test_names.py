"""The account's names: published if a form changes them, changed by registration (B-14, G-31)."""

from uuid import uuid4

from shared.contracts.profile.events import ProfileSaved
from shared.contracts.registration.events import AccountImported
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import FRENCH, but


async def named(harness: ProfileHarness) -> list[tuple[str, str] | None]:
    """The names of every save, as registration opens them."""
    return [harness.names(event) for _, event in await harness.account_events(ProfileSaved)]


async def test_g_31_only_changed_names_are_published(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.account_created(account, "Zoé", "Durand")
    await harness.save(account)
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, last_name=" Durand-Petit "))
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, last_name="Durand-Petit"))
    harness.advance(minutes=1)
    await harness.save(account)
    assert await named(harness) == [None, ("Zoé", "Durand-Petit"), None, ("Zoé", "Durand")]


async def test_g_26_the_names_of_an_imported_account_are_known(harness: ProfileHarness) -> None:
    account = str(uuid4())
    imported = AccountImported(
        address="z.durand@labo.fr",
        first_name="Zoé",
        last_name="Durand",
        language="fr",
        imported_at=harness.now,
    )
    await harness.handle_event(imported, subject=account)
    await harness.save(account)
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, last_name="Durand-Petit"))
    assert await named(harness) == [None, ("Zoé", "Durand-Petit")]


async def test_g_31_invalid_names_are_not_published(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.account_created(account, "Zoé", "Durand")
    await harness.save(account, but(FRENCH, first_name="www.x.fr"))
    await harness.save(account, but(FRENCH, first_name=""))
    assert await named(harness) == [None, None]


async def test_a_form_saved_before_the_account_is_known_publishes_its_names(
    harness: ProfileHarness,
) -> None:
    """Events come in any order: an older one changes nothing."""
    account = str(uuid4())
    before = harness.now
    harness.advance(minutes=1)
    await harness.save(account, but(FRENCH, first_name="Zoë"))
    harness.now = before
    await harness.account_created(account, "Zoé", "Durand")
    harness.advance(minutes=2)
    await harness.save(account, but(FRENCH, first_name="Zoë"))
    assert await named(harness) == [("Zoë", "Durand"), None]


async def test_b_14_names_changed_by_the_desk_reach_a_validated_profile(
    harness: ProfileHarness,
) -> None:
    account = await harness.validated()
    harness.advance(days=1)
    await harness.name_changed(account, "Zoé", "Martin", by="desk")
    stored = harness.form(await harness.show(account))
    assert (stored.first_name, stored.last_name, stored.phone) == ("Zoé", "Martin", "+33155874090")
    harness.advance(days=-2)
    await harness.name_changed(account, "Zoé", "Dupont", by="desk")
    assert harness.form(await harness.show(account)).last_name == "Martin", "an older event"


async def test_b_14_names_changed_by_the_desk_reach_an_older_draft(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.save(account)
    harness.advance(days=1)
    await harness.name_changed(account, "Zoé", "Martin", by="desk")
    shown = await harness.show(account)
    assert (harness.form(shown).last_name, shown.version) == ("Martin", 2)


async def test_an_event_caused_by_a_form_changes_no_draft(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.save(account, but(FRENCH, last_name="Petit"))
    harness.advance(seconds=1)
    await harness.name_changed(account, "Zoé", "Petit", by="holder")
    harness.advance(seconds=1)
    assert (await harness.show(account)).version == 1
    await harness.save(account, but(FRENCH, last_name="Petit"))
    assert await named(harness) == [("Zoé", "Petit"), None]
