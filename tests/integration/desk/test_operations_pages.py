"""The pages of operators on real servers: what they show is the broker's own (B-06, MQ-07)."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.actors.desk_agent import end_sessions, signed_in_agent
from tests.support.servers.bus_fixture import forge
from tests.support.servers.desk import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def operated(desk: Desk) -> AsyncIterator[Desk]:
    """The desk with the service that reads queues and letters, and a letter that nobody reads."""
    async with desk.system.run("operations", clock=desk.clock):
        await forge(
            desk.system.broker.url("registration"),
            b"{}",
            key="registration.AccountCreated.v1",
            user="registration",
        )
        await eventually(lambda: desk.system.broker.depths().get("support.dead") == 1)
        yield desk


async def test_mq_07_queues_are_shown_without_scripts(operated: Desk) -> None:
    operator = await signed_in_agent(operated, "operator")
    page = await operator.browser.get("/exploitation")
    assert page.h1 == "Exploitation"
    lines = {row["data-queue"]: row for row in page.soup.select("tbody tr")}
    assert lines["support"].select_one("[data-dead]").get_text() == "1"  # type: ignore[union-attr]
    # Nobody needs to see what is at rest.
    assert "impex.discarded" not in lines
    everything = await operator.browser.get("/exploitation?voir=tout")
    assert "impex.discarded" in {row["data-queue"] for row in everything.soup.select("tbody tr")}
    assert [link.get_text() for link in page.soup.select("[data-follow-reload]")] == ["Actualiser"]


async def test_the_live_view_ends_with_the_session(operated: Desk) -> None:
    operator = await signed_in_agent(operated, "operator")
    state = json.loads((await operator.browser.get("/exploitation/etat")).body)
    assert {"queue", "cells", "atRest", "dead", "problem"} == set(state["rows"][0])
    async with operator.browser.session.get(f"{operated.base}/exploitation/suivi") as stream:
        assert stream.status == 200
        while not (await stream.content.readline()).startswith(b"event: queues"):
            pass
        await end_sessions(operated, operator.id)
        rest = await asyncio.wait_for(stream.content.read(), 10)
    assert rest.rstrip().endswith(b"event: end\ndata: {}")
