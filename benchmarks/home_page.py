"""The home page and its list, with a thousand dossiers in the table and with a million, in turn.

The same account has the same forty dossiers in both; the others belong to as many accounts as there
are forties. Both tables are there from the beginning and change names between the turns.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp
import asyncpg

from benchmarks.common import running
from benchmarks.environment import Environment
from benchmarks.generated_people import account_id
from benchmarks.generated_rows import DOSSIER_COLUMNS, Table, dossier_row, fill
from benchmarks.measure import Line, Plan, ratio_line, timed
from benchmarks.signed_in_user import SignedInUser
from shared.contracts.dossiers import TABS, ListDossiers
from shared.database import open_pool
from shared.messaging.service_bus import ServiceBus
from shared.runtime.service import utc_now

Work = Callable[[], Awaitable[object]]

EACH = 40
TURNS = 6
#: The account's address to its id.
WHO = "SELECT id FROM registration.accounts WHERE address = $1"
QUESTIONS = {
    "first page, counts": {},
    "last page": {"page": 1_000},
    "search": {"search": "elinoxa mg"},
    "by another column": {"sort": "medicine"},
}


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """Each question and the whole page, p50 by round: few, then many."""
    few, many = plan.dossiers
    await environment.start_services()
    found: dict[str, tuple[list[float], list[float]]] = {}
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url)
        opened.push_async_callback(admin.close)
        connector = await opened.enter_async_context(aiohttp.TCPConnector())
        member = SignedInUser(environment, connector)
        opened.push_async_callback(member.close)
        await member.settle()
        await member.sign_in()
        account = str(await admin.fetchval(WHO, member.address))
        await _fill(environment, admin, account, plan)
        ask = await opened.enter_async_context(_asker(environment))
        works: dict[str, Work] = {"GET /accueil": lambda: member.get("/accueil")}
        for name, more in QUESTIONS.items():
            request = ListDossiers(account_id=account, tab=TABS[2], size=5, **more)
            works[f"ListDossiers, {name}"] = lambda request=request: ask(request)
        for _ in range(plan.rounds):
            for name, spent in (await _round(admin, works, plan.pages)).items():
                for place, milliseconds in enumerate(spent):
                    found.setdefault(name, ([], []))[place].append(statistics.median(milliseconds))
    return [
        ratio_line(
            "dossiers_home",
            f"{name}, p50",
            "ms",
            list(zip(slow, fast, strict=True)),
            floor_name=f"the same with {few:,} dossiers in the table; ours has {many:,}",
            at_most=1.2,
        )
        for name, (fast, slow) in found.items()
    ]


async def _round(
    admin: asyncpg.Connection, works: dict[str, Work], count: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds of each work with few and with many, in turns that are short beside the moods of
    a busy machine."""
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in works}
    for _ in range(TURNS):
        for place, table in enumerate(("few", "many")):
            await _show(admin, table)
            for name, work in works.items():
                spent[name][place].extend(await timed(count // TURNS, work, warm=10))
    return spent


async def _fill(
    environment: Environment, admin: asyncpg.Connection, account: str, plan: Plan
) -> None:
    """`few` and `many` beside the table that the service knows, alike but for their rows."""
    for name, count in zip(("few", "many"), plan.dossiers, strict=True):
        table = f"dossiers.{name}"
        await admin.execute(f"CREATE TABLE {table} (LIKE dossiers.dossiers INCLUDING ALL)")
        await admin.execute(f"GRANT SELECT ON {table} TO impex_dossiers")
        row = partial(_dossier, account, count // EACH)
        made = Table(name=table, columns=DOSSIER_COLUMNS, count=count, row=row)
        await fill(environment.admin_urls.database_url, [made])
    await admin.execute("ALTER TABLE dossiers.dossiers RENAME TO own")


def _dossier(account: str, owners: int, number: int) -> str:
    """Dossier `number` of so many owners in turn, of whom the first is `account`."""
    place, owner = divmod(number, owners)
    return dossier_row(number, account_id(owner) if owner else account, place)


async def _show(admin: asyncpg.Connection, table: str) -> None:
    """Let the service see one of them under the name that it knows."""
    other = "many" if table == "few" else "few"
    async with admin.transaction():
        shown = await admin.fetchval("SELECT to_regclass('dossiers.dossiers') IS NOT NULL")
        if shown:
            await admin.execute(f"ALTER TABLE dossiers.dossiers RENAME TO {other}")
        await admin.execute(f"ALTER TABLE dossiers.{table} RENAME TO dossiers")


@asynccontextmanager
async def _asker(
    environment: Environment,
) -> AsyncIterator[Callable[[ListDossiers], Awaitable[object]]]:
    """Asks the running service as the gateway does."""
    pool = await open_pool(environment.urls["IMPEX_GATEWAY_DATABASE_URL"], "gateway", "bench", 2)
    node = ServiceBus(
        name="gateway",
        amqp_url=environment.urls["IMPEX_GATEWAY_AMQP_URL"],
        pool=pool,
        asks=(ListDossiers,),
        clock=utc_now,
    )
    async with pool, running(node):
        async with asyncio.timeout(30):
            while not node.ready[0]:  # noqa: ASYNC110 - the node has no event for it
                await asyncio.sleep(0.05)
        yield node.rpc_client.ask
