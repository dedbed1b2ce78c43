"""Journeys and pages with the tables of a large installation beside those of a small one, in turn.

Each side has servers, services and people of its own; both are there for the whole time, so that
whatever else the machine does meets both. Pages list as much on both. Filling the large one takes
minutes.
"""

import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import asyncpg
from yarl import URL

from benchmarks import report
from benchmarks.environment import Environment
from benchmarks.full_journey import AT_ONCE, Meter, take_journeys
from benchmarks.home_page import WHO
from benchmarks.installation import fill_installation
from benchmarks.measure import Line, Plan, ratio_line, timed
from benchmarks.signed_in_user import SignedInUser
from services.gateway.sessions.tokens import token_hash
from shared.security.sealing import new_token

Work = Callable[[], Awaitable[object]]

SCENARIO = "growth"
AT_MOST = 1.1
TURNS = 6
DESK_COOKIE = "impex-desk-session"
AGENT = """
WITH agent AS (
    INSERT INTO support.agents (id, address, address_key, language, role, state, since,
        password_hash, pepper_key_id, first_name, last_name, joined_at)
    VALUES ($1, $2, $2, 'fr', $3, 'active', now(), '$argon2id$none', 'none', 'Zoé', 'Martin', now())
)
INSERT INTO desk.sessions (token_hash, id, account_id, level, due, address, first_name, last_name,
    role, device, network, opened_at, proved_at, code_at, seen_at, ends_at)
VALUES ($4, $5, $1, 'full', 'code', $2, 'Zoé', 'Martin', $3, 'Firefox 140, Linux', '127.0.0.0/24',
    now(), now(), now(), now() + interval '12 hours', now() + interval '12 hours')
"""


@dataclass(frozen=True)
class Side:
    """One installation with its people, and what each of them opens, by name."""

    environment: Environment
    works: dict[str, Work]


async def run(_environment: Environment, plan: Plan) -> list[Line]:
    """Journeys a second, their processor time, and the pages."""
    async with AsyncExitStack() as opened:
        sides = []
        for sizes in plan.installations:
            one = await opened.enter_async_context(Environment())
            begin = time.perf_counter()
            await fill_installation(one.admin_urls.database_url, sizes)
            report.progress(f"{sizes.accounts:,} accounts in {time.perf_counter() - begin:.0f} s")
            sides.append(await _side(opened, one))
        pages: dict[str, tuple[list[float], list[float]]] = {}
        journeys: tuple[list[tuple[float, float]], ...] = ([], [])
        for _ in range(plan.rounds):
            for place, side in enumerate(sides):
                journeys[place].append(await _journeys(side.environment, plan.journeys))
            for name, spent in (await _pages(sides, plan.pages)).items():
                for place, milliseconds in enumerate(spent):
                    pages.setdefault(name, ([], []))[place].append(statistics.median(milliseconds))
    return _lines(plan, journeys, pages)


async def _journeys(environment: Environment, people: int) -> tuple[float, float]:
    """Seconds, and CPU milliseconds of services and servers, for each journey."""
    meter, begin = Meter(environment), time.perf_counter()
    await take_journeys(environment, people)
    spent = time.perf_counter() - begin
    await environment.settle()
    cpu = sum(seconds for name, seconds in meter.spent().items() if name != "driver")
    return spent / people, 1_000 * cpu / people


async def _pages(sides: list[Side], count: int) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds of each page, small and large, in turns."""
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in sides[0].works}
    for _ in range(TURNS):
        for name in spent:
            for place, side in enumerate(sides):
                spent[name][place].extend(await timed(count // TURNS, side.works[name]))
    return spent


async def _side(opened: AsyncExitStack, environment: Environment) -> Side:
    """Services, an applicant who has signed in, and agents of three roles."""
    # One agent makes all searches of the run.
    await environment.start_services(IMPEX_DAILY_SEARCHES="10000")
    opened.push_async_callback(environment.stop_services)
    await take_journeys(environment, AT_ONCE)
    admin = await asyncpg.connect(environment.admin_urls.database_url)
    opened.push_async_callback(admin.close)
    connector = await opened.enter_async_context(aiohttp.TCPConnector())
    visitor, member = SignedInUser(environment, connector), SignedInUser(environment, connector)
    await member.settle()
    await member.sign_in()
    agent, auditor, operator = [
        await _agent(environment, connector, admin, role)
        for role in ("agent", "auditor", "operator")
    ]
    for one in (visitor, member, agent, auditor, operator):
        opened.push_async_callback(one.close)
    account = f"/assistance/comptes/{await admin.fetchval(WHO, member.address)}"
    page = await agent.get(account)
    await agent.post(page, f"{account}/ouvrir", account, reason="account_security")

    async def search() -> None:
        page = await agent.get("/assistance/recherche")
        _, where = await agent.send(page, "/assistance/recherche", search=member.address)
        found = await agent.get(where)
        assert account in found.text

    return Side(
        environment,
        {
            "GET /inscription": lambda: visitor.get("/inscription"),
            "GET /connexion": lambda: visitor.get("/connexion"),
            "GET /accueil": lambda: member.get("/accueil"),
            "desk: account": lambda: agent.get(account),
            "desk: queue": lambda: agent.get("/assistance/demandes"),
            "desk: search by address": search,
            "desk: journal": lambda: auditor.get("/assistance/journal"),
            "operators: mails": lambda: operator.get("/exploitation/messages"),
        },
    )


async def _agent(
    environment: Environment,
    connector: aiohttp.BaseConnector,
    admin: asyncpg.Connection,
    role: str,
) -> SignedInUser:
    """The browser of an agent, as after a sign-in."""
    base = environment.values["IMPEX_DESK_BASE_URL"]
    agent, token = SignedInUser(environment, connector, base), new_token()
    await admin.execute(AGENT, uuid4(), agent.address, role, token_hash(token), uuid4())
    agent.cookies.update_cookies({DESK_COOKIE: token}, URL(base))
    return agent


def _lines(
    plan: Plan,
    journeys: tuple[list[tuple[float, float]], ...],
    pages: dict[str, tuple[list[float], list[float]]],
) -> list[Line]:
    small, large = plan.installations
    few, many = journeys
    floor = f"the same with {small.accounts:,} accounts; ours has {large.accounts:,}"
    measured: dict[str, tuple[str, list[tuple[float, float]]]] = {
        f"a journey, {AT_ONCE} at once": (
            "ms",
            [(1_000 * one[0], 1_000 * other[0]) for one, other in zip(many, few, strict=True)],
        ),
        "CPU of services and servers per journey": (
            "ms",
            [(one[1], other[1]) for one, other in zip(many, few, strict=True)],
        ),
        **{
            f"{name}, p50": ("ms", list(zip(slow, fast, strict=True)))
            for name, (fast, slow) in pages.items()
        },
    }
    return [
        ratio_line(SCENARIO, what, unit, pairs, floor_name=floor, at_most=AT_MOST)
        for what, (unit, pairs) in measured.items()
    ]
