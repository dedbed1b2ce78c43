"""The desk's search among a million accounts: from the request to the masked rows.

The desk asks support as its page does; support asks every owner that the text may concern, opens,
masks and seals. Accounts are copied into the tables: names and towns as common as they are, half of
the establishments pharmacies. Texts are of every kind, whole and begun, found and not.
"""

import asyncio
import random
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, percentile, timed
from shared.contracts.profile.views import ProfileFields
from shared.contracts.support.looks import AccountsFoundView, SearchAccounts
from shared.database import open_pool
from shared.messaging.service_bus import ServiceBus
from shared.runtime.service import utc_now
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context

AT_MOST_MS = 100
COPY_BATCH = 20_000
DRAIN_SECONDS = 5
SEED = 74
JOINED = datetime(2024, 2, 3, 12, tzinfo=UTC)
AGENT = """
INSERT INTO support.agents (id, address, address_key, language, role, state, since, password_hash,
    pepper_key_id, joined_at)
VALUES ($1, 'bench@agency.example', 'bench@agency.example', 'fr', 'agent', 'active', now(),
    '$argon2id$none', 'none', now())
"""
FIRST_NAMES = (
    "Marie", "Pierre", "Zoé", "Jean-Michel", "Anne", "Luc", "Élodie", "François", "Nathalie",
    "Chloé", "Hélène", "Paul", "Inès", "Léa", "Hugo", "Camille", "Agnès", "Joël", "Noémie", "Rémi",
)  # fmt: skip
ROOTS = (
    "Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau",
    "Laurent", "Simon", "Michel", "Lefèvre", "Leroy", "Roux", "David", "Bertrand", "Morel",
    "Fournier", "Girard", "Müller", "d’Été", "Noël", "Garcia", "Klein",
)  # fmt: skip
ENDINGS = ("", "eau", "ier", "in", "elle", "on", "ac", "oux", "and", "ez", "-Roche", "-Duval")
TOWNS = ("Paris", "Lyon", "Marseille", "Saint-Étienne", "Nîmes", "Lille", "Saint-Denis")
KINDS = ("Pharmacie", "Pharmacie", "Pharmacie", "Laboratoire", "Hôpital", "Clinique")
NAMES_OF_PLACES = ("du Marché", "Saint-Louis", "de la Gare", "des Lilas", "Pasteur", "du Cœur")
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
    await environment.start_services()
    chosen = random.Random(SEED)
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url, command_timeout=600)
        opened.push_async_callback(admin.close)
        known = await fill(admin, plan.accounts, chosen)
        agent_id = str(uuid4())
        await admin.execute(AGENT, agent_id)
        search = await opened.enter_async_context(_searcher(environment, agent_id))
        texts = [*TEXTS, *known]
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


async def fill(admin: asyncpg.Connection, count: int, chosen: random.Random) -> list[str]:
    """So many accounts with their information; returns texts that some of them are found by."""
    made = people(count, chosen)
    known: list[str] = []
    while batch := list(islice(made, COPY_BATCH)):
        await _copy(admin, "registration", "accounts", ACCOUNT_COLUMNS, [one[0] for one in batch])
        await _copy(admin, "profile", "profiles", PROFILE_COLUMNS, [one[1] for one in batch])
        (account, profile) = batch[len(batch) // 2]
        fields = msgspec.json.decode(profile[3], type=ProfileFields)
        known += [account[1], f"{fields.first_name} {fields.last_name}", fields.siret]
        known += [fields.phone, f"{fields.company_name} {fields.city}"]
    for table in ("registration.accounts", "profile.profiles"):
        await admin.execute(f"VACUUM ANALYZE {table}")
    return known[: 5 * 8]


ACCOUNT_COLUMNS = (
    "id", "address", "address_key", "first_name", "last_name", "language", "created_at",
    "verified_at",
)  # fmt: skip
PROFILE_COLUMNS = (
    "account_id", "state", "version", "fields", "country", "siret", "terms_version", "terms_at",
    "saved_at", "validated_at",
)  # fmt: skip


def people(count: int, chosen: random.Random) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """(row of registration, row of profile) of so many accounts."""
    for number in range(count):
        account_id = UUID(int=chosen.getrandbits(128), version=4)
        first = chosen.choice(FIRST_NAMES)
        last = chosen.choice(ROOTS) + chosen.choice(ENDINGS) + chosen.choice(ENDINGS)
        # One of six lives in a big town, the others in one of three thousand.
        big = chosen.random() < 1 / 6
        town = chosen.choice(TOWNS) if big else f"Commune {chosen.randrange(3_000)}"
        siret = f"{777_000_000 + chosen.randrange(300_000)}{chosen.randrange(20):05}"
        fields = ProfileFields(
            last_name=last,
            first_name=first,
            phone=f"+331{number * 7 % 100_000_000:08}",
            position="other",
            siret=siret,
            company_name=(
                f"{chosen.choice(KINDS)} {chosen.choice(NAMES_OF_PLACES)} {number % 3_000}"
            ),
            city=town,
            postal_code=f"{chosen.randrange(1_000, 95_999):05}",
            address=f"{number % 90} rue de la République",
            terms=True,
        )
        address = f"{first[:5].lower()}.{number}@labo{number % 5_000}.example"
        text = msgspec.json.encode(fields).decode()
        yield (
            (account_id, address, address, first, last, "fr", JOINED, JOINED),
            (account_id, "validated", 1, text, "FR", siret, "1", JOINED, JOINED, JOINED),
        )


async def _copy(
    admin: asyncpg.Connection,
    schema: str,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    await admin.copy_records_to_table(
        table, schema_name=schema, columns=list(columns), records=rows, timeout=600
    )


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
    await node.start(None)

    async def search(text: str) -> AccountsFoundView:
        sealed = sealer.seal(text, seal_context(SearchAccounts, "text"))
        request = SearchAccounts(agent_id=agent_id, text=sealed)
        view = await node.rpc_client.ask(request, idempotency_key=str(uuid4()))
        assert isinstance(view, AccountsFoundView)
        assert not view.away, f"away while searching {text}: {view.away}"
        return view

    try:
        async with asyncio.timeout(30):
            while not node.ready[0]:  # noqa: ASYNC110 - the node has no event for it
                await asyncio.sleep(0.05)
        yield search
    finally:
        await node.drain(DRAIN_SECONDS)
        await pool.close()
