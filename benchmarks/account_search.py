"""The desk's search among a million accounts: from the request to the masked rows.

The desk asks support as its page does; support asks every owner that the text may concern, opens,
masks and seals. Texts are of every kind, whole and begun, found and not.
"""

import asyncio
import random
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import uuid4

import asyncpg

from benchmarks.common import running
from benchmarks.environment import Environment
from benchmarks.generated_people import person
from benchmarks.generated_rows import fill
from benchmarks.installation import Installation, Sizes
from benchmarks.measure import Line, Plan, percentile, timed
from shared.contracts.support.looks import AccountsFoundView, SearchAccounts
from shared.database import open_pool
from shared.messaging.service_bus import ServiceBus
from shared.runtime.service import utc_now
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context

AT_MOST_MS = 100
#: Where the desk looks.
SEARCHED = ("registration.accounts", "profile.profiles")
#: Accounts whose address, names, numbers and establishment are typed.
KNOWN = 8
SEED = 74
AGENT = """
INSERT INTO support.agents (id, address, address_key, language, role, state, since, password_hash,
    pepper_key_id, joined_at)
VALUES ($1, 'bench@agency.example', 'bench@agency.example', 'fr', 'agent', 'active', now(),
    '$argon2id$none', 'none', now())
"""
#: What is typed besides what some of the accounts have.
TEXTS = (
    "durand", "DURAND marie", "martin", "mar", "lef", "zoé été", "müller", "nobodyhere", "Dubois z",
    "pharmacie", "pharmacie paris", "hopital pasteur", "coeur saint-etienne", "commune 77", "zzz",
    "pha", "laboratoire nimes", "69003", "@labo27", "@labo2777.example", "marie.7", "marie",
    "732829320", "77700012300003", "01 00 00 00 01", "+33 1 99 99 99 99", "AI-2026-000123",
    "nobody@nowhere.example",
)  # fmt: skip

Search = Callable[[str], Awaitable[AccountsFoundView]]


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """p50 and p95 of searches, by round."""
    sizes = Sizes(accounts=plan.accounts, mails=0, dossiers=0, events=0)
    tables = [one for one in Installation(sizes, utc_now()).tables() if one.name in SEARCHED]
    await fill(environment.admin_urls.database_url, tables)
    # One agent makes all searches of the run.
    await environment.start_services(IMPEX_DAILY_SEARCHES="10000")
    chosen = random.Random(SEED)
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url)
        opened.push_async_callback(admin.close)
        agent_id = str(uuid4())
        await admin.execute(AGENT, agent_id)
        search = await opened.enter_async_context(_searcher(environment, agent_id))
        texts = [*TEXTS, *_known(plan.accounts)]
        rounds = []
        for _ in range(plan.rounds):
            chosen.shuffle(texts)
            spent = [await timed(1, partial(search, text), warm=0) for text in texts]
            rounds.append([one for (one,) in spent])
    return [
        Line(
            scenario="account_search",
            what=f"{name} of {len(texts)} texts, {plan.accounts:,} accounts",
            unit="ms",
            values=[measure(one) for one in rounds],
            aim=f"<= {AT_MOST_MS} ms",
            passed=statistics.median(measure(one) for one in rounds) <= AT_MOST_MS,
            note="the desk's request to support, which asks and describes at the owners",
        )
        for name, measure in (
            ("p50", statistics.median),
            ("p95", lambda values: percentile(values, 0.95)),
        )
    ]


def _known(count: int) -> list[str]:
    """Texts that eight of the accounts are found by."""
    found: list[str] = []
    for place in range(KNOWN):
        who = person((2 * place + 1) * count // (2 * KNOWN))
        found += [who.address, f"{who.first_name} {who.last_name}", who.siret]
        found += [who.phone, f"{who.company_name} {who.city}"]
    return found


@asynccontextmanager
async def _searcher(environment: Environment, agent_id: str) -> AsyncIterator[Search]:
    """Asks the running service as the desk does."""
    pool = await open_pool(environment.urls["IMPEX_DESK_DATABASE_URL"], "desk", "bench", 2)
    node = ServiceBus(
        name="desk",
        amqp_url=environment.urls["IMPEX_DESK_AMQP_URL"],
        pool=pool,
        asks=(SearchAccounts,),
        clock=utc_now,
    )
    sealer = Sealer("support", SealRing.parse(environment.values["IMPEX_SEAL_KEYS_SUPPORT"]))

    async def search(text: str) -> AccountsFoundView:
        sealed = sealer.seal(text, seal_context(SearchAccounts, "text"))
        request = SearchAccounts(agent_id=agent_id, text=sealed)
        view = await node.rpc_client.ask(request, idempotency_key=str(uuid4()))
        assert isinstance(view, AccountsFoundView)
        assert not view.away, f"away while searching {text}: {view.away}"
        return view

    async with pool, running(node):
        async with asyncio.timeout(30):
            while not node.ready[0]:  # noqa: ASYNC110 - the node has no event for it
                await asyncio.sleep(0.05)
        yield search
