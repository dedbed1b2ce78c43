"""SQL on looks and searches: which accounts an agent has opened today, for which reasons, and how
many searches the agent has made."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.support.looks import day_limit
from shared.contracts.support.looks import MAX_ACCOUNTS
from shared.database import Connection
from shared.i18n.dates import PARIS

RETENTION = timedelta(days=2)
REASONS = """
select reasons from account_looks where agent_id = $1 and day = $2 and account_id = $3
"""
COUNT = "select count(*) from account_looks where agent_id = $1 and day = $2"
AGREEMENTS = "select count(*) from look_agreements where agent_id = $1 and day = $2"
INSERT = """
insert into account_looks (agent_id, day, account_id, reasons, opened_at)
values ($1, $2, $3, array[$4], $5)
on conflict (agent_id, day, account_id) do update
    set reasons = array_append(account_looks.reasons, excluded.reasons[1])
    where not excluded.reasons[1] = any (account_looks.reasons)
"""
SEARCHES = "select made from account_searches where agent_id = $1 and day = $2"
#: No row where the limit was reached; two searches at once wait for each other.
COUNT_SEARCH = """
insert into account_searches (agent_id, day, made) values ($1, $2, 1)
on conflict (agent_id, day) do update set made = account_searches.made + 1
    where account_searches.made < $3
returning made
"""
AGREE = """
insert into look_agreements (id, agent_id, day) values ($1, $2, $3) on conflict do nothing
"""


@dataclass(frozen=True)
class LookCount:
    """How many accounts an agent opened today, and how many are allowed."""

    opened: int
    allowed: int


def today(now: datetime) -> date:
    """The day in Paris."""
    return now.astimezone(PARIS).date()


async def read_reasons(
    tx: Connection, agent_id: str, account_id: str, now: datetime
) -> tuple[str, ...]:
    """The reasons that an agent gave today for an account, in their order."""
    found = await tx.fetchval(REASONS, agent_id, today(now), account_id)
    return tuple(found or ())


async def count(tx: Connection, agent_id: str, now: datetime) -> LookCount:
    """The agent's accounts of today."""
    day = today(now)
    opened = await tx.fetchval(COUNT, agent_id, day)
    agreements = await tx.fetchval(AGREEMENTS, agent_id, day)
    return LookCount(opened, day_limit(MAX_ACCOUNTS, agreements))


async def save(tx: Connection, agent_id: str, account_id: str, reason: str, now: datetime) -> None:
    """The agent opened the account for that reason."""
    await tx.execute(INSERT, agent_id, today(now), account_id, reason, now)


async def allowed_searches(tx: Connection, agent_id: str, limit: int, now: datetime) -> int:
    """How many searches the agent may make today; `limit` is that without an agreement."""
    return day_limit(limit, await tx.fetchval(AGREEMENTS, agent_id, today(now)))


async def may_search(tx: Connection, agent_id: str, limit: int, now: datetime) -> bool:
    """Whether the agent may make another search today."""
    made = await tx.fetchval(SEARCHES, agent_id, today(now)) or 0
    return made < await allowed_searches(tx, agent_id, limit, now)


async def count_search(tx: Connection, agent_id: str, allowed: int, now: datetime) -> bool:
    """Count one search more; False where that many were made today."""
    return await tx.fetchval(COUNT_SEARCH, agent_id, today(now), allowed) is not None


async def save_agreement(tx: Connection, proposal_id: str, agent_id: str, now: datetime) -> None:
    """A supervisor agreed that the agent opens more accounts and makes more searches today."""
    await tx.execute(AGREE, proposal_id, agent_id, today(now))


async def purge(tx: Connection, now: datetime) -> None:
    """Delete what is of no use any more: the journal has the looks."""
    before = today(now - RETENTION)
    await tx.execute("delete from account_looks where day < $1", before)
    await tx.execute("delete from account_searches where day < $1", before)
    await tx.execute("delete from look_agreements where day < $1", before)
