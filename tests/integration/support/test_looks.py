"""Searches and looks of agents: who may, what is written down, what stays masked (B-05, AZ-01)."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from services.support import look_store
from services.support.agents import Agent
from services.support.permissions import ALWAYS_OPEN, FIELDS, LOOK_REASONS, Role
from shared.contracts.dossiers import DossierRow
from shared.contracts.gateway_desk import SessionRecord
from shared.contracts.mailer_desk import MailRecord
from shared.contracts.support.looks import (
    MAX_ACCOUNTS,
    AccountDetails,
    AccountRow,
    AccountsFoundView,
    AccountView,
    DescribeAccount,
    OpenAccount,
    SearchAccounts,
)
from shared.contracts.support.proposals import ApproveProposal, Propose
from shared.database import transaction
from shared.errors import DependencyDown
from shared.security.sealing import Opener, seal_context
from tests.support.harness.desk_owners import JOINED, DeskOwners
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import SupportHarness

ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
COLLEAGUE = "7a9d2a66-52a1-4d1c-8b54-0f6a4f0f7c22"
SIRET = "73282932000074"
#: What of the account each field holds, as it must not appear while that is masked.
SECRETS = {
    "name": "Marie",
    "address": "marie.durand@",
    "telephone": "+33123454217",
    "position": "responsible_pharmacist",
    "establishment": "rue des Lilas",
    "colleagues": COLLEAGUE,
    "second_factor": "recovery_left",
    "sessions": "Firefox",
    "mails": "password_changed",
    "dossiers": "AI-2026-7",
}


@dataclass
class Desk:
    """Support with owners of the test's own, and an agent of each role."""

    harness: SupportHarness
    owners: DeskOwners
    opener: Opener
    agents: dict[str, Agent]
    #: The last entry of the journal before the test.
    before: int

    async def search(self, typed: str, role: str = "agent") -> tuple[AccountsFoundView, list[Any]]:
        sealed = self.harness.seal(SearchAccounts, "text", typed)
        request = SearchAccounts(agent_id=self.agents[role].id, text=sealed)
        view: AccountsFoundView = await self.harness.ask(request)
        assert view.rows is not None
        text = self.opener.open(view.rows, seal_context(AccountsFoundView, "rows"))
        return view, msgspec.json.decode(text, type=list[AccountRow])

    def opening(self, reason: str, role: str = "agent", account_id: str = ACCOUNT) -> OpenAccount:
        return OpenAccount(agent_id=self.agents[role].id, account_id=account_id, reason=reason)

    async def look(self, role: str = "agent") -> tuple[AccountView, AccountDetails, str]:
        """The reply, the account in it, and its text as the desk has it."""
        request = DescribeAccount(agent_id=self.agents[role].id, account_id=ACCOUNT)
        view: AccountView = await self.harness.ask(request)
        text = self.opener.open(view.details, seal_context(AccountView, "details"))
        return view, msgspec.json.decode(text, type=AccountDetails), text

    async def journal(self) -> list[tuple[str, dict[str, Any]]]:
        """(type, what it says) of what was written about searches and looks."""
        sql = "SELECT type, public FROM journal_entries WHERE number > $1 ORDER BY number"
        rows = await self.harness.fetch(sql, self.before)
        return [(row["type"], msgspec.json.decode(row["public"])) for row in rows]


@pytest_asyncio.fixture(loop_scope="package")
async def desk(harness: SupportHarness) -> Desk:
    """Two accounts of one establishment, and an agent of each role."""
    assert harness.owners is not None
    owners = harness.owners
    owners.add(ACCOUNT)
    owners.add(COLLEAGUE, first_name="Paul", last_name="Petit", address="paul@labo.fr")
    owners.found["registration", "name", "durand"] = [ACCOUNT]
    owners.mails = [
        MailRecord(
            mail_id=str(uuid4()),
            template="password_changed",
            address="marie.durand@labo.fr",
            written_at=JOINED,
            state="refused",
            server_answer="5.1.1 <MARIE.DURAND@labo.fr> no such user",
        )
    ]
    owners.sessions = [
        SessionRecord(
            session_id=str(uuid4()),
            device="Firefox, Windows",
            network="192.0.2.0/24",
            opened_at=JOINED,
            seen_at=JOINED,
        )
    ]
    owners.dossiers = [
        DossierRow(
            dossier_id="d",
            kind="AI",
            number="AI-2026-7",
            status="filed",
            establishment="Pharmacie",
            medicine="Médicament",
            dosage="",
            pharmaceutical_form="",
        )
    ]
    agents = {
        role: await harness.joined(f"{role}@ansm.sante.fr", role)
        for role in ("agent", "supervisor", "operator", "auditor")
    }
    last = await harness.fetch("SELECT coalesce(max(number), 0) AS last FROM journal_entries")
    return Desk(harness, owners, harness.desk, agents, last[0]["last"])


async def test_b_05_a_search_is_masked_and_in_the_journal_without_its_text(desk: Desk) -> None:
    view, rows = await desk.search("durand")
    assert (view.kinds, view.count, view.more) == (("name", "establishment", "address"), 1, False)
    (row,) = rows
    assert (row.person, row.address) == ("M… DURAND", "m…@labo.fr")
    assert (row.establishment, row.town, row.state) == (
        "Pharmacie du Marché",
        "Saint-Étienne",
        "active",
    )
    ((kind, public),) = [one for one in await desk.journal() if one[0] == "support.SearchMade"]
    assert (kind, public["found"], public["kind"]) == (
        "support.SearchMade",
        1,
        "name+establishment+address",
    )
    assert "durand" not in repr(await desk.journal()).lower()


async def test_b_05_what_one_owner_does_not_answer_is_named_and_the_rest_is_shown(
    desk: Desk,
) -> None:
    desk.owners.away = {"profile"}
    view, (row,) = await desk.search("durand")
    assert (view.away, row.person, row.establishment) == (("profile",), "M… DURAND", "")
    desk.owners.away = {"registration"}
    view, rows = await desk.search(SIRET)
    assert view.away == ("registration",)
    assert {(one.person, one.establishment) for one in rows} == {("", "Pharmacie du Marché")}


async def test_the_number_of_a_request_is_no_search_among_accounts(desk: Desk) -> None:
    view, rows = await desk.search("cor a44x2 yz7ew")
    assert (view.request_number, rows, desk.owners.asked) == ("COR-A44X2-YZ7EW", [], [])


@pytest.mark.parametrize("role", list(Role))
async def test_az_01_roles_search_and_open_as_the_matrix_allows(desk: Desk, role: str) -> None:
    if role == "operator":
        sealed = desk.harness.seal(SearchAccounts, "text", "durand")
        search = SearchAccounts(agent_id=desk.agents[role].id, text=sealed)
        look = DescribeAccount(agent_id=desk.agents[role].id, account_id=ACCOUNT)
        for request in (search, look, desk.opening("question", role)):
            assert await desk.harness.outcome(request) == "forbidden"
        assert desk.owners.asked == [], "nobody is asked for whoever may not know"
        return
    assert (await desk.search("durand", role))[0].count == 1
    for name, reason in LOOK_REASONS.items():
        expected = "done" if role in reason.roles else "forbidden"
        assert await desk.harness.outcome(desk.opening(name, role)) == expected, name


@pytest.mark.parametrize("reason", [name for name in LOOK_REASONS if name != "audit"])
async def test_az_01_nothing_masked_leaves_support(desk: Desk, reason: str) -> None:
    """Each reason opens its fields; of the others nothing is in the reply, whatever is rendered."""
    closed, _details, text = await desk.look()
    assert (closed.reasons, closed.open) == ((), ())
    for field, secret in SECRETS.items():
        assert secret not in text.replace('"recovery_left":0', ""), field
    await desk.harness.ask(desk.opening(reason))
    view, details, text = await desk.look()
    opened = LOOK_REASONS[reason].opens | ALWAYS_OPEN
    assert set(view.open) == opened
    assert set(view.masked) == set(FIELDS) - opened
    for field, secret in SECRETS.items():
        assert (secret in text) == (field in opened), field
    if "mails" in opened:
        assert details.mails is not None
        assert ("MARIE" in text) == ("address" in opened), "the server's answer names the address"


async def test_a_second_reason_opens_more_and_both_end_at_midnight(desk: Desk) -> None:
    await desk.harness.ask(desk.opening("question"))
    view = await desk.harness.ask(desk.opening("mail_not_received"))
    assert view.opened == 1, "one account, however many reasons"
    view, _details, _text = await desk.look()
    assert view.reasons == ("question", "mail_not_received")
    assert "mails" in view.open
    written = [one for one in await desk.journal() if one[0].split(".")[1] in (
        "AccountOpened", "FieldsShown")]  # fmt: skip
    assert [(kind, public["role"], public["reason"]) for kind, public in written] == [
        ("support.AccountOpened", "agent", "question"),
        ("support.FieldsShown", "agent", "mail_not_received"),
    ]
    assert (await desk.look("supervisor"))[0].reasons == (), "of one agent only"
    desk.harness.advance(days=1)
    assert (await desk.look())[0].reasons == ()


async def test_az_02_nobody_opens_their_own_account(desk: Desk) -> None:
    desk.owners.add(ACCOUNT, address="Agent@ansm.sante.fr")
    assert await desk.harness.outcome(desk.opening("question")) == "own_account"
    view, _details, text = await desk.look()
    assert (view.own, view.reasons) == (True, ())
    assert "Agent@" not in text
    assert await desk.harness.outcome(desk.opening("question", "supervisor")) == "done"


@pytest.mark.parametrize("account_id", [str(UUID(int=7)), "no id", ""])
async def test_az_02_an_account_that_is_none_is_not_found(desk: Desk, account_id: str) -> None:
    opening = desk.opening("question", account_id=account_id)
    assert await desk.harness.outcome(opening) == "not_found"
    look = DescribeAccount(agent_id=desk.agents["agent"].id, account_id=account_id)
    assert await desk.harness.outcome(look) == "not_found"


async def test_an_unknown_reason_or_an_owner_that_is_away_opens_nothing(desk: Desk) -> None:
    assert await desk.harness.outcome(desk.opening("curiosity")) == "unknown_choice"
    desk.owners.away = {"registration"}
    with pytest.raises(DependencyDown):
        await desk.harness.ask(desk.opening("question"))
    assert await desk.harness.count("account_looks") == 0


async def test_the_account_after_the_hundredth_needs_a_supervisor(desk: Desk) -> None:
    agent, now = desk.agents["agent"], desk.harness.now
    async with transaction(desk.harness.pool) as tx:
        for _ in range(MAX_ACCOUNTS - 1):
            await look_store.save(tx, agent.id, str(uuid4()), "question", now)
    view = await desk.harness.ask(desk.opening("question"))
    assert (view.opened, view.allowed) == (MAX_ACCOUNTS, MAX_ACCOUNTS)
    another = desk.opening("question", account_id=COLLEAGUE)
    refusal = await desk.harness.refusal(another)
    assert (refusal.slug, refusal.params) == ("too_many_accounts", {"allowed": MAX_ACCOUNTS})
    assert await desk.harness.outcome(desk.opening("departure")) == "done", "it is open already"
    act, reason = "view_more_accounts", "daily_limit"
    asked = await desk.harness.ask(Propose(agent_id=agent.id, act=act, reason=reason))
    assert await desk.harness.outcome(another) == "too_many_accounts", "asking is not enough"
    own = ApproveProposal(agent_id=agent.id, proposal_id=asked.proposal_id)
    assert await desk.harness.outcome(own) == "forbidden"
    supervisor = desk.agents["supervisor"].id
    await desk.harness.ask(ApproveProposal(agent_id=supervisor, proposal_id=asked.proposal_id))
    view = await desk.harness.ask(another)
    assert (view.opened, view.allowed) == (MAX_ACCOUNTS + 1, 2 * MAX_ACCOUNTS)
    desk.harness.advance(days=1)
    assert (await desk.harness.ask(another)).opened == 1


async def made_searches(desk: Desk, times: int) -> None:
    """The agent has searched that often today."""
    sql = "INSERT INTO account_searches (agent_id, day, made) VALUES ($1, $2, $3)"
    day = look_store.today(desk.harness.now)
    await desk.harness.fetch(sql, desk.agents["agent"].id, day, times)


def searching(desk: Desk, typed: str) -> SearchAccounts:
    sealed = desk.harness.seal(SearchAccounts, "text", typed)
    return SearchAccounts(agent_id=desk.agents["agent"].id, text=sealed)


async def test_b_05_searches_of_a_day_are_limited_and_a_supervisor_allows_more(desk: Desk) -> None:
    limit, agent = desk.harness.deps.settings.daily_searches, desk.agents["agent"]
    await made_searches(desk, limit - 1)
    assert (await desk.search("durand"))[0].count == 1
    desk.owners.asked.clear()
    refusal = await desk.harness.refusal(searching(desk, "duran"))
    assert (refusal.slug, refusal.params) == ("too_many_searches", {"allowed": limit})
    assert desk.owners.asked == [], "nobody is asked for a search that is refused"
    kind, public = (await desk.journal())[-1]
    assert (kind, public["kind"]) == ("support.LimitReached", "searches")
    assert (await desk.search("TEL-A44X2-YZ7EW"))[0].request_number, "no search among accounts"
    assert (await desk.search("durand", "supervisor"))[0].count == 1, "each agent's own"
    asking = Propose(agent_id=agent.id, act="view_more_accounts", reason="daily_limit")
    asked = await desk.harness.ask(asking)
    assert await desk.harness.outcome(searching(desk, "durand")) == "too_many_searches"
    supervisor = desk.agents["supervisor"].id
    await desk.harness.ask(ApproveProposal(agent_id=supervisor, proposal_id=asked.proposal_id))
    assert (await desk.search("durand"))[0].count == 1
    desk.harness.advance(days=1)
    await made_searches(desk, limit)
    assert await desk.harness.outcome(searching(desk, "durand")) == "too_many_searches"


async def test_of_two_last_searches_at_once_one_is_refused(desk: Desk) -> None:
    await made_searches(desk, desk.harness.deps.settings.daily_searches - 1)
    both = (searching(desk, "durand"), searching(desk, "petit"))
    outcomes = await asyncio.gather(*map(desk.harness.outcome, both))
    assert sorted(outcomes) == ["done", "too_many_searches"]


async def test_a_right_that_was_withdrawn_is_gone_at_the_next_look(desk: Desk) -> None:
    await desk.harness.ask(desk.opening("question"))
    sql = "UPDATE agents SET state = 'suspended' WHERE id = $1"
    await desk.harness.fetch(sql, desk.agents["agent"].id)
    look = DescribeAccount(agent_id=desk.agents["agent"].id, account_id=ACCOUNT)
    assert await desk.harness.outcome(look) == "forbidden"


async def test_blocks_of_an_owner_that_is_away_are_named_and_the_rest_is_shown(desk: Desk) -> None:
    await desk.harness.ask(desk.opening("data_rights"))
    for owner, block in (("mailer", "mails"), ("gateway", "sessions"), ("dossiers", "dossiers"),
                         ("mfa", "factor"), ("profile", "establishment")):  # fmt: skip
        desk.owners.away = {owner}
        view, details, _text = await desk.look()
        assert view.away == (owner,)
        assert getattr(details, block) is None
        assert details.person is not None


async def test_looks_are_deleted_two_days_later_and_the_journal_stays(desk: Desk) -> None:
    await desk.harness.ask(desk.opening("question"))
    await desk.search("durand")
    async with transaction(desk.harness.pool) as tx:
        await look_store.purge(tx, desk.harness.now + timedelta(days=1))
    assert await desk.harness.count("account_looks") == 1
    assert await desk.harness.count("account_searches") == 1
    async with transaction(desk.harness.pool) as tx:
        await look_store.purge(tx, desk.harness.now + timedelta(days=3))
    assert await desk.harness.count("account_looks") == 0
    assert await desk.harness.count("account_searches") == 0
    assert "support.AccountOpened" in {kind for kind, _public in await desk.journal()}


async def test_a_look_names_a_request_of_the_account_or_none(desk: Desk) -> None:
    """The journal keeps no text of an agent's for ever."""
    people = RequestDesk(desk.harness)
    number = await people.lost_phone(ACCOUNT)
    theirs = await people.lost_phone(COLLEAGUE)
    for reason, given in (
        ("question", "Mme Durand, 06"),
        ("departure", theirs),
        ("correction", number),
    ):
        await desk.harness.ask(msgspec.structs.replace(desk.opening(reason), request_number=given))
    rows = await desk.harness.fetch(
        "select public from journal_entries where number > $1 and type = any($2) order by number",
        desk.before,
        ["support.AccountOpened", "support.FieldsShown"],
    )
    assert [json.loads(row["public"])["number"] for row in rows] == ["", "", number]
