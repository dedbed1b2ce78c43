"""The search: one text, asked of the owners of what it may be; the journal has kind and count."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.support import look_store
from services.support.account_search import Guess, Unsearchable, guess
from services.support.authorization import require_view
from services.support.deps import Deps
from services.support.handlers.account_looks import refuse_more
from services.support.looks import account_row, in_order
from shared.contracts.account_search import MAX_FOUND, FoundAccountsView
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.support.looks import AccountRow, AccountsFoundView, SearchAccounts
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

#: The number of a request leads to its page: that is no search among accounts.
REQUEST_ONLY = ("request",)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found, before it is sealed. `is_refused`: the owners were not asked, since the
    agent's searches of today were made."""

    kinds: tuple[str, ...]
    rows: list[AccountRow]
    more: bool = False
    request_number: str = ""
    is_refused: bool = False
    away: tuple[str, ...] = ()


async def ask_owners(request: SearchAccounts, deps: Deps, pool: Pool) -> Found:
    """Ask every owner that may know; first whether the agent may search at all, and today."""
    limit = deps.settings.daily_searches
    async with acquire(pool) as connection:
        agent = await require_view(connection, request.agent_id, "search")
        may_search = await look_store.may_search(connection, agent.id, limit, deps.clock())
    try:
        guesses = guess(deps.open(request, "text"))
    except Unsearchable as unsearchable:
        error = FieldError(field="text", code=unsearchable.code)
        raise Refused(Refusal(slug="invalid_fields", errors=(error,))) from None
    kinds = tuple(one.kind for one in guesses)
    if kinds == REQUEST_ONLY:
        return Found(kinds=kinds, rows=[], request_number=guesses[0].text)
    if not may_search:
        return Found(kinds=kinds, rows=[], is_refused=True)
    return await _search(deps, guesses, kinds)


async def _search(deps: Deps, guesses: Sequence[Guess], kinds: tuple[str, ...]) -> Found:
    away: set[str] = set()
    answers = await asyncio.gather(*(deps.owners.search(one, away) for one in guesses))
    exact, more = merged([one for one in answers if one is not None])
    ids = list(exact)
    rows: list[AccountRow] = []
    if ids:
        records, profiles = await asyncio.gather(
            deps.owners.describe_accounts(ids, away), deps.owners.describe_profiles(ids, away)
        )
        rows = in_order(
            account_row(one, records.get(one), profiles.get(one), exact=exact[one]) for one in ids
        )
    return Found(kinds=kinds, rows=rows, more=more, away=tuple(sorted(away)))


def merged(answers: Sequence[FoundAccountsView]) -> tuple[dict[str, bool], bool]:
    """The accounts of several answers, each once, exact ones first, and whether there are more than
    are shown."""
    found: dict[str, bool] = {}
    for answer in answers:
        for one in answer.found:
            found[one.account_id] = found.get(one.account_id, False) or one.exact
    ordered = dict(sorted(found.items(), key=lambda item: not item[1]))
    more = len(ordered) > MAX_FOUND or any(answer.more for answer in answers)
    return dict(list(ordered.items())[:MAX_FOUND]), more


async def search_accounts(request: SearchAccounts, context: RequestContext[Deps]) -> Reply:
    """Write the search to the journal, and answer with masked rows."""
    tx, now = context.tx, context.now()
    agent = await require_view(tx, request.agent_id, "search")
    found: Found = context.prepared
    if found.kinds != REQUEST_ONLY:
        limit = context.deps.settings.daily_searches
        allowed = await look_store.allowed_searches(tx, agent.id, limit, now)
        if found.is_refused or not await look_store.count_search(tx, agent.id, allowed, now):
            return await refuse_more(context, agent, "searches", allowed)
    await context.deps.journal.record(
        tx,
        "SearchMade",
        now=now,
        agent_id=agent.id,
        role=agent.role,
        kind="+".join(found.kinds),
        found=len(found.rows),
    )
    text = msgspec.json.encode(found.rows).decode()
    return AccountsFoundView(
        kinds=found.kinds,
        count=len(found.rows),
        more=found.more,
        rows=context.deps.desk_sealer.seal(text, seal_context(AccountsFoundView, "rows")),
        request_number=found.request_number,
        away=found.away,
    )
