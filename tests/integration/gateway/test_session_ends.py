"""Sessions ended by events: each event, twice, late, at every gateway (AU-06)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    NameChanged,
    PasswordChanged,
)
from tests.integration.gateway.ending_events import EVENTS, emit_event
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def _delete_phone(portal: Portal, account: str) -> None:
    connection = await asyncpg.connect(portal.system.database.admin_url)
    await connection.execute("delete from mfa.authenticators where account_id = $1", UUID(account))
    await connection.close()


@pytest.mark.parametrize("reason", EVENTS)
async def test_re_10_a_change_elsewhere_ends_the_sessions(
    portal: Portal, address: str, reason: str
) -> None:
    owner, make = EVENTS[reason]
    person = AccountHolder(portal, address)
    await person.settle()
    account = await person.account_id()
    half = portal.browser()
    await person.give_password(browser=half)
    if reason == "credentials_removed":
        # Else mfa removes the phone too, and the event that comes first would give the reason.
        await _delete_phone(portal, account)
    await emit_event(portal, owner, make(portal.clock()), account)
    await emit_event(portal, owner, make(portal.clock()), account)

    async def closed() -> bool:
        return (await person.browser.send("GET", "/accueil")).status == 303

    await eventually(closed, why=f"{reason} ends the session")
    assert (await half.get("/connexion/code")).path == "/connexion", "half sessions too"
    session_closed = await portal.sent_mails.event("SessionClosed", account)
    assert session_closed.data["reason"] == reason


@pytest.mark.parametrize("reason", ["account_frozen", "account_deactivated"])
async def test_a_gateway_whose_clock_is_ahead_keeps_no_session_of_a_closed_account(
    portal: Portal, address: str, reason: str
) -> None:
    """Authenticated three seconds after the end by that gateway's clock."""
    owner, make = EVENTS[reason]
    person = AccountHolder(portal, address)
    await person.settle()
    ended = portal.clock() - timedelta(seconds=3)
    await emit_event(portal, owner, make(ended), await person.account_id())

    async def closed() -> bool:
        return (await person.browser.send("GET", "/accueil")).status == 303

    await eventually(closed, why=f"{reason} ends the session")


async def test_a_late_event_ends_no_session_that_was_authenticated_after_it(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    account = await person.account_id()
    before = portal.clock() - timedelta(minutes=5)
    await emit_event(
        portal, "registration", PasswordChanged(by="reset", changed_at=before), account
    )
    marker = AccountHolder(portal, f"z{address}")
    await marker.settle()
    now = portal.clock()
    await emit_event(
        portal, "registration", AccountDeactivated(deactivated_at=now), await marker.account_id()
    )

    async def closed() -> bool:
        return (await marker.browser.send("GET", "/accueil")).status == 303

    await eventually(closed, why="the later event was handled")
    assert (await person.browser.get("/accueil")).path == "/accueil"


async def test_a_session_authenticated_before_an_end_is_refused_whenever_it_is_stored(
    portal: Portal, another: Callable[..., Awaitable[Portal]], address: str
) -> None:
    """The race between two gateways: the password is checked before, the row is written after."""
    person = AccountHolder(portal, address)
    await person.settle()
    account = await person.account_id()
    page = await person.give_password(browser=portal.browser())
    assert page.path == "/connexion/code"
    ended = portal.clock() + timedelta(seconds=2)
    await emit_event(portal, "registration", PasswordChanged(by="reset", changed_at=ended), account)

    async def closed() -> bool:
        return (await person.browser.send("GET", "/accueil")).status == 303

    await eventually(closed, why="the event was handled")
    late = portal.browser()
    page = await person.give_password(browser=late)
    assert page.path == "/connexion", "proved before the end, by this gateway's clock"
    portal.clock.advance(seconds=3)
    assert (await person.give_password(browser=late)).path == "/connexion/code"


async def test_b_14_a_session_shows_the_latest_name_and_ends_with_the_address(
    portal: Portal, address: str
) -> None:
    """Each event twice, and an older one last: the session keeps the newest name. A change of
    address elsewhere ends it, like a change of any credential.
    """
    person, marker = AccountHolder(portal, address), AccountHolder(portal, f"z{address}")
    await person.settle()
    await marker.settle()
    account = await person.account_id()
    before = portal.clock()
    portal.clock.advance(seconds=5)
    now = portal.clock()
    names = [
        NameChanged(first_name="Pia", last_name=last, by="desk", changed_at=at)
        for last, at in (("Martin", now), ("Martin", now), ("Dupont", before))
    ]
    for event in names:
        await emit_event(portal, "registration", event, account)
    frozen = AccountFrozen(by="desk", desk_only=True, frozen_at=portal.clock())
    await emit_event(portal, "registration", frozen, await marker.account_id())

    async def handled() -> bool:
        return (await marker.browser.send("GET", "/accueil")).status == 303

    await eventually(handled, why="the last event was handled")
    page = await person.browser.get("/compte")
    assert "Pia Martin" in page.text
    assert "Dupont" not in page.text
    moved = AddressChanged(
        address=f"n{address}", former_address=address, by="desk", changed_at=portal.clock()
    )
    await emit_event(portal, "registration", moved, account)
    closed = await portal.sent_mails.event("SessionClosed", account)
    assert closed.data["reason"] == "address_changed"
    assert (await person.browser.get("/compte")).path == "/connexion"
