"""Looks at accounts: opened for a reason, shown as far as the reasons of today open them."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from services.support import look_store, looks, proposal_store, request_store
from services.support.account_acts import offered_acts
from services.support.account_search import Guess
from services.support.act_effects import Facts, kind_of
from services.support.agents import Agent
from services.support.authorization import forbidden, require_view
from services.support.deps import Deps
from services.support.permissions import LOOK_REASONS, open_fields
from services.support.proposals import UNDO_PERIOD, can_be_undone
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.desk import AccountRecord
from shared.contracts.support.looks import (
    AccountDetails,
    AccountOpenedView,
    AccountRow,
    AccountView,
    DescribeAccount,
    FactorDetails,
    OpenAccount,
)
from shared.database import Pool, acquire
from shared.database.locks import lock_name
from shared.domain.account_ids import account_ids
from shared.domain.support_requests import read_number
from shared.errors import DependencyDown
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

#: How far back the mails of an account are shown.
MAILS_PERIOD = timedelta(days=30)
#: Dossiers of the account's page; all of them are in the list of dossiers.
MAX_DOSSIERS = 10
NOT_FOUND = Refusal(slug="not_found")

log = get_logger("support")


@dataclass(frozen=True, kw_only=True)
class Look:
    """An account as an agent may see it now, and the reasons why. `kind`: `act_effects.KINDS`."""

    details: AccountDetails
    kind: str = ""
    reasons: tuple[str, ...] = ()
    opened: frozenset[str] = frozenset()
    away: tuple[str, ...] = ()
    own: bool = False


async def find_account(request: OpenAccount, deps: Deps, pool: Pool) -> AccountRecord:
    """The account, of whoever may look at accounts. Refused with `not_found`."""
    async with acquire(pool) as connection:
        await require_view(connection, request.agent_id, "account")
    away: set[str] = set()
    ids = account_ids([request.account_id])
    record = (await deps.owners.describe_accounts(ids, away)).get(ids[0]) if ids else None
    if away:
        # Whose account it is cannot be compared with the agent's own address.
        raise DependencyDown("registration", "it does not answer")
    if record is None:
        raise Refused(NOT_FOUND)
    return record


async def open_account(request: OpenAccount, context: RequestContext[Deps]) -> Reply:
    """Open the account for one more reason; the first look of the day counts."""
    tx, now, record = context.tx, context.now(), context.prepared
    agent = await require_view(tx, request.agent_id, "account")
    reason = LOOK_REASONS.get(request.reason)
    if reason is None:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "reason"}))
    if agent.role not in reason.roles:
        raise forbidden(agent.id, f"look for {reason.name}")
    if looks.is_own(agent, record):
        raise forbidden(agent.id, "look", "own_account")
    # Two looks at once must not both be the hundredth.
    await lock_name(tx, f"looks/{agent.id}")
    given = await look_store.read_reasons(tx, agent.id, record.account_id, now)
    count = await look_store.count(tx, agent.id, now)
    if not given and count.opened >= count.allowed:
        return await refuse_more(context, agent, "accounts", count.allowed)
    if request.reason not in given:
        await look_store.save(tx, agent.id, record.account_id, request.reason, now)
        number = read_number(request.request_number) or ""
        if not await request_store.is_about(tx, number, record.account_id):
            number = ""
        await context.deps.journal.record(
            tx,
            "FieldsShown" if given else "AccountOpened",
            now=now,
            account_id=record.account_id,
            agent_id=agent.id,
            role=agent.role,
            reason=request.reason,
            number=number,
            fields=sorted(reason.opens),
        )
        log.info("An account was opened.", action="account_opened", reason=request.reason)
    return AccountOpenedView(
        opened=count.opened + (not given), allowed=count.allowed, until=looks.next_midnight(now)
    )


async def refuse_more(
    context: RequestContext[Deps], agent: Agent, kind: str, allowed: int
) -> Reply:
    """Refuse with `too_many_` and the kind of what was too many; the journal keeps it."""
    await context.deps.journal.record(
        context.tx,
        "LimitReached",
        now=context.now(),
        agent_id=agent.id,
        role=agent.role,
        kind=kind,
    )
    return context.refuse_for_now(Refusal(slug=f"too_many_{kind}", params={"allowed": allowed}))


async def look_at_account(request: DescribeAccount, deps: Deps, pool: Pool) -> Look:
    """Ask the owners what the agent's reasons of today open, and no more."""
    now = deps.clock()
    ids = account_ids([request.account_id])
    if not ids:
        raise Refused(NOT_FOUND)
    async with acquire(pool) as connection:
        agent = await require_view(connection, request.agent_id, "account")
        reasons = await look_store.read_reasons(connection, agent.id, ids[0], now)
    opened = open_fields(agent.role, frozenset(reasons)) if reasons else frozenset()
    return await _Looking(deps, ids[0], opened, now).look(agent, reasons)


@dataclass
class _Looking:
    """One look: what is asked, and who did not answer."""

    deps: Deps
    account_id: str
    opened: frozenset[str]
    now: datetime
    away: set[str] = field(default_factory=set)

    async def look(self, agent: Agent, reasons: tuple[str, ...]) -> Look:
        owners, account_id, away = self.deps.owners, self.account_id, self.away
        records, profiles, factor, sessions, mails, dossiers = await asyncio.gather(
            owners.describe_accounts([account_id], away),
            owners.describe_profiles([account_id], away),
            owners.factor(account_id, away) if "second_factor" in self.opened else _nothing(),
            owners.sessions(account_id, away) if "sessions" in self.opened else _nothing(),
            owners.mails(account_id, self.now - MAILS_PERIOD, away)
            if "mails" in self.opened
            else _nothing(),
            owners.dossiers(account_id, MAX_DOSSIERS, away)
            if "dossiers" in self.opened
            else _nothing(),
        )
        record, profile = records.get(account_id), profiles.get(account_id)
        if record is None and "registration" not in away:
            raise Refused(NOT_FOUND)
        own = record is not None and looks.is_own(agent, record)
        opened = frozenset() if own else self.opened
        details = AccountDetails(account_id=account_id)
        if record is not None:
            details = msgspec.structs.replace(
                details,
                state=looks.state_details(record, profile),
                person=looks.person_details(record, profile, opened),
            )
        if profile is not None:
            establishment = looks.establishment_details(profile, opened)
            details = msgspec.structs.replace(details, establishment=establishment)
            if "colleagues" in opened and profile.siret:
                rows, more = await self._colleagues(profile.siret)
                details = msgspec.structs.replace(details, colleagues=rows, more_colleagues=more)
        if opened:
            details = msgspec.structs.replace(
                details,
                factor=None
                if factor is None
                else FactorDetails(
                    enrolled_at=factor.enrolled_at,
                    recovery_left=factor.recovery_left,
                    recovery_kept=factor.recovery_kept,
                ),
                sessions=sessions,
                mails=None if mails is None else looks.shown_mails(mails, opened),
                dossiers=None if dossiers is None else dossiers.rows,
                dossiers_total=0 if dossiers is None else dossiers.total,
            )
        return Look(
            details=details,
            kind=kind_of(record),
            reasons=() if own else reasons,
            opened=opened,
            away=tuple(sorted(away)),
            own=own,
        )

    async def _colleagues(self, siret: str) -> tuple[tuple[AccountRow, ...] | None, bool]:
        """The other accounts of the same SIRET, masked; None where they could not be asked."""
        owners, away = self.deps.owners, self.away
        found = await owners.search(Guess("siret", siret), away)
        if found is None:
            return None, False
        ids = [one.account_id for one in found.found if one.account_id != self.account_id]
        if not ids:
            return (), found.more
        records, profiles = await asyncio.gather(
            owners.describe_accounts(ids, away), owners.describe_profiles(ids, away)
        )
        rows = [looks.account_row(one, records.get(one), profiles.get(one)) for one in ids]
        return tuple(looks.in_order(rows)), found.more


async def describe_account(request: DescribeAccount, context: RequestContext[Deps]) -> AccountView:
    """The account, sealed for the desk."""
    agent = await require_view(context.tx, request.agent_id, "account")
    look: Look = context.prepared
    count = await look_store.count(context.tx, agent.id, context.now())
    text = msgspec.json.encode(look.details).decode()
    is_open, sessions = bool(look.reasons), look.details.sessions
    facts = Facts(
        kind=look.kind,
        sessions=None if sessions is None else len(sessions),
        transfers=await _undoable(context, look.details.account_id),
    )
    return AccountView(
        details=context.deps.desk_sealer.seal(text, seal_context(AccountView, "details")),
        choices=looks.reasons_of_role(agent.role),
        reasons=look.reasons,
        until=looks.next_midnight(context.now()) if is_open else None,
        open=tuple(sorted(look.opened)),
        masked=looks.masked_fields(look.opened),
        away=look.away,
        own=look.own,
        acts=offered_acts(agent.role, facts, context.deps.settings.act_delays) if is_open else (),
        opened=count.opened,
        allowed=count.allowed,
    )


async def _undoable(context: RequestContext[Deps], account_id: str) -> int:
    """How many transfers of the account can be undone."""
    now = context.now()
    found = await proposal_store.undoable(context.tx, account_id, now - UNDO_PERIOD)
    return sum(can_be_undone(transfer, now) for transfer, _ in found)


async def _nothing() -> None:
    """Stands for a question that is not asked."""
