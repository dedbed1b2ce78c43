"""What the desk orders about an account: carried out once, said by an event of registration."""

from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.base import Event
from shared.contracts.registration.events import (
    AccountAnonymised,
    AccountCreated,
    AccountDeactivated,
    AccountFrozen,
    AccountReactivated,
    AccountThawed,
    AccountUnfreezeAllowed,
    ActNotCarriedOut,
    AddressChanged,
    AddressReleased,
    CredentialsRemoved,
    NameChanged,
    PasswordResetRequested,
    PasswordResetRequired,
)
from shared.contracts.registration.requests import ResetPassword
from shared.contracts.support import acts
from shared.security.sealing import seal_context
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    HarnessAccountHolder,
    reset_request,
)
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness

NEW_ADDRESS = "marie@labo.fr"
PROPOSAL = "5e0c1f0a-1111-4b0e-9b0a-5b6f3f0f9d11"


@pytest_asyncio.fixture(loop_scope="package")
async def holder(harness: RegistrationHarness) -> HarnessAccountHolder:
    return await HarnessAccountHolder.of(harness)


async def order(
    holder: HarnessAccountHolder,
    kind: type[acts.Order],
    proposed_at: datetime | None = None,
    **sealed: str,
) -> None:
    """An order about the account, with these values sealed."""
    harness = holder.harness
    values = {
        name: harness.sealer.seal(value, seal_context(kind, name)) for name, value in sealed.items()
    }
    more = {} if proposed_at is None else {"proposed_at": proposed_at}
    event = kind(
        proposal_id=PROPOSAL, reason="requested_by_person", ordered_at=harness.now, **values, **more
    )
    await harness.handle_event(event, holder.account_id)


async def failures(holder: HarnessAccountHolder) -> list[str]:
    """Why orders were not carried out."""
    found = await holder.harness.published(ActNotCarriedOut)
    assert all(subject == holder.account_id for _, subject, _ in found)
    assert all(event.proposal_id == PROPOSAL for _, _, event in found)
    return [event.why for _, _, event in found]


async def single(holder: HarnessAccountHolder, kind: type[Event]) -> Any:
    """The only event of a kind, which is about the account."""
    ((_, subject, event),) = await holder.harness.published(kind)
    assert subject == holder.account_id
    return event


async def account(holder: HarnessAccountHolder) -> dict[str, Any]:
    (row,) = await holder.harness.fetch("SELECT * FROM accounts WHERE id = $1", holder.account_id)
    return dict(row)


async def slug(holder: HarnessAccountHolder, address: str, password: str) -> str:
    """What a sign-in from a new network is answered."""
    network = f"198.51.{len(await holder.harness.published())}.0/24"
    return await holder.harness.outcome(holder.harness.sign_in(address, password, network))


async def test_re_10_a_leaver_signs_in_no_more_and_what_was_mailed_is_void(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    link = await holder.reset_link()
    await harness.store_answer(holder.account_id)
    await order(holder, acts.AccountDeactivationOrdered)
    assert await single(holder, AccountDeactivated) == AccountDeactivated(
        deactivated_at=harness.now
    )
    assert await slug(holder, ADDRESS, PASSWORD) == "wrong_credentials"
    assert await harness.outcome(holder.reset(link)) == "link_gone"
    assert await harness.stored_answers() == set()
    await order(holder, acts.AccountDeactivationOrdered)
    assert await failures(holder) == ["unchanged"]
    assert (await account(holder))["first_name"] == "Pierre"


async def test_g_36_a_reactivated_account_signs_in_as_before(holder: HarnessAccountHolder) -> None:
    await order(holder, acts.AccountReactivationOrdered)
    assert await failures(holder) == ["unchanged"]
    await order(holder, acts.AccountDeactivationOrdered)
    await order(holder, acts.AccountReactivationOrdered)
    await single(holder, AccountReactivated)
    assert await slug(holder, ADDRESS, PASSWORD) == "done"


async def test_an_account_that_was_blocked_is_blocked_again_once_reactivated(
    holder: HarnessAccountHolder,
) -> None:
    await order(holder, acts.AccountFreezeOrdered)
    await order(holder, acts.AccountDeactivationOrdered)
    await order(holder, acts.AccountReactivationOrdered)
    row = await account(holder)
    assert (row["state"], row["desk_only"]) == ("frozen", True)
    assert await slug(holder, ADDRESS, PASSWORD) == "wrong_credentials"


async def test_the_desk_blocks_and_lets_the_holder_open_again(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await order(holder, acts.AccountUnfreezeOrdered)
    await order(holder, acts.AccountFreezeOrdered)
    frozen = await single(holder, AccountFrozen)
    assert (frozen.by, frozen.desk_only, frozen.undo_until) == ("desk", True, None)
    await order(holder, acts.AccountFreezeOrdered)
    assert await failures(holder) == ["wrong_state", "unchanged"]
    await harness.ask(reset_request())
    assert await harness.events(PasswordResetRequested) == []
    await order(holder, acts.AccountUnfreezeOrdered)
    await single(holder, AccountUnfreezeAllowed)
    # The former password, which others may know, still opens nothing.
    assert await slug(holder, ADDRESS, PASSWORD) == "wrong_credentials"
    harness.advance(minutes=1)
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(minutes=1)
    await holder.open_session()
    await single(holder, AccountThawed)
    assert await slug(holder, ADDRESS, OTHER_PASSWORD) == "done"


async def test_re_08_a_released_address_makes_another_account_and_the_history_stays(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await order(holder, acts.AddressReleaseOrdered)
    assert await failures(holder) == ["wrong_state"]
    await order(holder, acts.AccountDeactivationOrdered)
    await order(holder, acts.AddressReleaseOrdered)
    await single(holder, AddressReleased)
    await order(holder, acts.AccountReactivationOrdered)
    await order(holder, acts.AddressReleaseOrdered)
    assert await failures(holder) == ["wrong_state", "wrong_state", "unchanged"]
    row = await account(holder)
    assert (row["address"], row["state"], row["first_name"]) == ("", "deactivated", "Pierre")
    successor = await harness.account(ADDRESS, first_name="Marie")
    assert successor != holder.account_id
    (created,) = [
        event
        for _, subject, event in await harness.published(AccountCreated)
        if subject == successor
    ]
    assert created.first_name == "Marie"


async def test_pw_09_a_compromised_password_is_refused_by_name_until_it_is_replaced(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await order(holder, acts.PasswordMarkedCompromised)
    await single(holder, PasswordResetRequired)
    assert await slug(holder, ADDRESS, PASSWORD) == "password_reset_required"
    # Nobody else learns that it must be replaced.
    assert await slug(holder, ADDRESS, OTHER_PASSWORD) == "wrong_credentials"
    assert await harness.outcome(holder.check(PASSWORD)) == "wrong_password"
    await harness.ask(holder.reset(await holder.reset_link()))
    assert await slug(holder, ADDRESS, OTHER_PASSWORD) == "done"


async def test_pw_09_the_compromised_password_itself_does_not_undo_a_freeze(
    holder: HarnessAccountHolder,
) -> None:
    await holder.open_session()
    await holder.disavow(holder.disavowal())
    await order(holder, acts.PasswordMarkedCompromised)
    assert await slug(holder, ADDRESS, PASSWORD) == "password_reset_required"


async def test_b_14_the_desk_changes_an_address_and_the_new_mailbox_sets_the_password(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await order(holder, acts.AddressChangeOrdered, new_address=NEW_ADDRESS)
    changed = await single(holder, AddressChanged)
    assert (changed.address, changed.former_address, changed.by) == (NEW_ADDRESS, ADDRESS, "desk")
    assert await slug(holder, ADDRESS, PASSWORD) == "wrong_credentials"
    assert await slug(holder, NEW_ADDRESS, PASSWORD) == "password_reset_required"
    await harness.ask(reset_request(NEW_ADDRESS))
    token = await holder.secret(PasswordResetRequested)
    await harness.ask(holder.follow(ResetPassword, token, password=_new(harness), device=""))
    assert await slug(holder, NEW_ADDRESS, OTHER_PASSWORD) == "done"


@pytest.mark.parametrize(
    ("address", "why"),
    [(ADDRESS, "unchanged"), ("taken@labo.fr", "address_taken"), ("no address", "invalid")],
)
async def test_b_14_an_address_that_cannot_be_given(
    holder: HarnessAccountHolder, address: str, why: str
) -> None:
    await holder.harness.account("taken@labo.fr")
    await order(holder, acts.AddressChangeOrdered, new_address=address)
    assert await failures(holder) == [why]
    assert await slug(holder, ADDRESS, PASSWORD) == "done"


async def test_b_14_the_desk_changes_a_name(holder: HarnessAccountHolder) -> None:
    await order(holder, acts.NameChangeOrdered, first_name="Zoé", last_name="Müller")
    changed = await single(holder, NameChanged)
    assert (changed.first_name, changed.last_name, changed.by) == ("Zoé", "Müller", "desk")
    await order(holder, acts.NameChangeOrdered, first_name="Zoé", last_name="Müller")
    await order(holder, acts.NameChangeOrdered, first_name="Zoé", last_name="12")
    assert await failures(holder) == ["unchanged", "invalid"]


async def test_gd_02_an_anonymised_account_does_not_name_its_holder(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await order(holder, acts.AnonymisationOrdered)
    await single(holder, AccountAnonymised)
    await single(holder, CredentialsRemoved)
    tables = ("accounts", "credentials", "terms_acceptances", "requests", "address_changes")
    for table in (*tables, "replies"):
        stored = str(await harness.fetch(f"SELECT * FROM {table}"))
        assert not any(text in stored for text in (ADDRESS, "Durand", "Pierre")), table
    (acceptance,) = await harness.fetch("SELECT * FROM terms_acceptances")
    assert str(acceptance["account_id"]) == holder.account_id
    await order(holder, acts.AnonymisationOrdered)
    await order(holder, acts.NameChangeOrdered, first_name="Zoé", last_name="Müller")
    await order(holder, acts.AccountReactivationOrdered)
    assert await failures(holder) == ["unchanged", "unchanged", "wrong_state"]


async def test_the_address_of_accepted_terms_goes_only_with_the_account(
    holder: HarnessAccountHolder,
) -> None:
    await holder.harness.fetch("SELECT delete_accepted_address($1)", holder.account_id)
    (acceptance,) = await holder.harness.fetch("SELECT * FROM terms_acceptances")
    assert acceptance["address"] == ADDRESS


async def test_an_order_about_an_unknown_account_is_answered(harness: RegistrationHarness) -> None:
    nobody = HarnessAccountHolder(harness, PROPOSAL)
    for kind in (acts.AccountDeactivationOrdered, acts.AnonymisationOrdered):
        await order(nobody, kind)
    assert await failures(nobody) == ["unknown_account", "unknown_account"]


def _new(harness: RegistrationHarness) -> Any:
    return harness.seal(ResetPassword, "password", OTHER_PASSWORD)


async def test_b_14_a_value_that_changed_since_the_proposal_is_left_alone(
    holder: HarnessAccountHolder,
) -> None:
    """The agents decided on another address and another name than the account now has."""
    harness = holder.harness
    proposed_at = harness.now
    names = {"first_name": "Zoé", "last_name": "Müller"}
    harness.advance(hours=1)
    await order(holder, acts.AddressChangeOrdered, new_address="anne@labo.fr")
    await order(holder, acts.NameChangeOrdered, first_name="Anne", last_name="Müller")
    harness.advance(hours=1)
    await order(holder, acts.AddressChangeOrdered, proposed_at, new_address=NEW_ADDRESS)
    await order(holder, acts.NameChangeOrdered, proposed_at, **names)
    assert await failures(holder) == ["changed_since", "changed_since"]
    stored = await account(holder)
    assert (stored["address"], stored["first_name"]) == ("anne@labo.fr", "Anne")
    proposed_at = harness.now
    harness.advance(hours=1)
    await order(holder, acts.AddressChangeOrdered, proposed_at, new_address=NEW_ADDRESS)
    await order(holder, acts.NameChangeOrdered, proposed_at, **names)
    stored = await account(holder)
    assert (stored["address"], stored["first_name"]) == (NEW_ADDRESS, "Zoé")
