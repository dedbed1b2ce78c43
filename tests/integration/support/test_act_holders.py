"""Whose account an act is about: never the agent's own; corrections judged by profile; masked names
on the pages of acts (AZ-01, OT-15, B-14)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.support import due_acts
from shared.contracts.base import FieldError, Refusal
from shared.contracts.dossiers import DossiersTransferred
from shared.contracts.profile.acts import CheckCorrection
from shared.contracts.support import acts
from shared.contracts.support.proposals import (
    ActView,
    DescribeAct,
    DescribeProposal,
    ListProposals,
    ProposalsView,
    ProposalView,
    UndoableTransfer,
)
from shared.contracts.support.waiting import CountWaiting
from shared.errors import DependencyDown
from shared.messaging.handlers import Refused
from shared.security.sealing import seal_context
from tests.integration.support.test_acts import (
    ACCOUNT,
    OTHER_ACCOUNT,
    approval,
    change_of_address,
    proposal,
)
from tests.support.harness.desk_owners import DeskOwners
from tests.support.harness.support import OpenHarness, SupportHarness

ADDRESS = "zoe@ansm.example"


def owners_of(harness: SupportHarness) -> DeskOwners:
    assert harness.owners is not None
    return harness.owners


async def forbidden(harness: SupportHarness) -> list[tuple[str, str, str]]:
    """(act, attempt, why) of what was tried."""
    found = await harness.events(acts.ActForbidden)
    return [(one.act, one.attempt, one.why) for one in found]


@pytest.mark.parametrize("typed", ["zoe@ansm.example", "Zoe@ANSM.example"])
async def test_az_01_nobody_proposes_an_act_on_their_own_account(
    harness: SupportHarness, typed: str
) -> None:
    agent = await harness.joined(ADDRESS)
    owners_of(harness).add(ACCOUNT, address=typed)
    owners_of(harness).add(OTHER_ACCOUNT)
    for act in ("deactivate_account", "unblock_account"):
        assert await harness.outcome(proposal(harness, agent, act)) == "own_account"
    details = {"to_account_id": ACCOUNT, "confirmed_by": "leaver"}
    towards = proposal(
        harness, agent, "transfer_dossiers", account_id=OTHER_ACCOUNT, details=details
    )
    assert await harness.outcome(towards) == "own_account"
    assert await harness.fetch("select id from proposals") == []
    assert await forbidden(harness) == [
        ("deactivate_account", "propose", "own_account"),
        ("unblock_account", "propose", "own_account"),
        ("transfer_dossiers", "propose", "own_account"),
    ]


async def test_az_01_nobody_approves_an_act_on_their_own_account(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined(ADDRESS)
    owners_of(harness).add(ACCOUNT, address=ADDRESS)
    view = await change_of_address(harness, first)
    assert await harness.outcome(approval(harness, second, view)) == "own_account"
    assert await forbidden(harness) == [("change_address", "approve", "own_account")]
    shown = await harness.ask(DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id))
    assert (shown.state, shown.why_not, "approve" in shown.may) == (
        "proposed",
        "own_account",
        False,
    )


async def test_az_01_who_may_not_approve_is_neither_asked_nor_counted(
    harness: SupportHarness,
) -> None:
    first, holder = await harness.joined("a@ansm.example"), await harness.joined(ADDRESS)
    third = await harness.joined("c@ansm.example")
    owners_of(harness).add(ACCOUNT, address=ADDRESS)
    owners_of(harness).add(OTHER_ACCOUNT, address=ADDRESS)
    await change_of_address(harness, first)
    details = {"to_account_id": OTHER_ACCOUNT, "confirmed_by": "leaver"}
    await harness.ask(proposal(harness, first, "transfer_dossiers", details=details))
    asked = [subject for subject, _ in await harness.subject_events(acts.ApprovalRequested)]
    assert asked == [third.id, third.id]
    for agent, count in ((first, 0), (holder, 0), (third, 2)):
        listed = await harness.ask(ListProposals(agent_id=agent.id, show="to_approve"))
        assert (listed.to_approve, len(listed.rows)) == (count, count)
        waiting = await harness.ask(CountWaiting(agent_id=agent.id))
        assert (waiting.requests, waiting.approvals) == (0, count)
        opened = await harness.ask(ListProposals(agent_id=agent.id))
        assert [row.may_approve for row in opened.rows] == [count > 0] * 2


async def test_ot_15_with_its_holder_as_the_only_colleague_one_agent_is_alone(
    harness_with: OpenHarness,
) -> None:
    async with harness_with(IMPEX_SINGLE_AGENT="true") as harness:
        first = await harness.joined("a@ansm.example")
        await harness.joined(ADDRESS)
        owners_of(harness).add(ACCOUNT, address=ADDRESS)
        view = await change_of_address(harness, first)
        assert (view.state, view.single) == ("approved", True)


async def test_az_01_without_registration_no_act_is_proposed_or_approved(
    harness: SupportHarness,
) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined(ADDRESS)
    view = await change_of_address(harness, first)
    owners_of(harness).away = {"registration"}
    for request in (
        proposal(harness, first, "block_account"),
        approval(harness, second, view),
    ):
        with pytest.raises(DependencyDown):
            await harness.ask(request)
    shown = await harness.ask(DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id))
    assert (shown.state, shown.account) == ("proposed", None), "the page is shown"


@pytest.mark.parametrize(
    ("act", "details"),
    [
        ("correct_information", {"city": "x" * 200}),
        ("change_telephone", {"phone": "1", "phone_extension": ""}),
    ],
)
async def test_b_14_what_profile_finds_wrong_comes_back_to_the_form(
    harness: SupportHarness, act: str, details: dict[str, str]
) -> None:
    agent, owners = await harness.joined(ADDRESS), owners_of(harness)
    field = next(iter(details))
    owners.refusal = Refusal(
        slug="invalid_fields", errors=(FieldError(field=field, code="format"),)
    )
    with pytest.raises(Refused) as refused:
        await harness.ask(proposal(harness, agent, act, details=details))
    assert refused.value.refusal == owners.refusal
    (asked,) = [one for one in owners.asked if isinstance(one, CheckCorrection)]
    opened = owners.openers["profile"].open(asked.changes, seal_context(CheckCorrection, "changes"))
    assert (asked.account_id, msgspec.json.decode(opened)) == (ACCOUNT, details)
    owners.refusal = None
    view = await harness.ask(proposal(harness, agent, act, details=details))
    assert view.state in ("done", "proposed")


async def test_az_01_profile_is_asked_only_for_agents_who_may_correct(
    harness: SupportHarness,
) -> None:
    operator = await harness.joined("o@ansm.example", "operator")
    details = {"city": "Gent"}
    tried = proposal(harness, operator, "correct_information", details=details)
    assert await harness.outcome(tried) == "forbidden"
    assert owners_of(harness).asked == []


async def test_b_05_pages_of_acts_show_the_holder_masked(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined(ADDRESS)
    owners_of(harness).add(ACCOUNT)
    expected = "M… DURAND, m…@labo.fr, Pharmacie du Marché (Saint-Étienne)"
    view = await change_of_address(harness, first)

    def opened(kind: type[Any], field: str, sealed: Any) -> str:
        assert harness.desk is not None
        return harness.desk.open(sealed, seal_context(kind, field))

    asked = DescribeAct(agent_id=first.id, act="block_account", account_id=ACCOUNT)
    form: ActView = await harness.ask(asked)
    assert opened(ActView, "account", form.account) == expected
    shown = await harness.ask(DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id))
    assert opened(ProposalView, "account", shown.account) == expected
    listed: ProposalsView = await harness.ask(ListProposals(agent_id=second.id, show="open"))
    people = opened(ProposalsView, "accounts", listed.accounts)
    assert msgspec.json.decode(people) == {ACCOUNT: expected}
    assert [row.may_stop for row in listed.rows] == [True]


async def test_b_05_a_transfer_shows_masked_who_receives(harness: SupportHarness) -> None:
    """On its form, once typed, and on its page, approved or not; nothing is stored of it."""
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    owners = owners_of(harness)
    owners.add(ACCOUNT)
    owners.add(OTHER_ACCOUNT, address="jean@labo.fr", first_name="Jean", last_name="Moreau")
    expected = "J… MOREAU, j…@labo.fr, Pharmacie du Marché (Saint-Étienne)"
    details = {"to_account_id": OTHER_ACCOUNT, "confirmed_by": "leaver"}
    asked = DescribeAct(
        agent_id=first.id, act="transfer_dossiers", account_id=ACCOUNT, to_account_id=OTHER_ACCOUNT
    )
    assert harness.desk is not None
    open_sealed = harness.desk.open
    form: ActView = await harness.ask(asked)
    assert open_sealed(form.receiver, seal_context(ActView, "receiver")) == expected
    for typed in ("", "x"):
        form = await harness.ask(msgspec.structs.replace(asked, to_account_id=typed))
        assert form.receiver is None
    view = await harness.ask(proposal(harness, first, "transfer_dossiers", details=details))
    describe = DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id)
    context = seal_context(ProposalView, "receiver")
    for state in ("proposed", "approved"):
        shown: ProposalView = await harness.ask(describe)
        assert (shown.state, open_sealed(shown.receiver, context)) == (state, expected)
        if state == "proposed":
            await harness.ask(approval(harness, second, view))
    (row,) = await harness.fetch("select details::text as details from proposals")
    assert "MOREAU" not in row["details"].upper()
    owners.away = {"profile"}
    shown = await harness.ask(describe)
    assert open_sealed(shown.receiver, context) == "J… MOREAU, j…@labo.fr"
    owners.away = {"registration"}
    assert (await harness.ask(describe)).receiver is None


@pytest.mark.parametrize(
    ("account", "act", "why"),
    [
        ({"state": "frozen", "support_only": True}, "block_account", "frozen_by_desk"),
        ({}, "unblock_account", "active"),
        ({}, "reactivate_account", "active"),
        ({}, "release_address", "active"),
        ({}, "end_sessions", "no_session"),
        ({"state": "deactivated"}, "deactivate_account", "deactivated"),
    ],
)
async def test_b_05_an_act_without_an_effect_is_refused_by_hand(
    harness: SupportHarness, account: dict[str, Any], act: str, why: str
) -> None:
    agent, owners = await harness.joined(ADDRESS), owners_of(harness)
    owners.add(ACCOUNT, **account)
    form = await harness.ask(DescribeAct(agent_id=agent.id, act=act, account_id=ACCOUNT))
    assert form.no_effect == why
    with pytest.raises(Refused) as refused:
        await harness.ask(proposal(harness, agent, act))
    assert refused.value.refusal == Refusal(slug="no_effect", params={"why": why})
    assert await harness.fetch("select id from proposals") == []


async def test_b_05_the_sessions_of_an_account_that_has_some_are_ended(
    harness: SupportHarness,
) -> None:
    agent, owners = await harness.joined(ADDRESS), owners_of(harness)
    owners.add(ACCOUNT)
    owners.away = {"gateway"}
    assert (await harness.ask(proposal(harness, agent, "end_sessions"))).state == "done", "unknown"


async def test_a_transfer_to_undo_is_chosen_from_those_of_the_last_month(
    harness: SupportHarness,
) -> None:
    """With its day, who received, masked, and how many dossiers; gone once somebody undoes it."""
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    owners = owners_of(harness)
    owners.add(ACCOUNT, address="marie@labo.fr")
    owners.add(OTHER_ACCOUNT, address="jean@labo.fr")
    assert harness.desk is not None

    async def listed(account_id: str = ACCOUNT) -> list[UndoableTransfer]:
        asked = DescribeAct(agent_id=first.id, act="undo_transfer", account_id=account_id)
        view = await harness.ask(asked)
        assert harness.desk is not None
        text = harness.desk.open(view.transfers, seal_context(ActView, "transfers"))
        return msgspec.json.decode(text, type=list[UndoableTransfer])

    details = {"to_account_id": OTHER_ACCOUNT, "confirmed_by": "leaver"}
    view = await harness.ask(proposal(harness, first, "transfer_dossiers", details=details))
    await harness.ask(approval(harness, second, view))
    assert await listed() == [], "not done yet"
    harness.advance(hours=72)
    await due_acts.run_due(harness.pool, harness.deps)
    done_at = harness.now
    (one,) = await listed()
    assert (one.transfer_id, one.done_at, one.count) == (view.proposal_id, done_at, None)
    assert one.to.endswith("j…@labo.fr, Pharmacie du Marché (Saint-Étienne)")
    assert one.undo_until == done_at + timedelta(days=30)
    moved = DossiersTransferred(
        transfer_id=view.proposal_id, from_account_id=ACCOUNT, to_account_id=OTHER_ACCOUNT,
        count=12, transferred_at=done_at, undo_until=one.undo_until,
    )  # fmt: skip
    harness.advance(seconds=1)
    await harness.handle_event(moved, ACCOUNT)
    assert [transfer.count for transfer in await listed()] == [12]
    assert await listed(OTHER_ACCOUNT) == [], "another account's"
    owners.away = {"registration"}
    assert [transfer.to for transfer in await listed()] == [""]
    owners.away = set()
    undo = proposal(harness, first, "undo_transfer", details={"transfer_id": view.proposal_id})
    await harness.ask(undo)
    assert await listed() == [], "somebody undoes it"
    harness.advance(days=31)
    await due_acts.run_due(harness.pool, harness.deps)
    assert await listed() == [], "too old"
