"""S-05: a client with a whole /48 of IPv6 addresses is one client where the gateway limits tables.

With IPv4 each /24 is one.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime

import pytest
import pytest_asyncio

from services.gateway.features.support_requests.support_requests import (
    RateLimited,
    SupportRequests,
)
from services.gateway.http.forms import Form
from services.gateway.sessions.saved_forms import FormOwner, SavedForms
from services.gateway.sessions.sealed_state import SealedState
from shared.database import Pool, open_pool
from shared.security.sealing import KeyRing, Sealer, new_key, new_token
from tests.support.clock import Clock
from tests.support.servers.system import System

pytestmark = pytest.mark.asyncio(loop_scope="package")

RING = KeyRing.parse(new_key())
LIMIT = 3


class EveryDay:
    """Promises an answer on the day itself."""

    def answer_by(self, kind: str, received_at: datetime) -> date:
        return received_at.date()


EVERY_DAY = EveryDay()
#: Networks, and how many of a request from each are accepted.
NETWORKS = [
    ([f"2001:db8:5:{number:x}::/64" for number in range(LIMIT + 2)], LIMIT),
    ([f"2001:db8:6{number:x}::/64" for number in range(LIMIT + 2)], LIMIT + 2),
    ([f"203.0.{number}.0/24" for number in range(LIMIT + 2)], LIMIT + 2),
    (["203.0.113.0/24"] * (LIMIT + 2), LIMIT),
]


@pytest_asyncio.fixture(loop_scope="package")
async def pool(shared_system: System) -> AsyncIterator[Pool]:
    """The gateway's tables."""
    opened = await open_pool(shared_system.database.url("gateway"), "gateway", "networks", 6)
    yield opened
    await opened.close()


@pytest.mark.parametrize(("networks", "accepted"), NETWORKS)
async def test_s_05_saved_forms_of_a_network_are_limited(
    pool: Pool, networks: list[str], accepted: int
) -> None:
    await pool.execute("delete from saved_forms")
    forms = SavedForms(pool, Clock(), SealedState(RING), LIMIT)
    owners = [FormOwner(new_token(), network) for network in networks]
    saved = [await forms.save(Form(), "register", owner) for owner in owners]
    assert len([form_id for form_id in saved if form_id]) == accepted


async def test_s_05_forms_that_a_network_sends_at_once_have_one_limit(pool: Pool) -> None:
    await pool.execute("delete from saved_forms")
    forms = SavedForms(pool, Clock(), SealedState(RING), LIMIT)
    owners = [FormOwner(new_token(), "203.0.113.0/24") for _ in range(4 * LIMIT)]
    saved = await asyncio.gather(*(forms.save(Form(), "register", owner) for owner in owners))
    assert len([form_id for form_id in saved if form_id]) == LIMIT
    assert await pool.fetchval("select count(*) from saved_forms") == LIMIT


@pytest.mark.parametrize(("networks", "accepted"), NETWORKS)
async def test_s_05_reports_of_departures_of_a_network_are_limited(
    pool: Pool, networks: list[str], accepted: int
) -> None:
    await pool.execute("delete from support_requests")
    limits = {"departure": LIMIT}
    desk = SupportRequests(pool, Clock(), lambda: None, Sealer("support", RING), EVERY_DAY, limits)
    outcomes = []
    for network in networks:
        try:
            outcomes.append(
                await desk.report_departure(
                    None, {}, network=network, language="fr", key=new_token()
                )
            )
        except RateLimited:
            continue
    assert len(outcomes) == accepted
