"""Acts from their proposal to their order, on a real database (OT-15, AZ-01, AZ-04)."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from services.support import due_acts, proposal_store
from services.support.agents import Agent
from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.registration.events import AccountFrozen
from shared.contracts.registration.events import ActNotCarriedOut as NotCarriedOut
from shared.contracts.support import acts
from shared.contracts.support.looks import OpenAccount
from shared.contracts.support.proposals import (
    ApproveProposal,
    DescribeAct,
    DescribeObjection,
    DescribeProposal,
    ListPlannedActs,
    ListProposals,
    ObjectToAct,
    ProposalView,
    Propose,
    RefuseProposal,
    StopPlannedAct,
    StopProposal,
)
from shared.database import transaction
from shared.security.sealing import Opener, seal_context
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import OpenHarness, SupportHarness

ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
OTHER_ACCOUNT = "7a9d2a66-52a1-4d1c-8b54-0f6a4f0f7c22"
REASON = "requested_by_person"


def proposal(harness: SupportHarness, agent: Agent, act: str, **changes: Any) -> Propose:
    """The form of an act, with a code given just now."""
    details, note = changes.pop("details", {}), changes.pop("note", "")
    text = msgspec.json.encode(details).decode()
    values = {"account_id": ACCOUNT, "reason": REASON, **changes}
    form = Propose(
        agent_id=agent.id,
        act=act,
        details=harness.seal(Propose, "details", text),
        note=harness.seal(Propose, "note", note),
        **values,
    )
    return harness.coded(form)


def approval(harness: SupportHarness, agent: Agent, view: ProposalView) -> ApproveProposal:
    return harness.coded(ApproveProposal(agent_id=agent.id, proposal_id=view.proposal_id))


async def change_of_address(harness: SupportHarness, agent: Agent) -> ProposalView:
    """A change of address, proposed."""
    details = {"new_address": "marie@labo.fr"}
    view: ProposalView = await harness.ask(
        proposal(harness, agent, "change_address", details=details)
    )
    return view


async def wait(harness: SupportHarness, **length: float) -> None:
    """Let time pass, and what is due happen."""
    harness.advance(**length)
    await due_acts.run_due(harness.pool, harness.deps)


async def about_account(harness: SupportHarness, *kinds: type[Event]) -> list[Any]:
    """The events of these kinds, all about the account."""
    found = await harness.subject_events(*kinds)
    assert {subject for subject, _ in found} <= {ACCOUNT}
    return [event for _, event in found]


async def state(harness: SupportHarness, view: ProposalView) -> str:
    (row,) = await harness.fetch("select state from proposals where id = $1", view.proposal_id)
    return str(row["state"])


async def test_an_act_of_one_person_is_done_at_once(harness: SupportHarness) -> None:
    agent = await harness.joined("zoe@ansm.example")
    view = await harness.ask(
        proposal(harness, agent, "deactivate_account", reason="departure", note="Appel du 3 mars")
    )
    assert (view.state, view.proposed_by_name) == ("done", "Zoé Martin")
    assert view.number.startswith("ACT-")
    (order,) = await about_account(harness, acts.AccountDeactivationOrdered)
    assert (order.proposal_id, order.reason) == (view.proposal_id, "departure")
    (done,) = await about_account(harness, acts.ActDone)
    assert (done.act, done.agent_id) == ("deactivate_account", agent.id)
    assert await harness.events(acts.ApprovalRequested, acts.ActApproved) == []


async def test_an_act_that_cannot_be_carried_out_stops_no_other_one(
    harness: SupportHarness,
) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    broken = await change_of_address(harness, first)
    await harness.ask(approval(harness, second, broken))
    await harness.fetch("update proposals set details = '{}' where id = $1", broken.proposal_id)
    sound = await harness.ask(proposal(harness, first, "unblock_account", account_id=OTHER_ACCOUNT))
    await harness.ask(approval(harness, second, sound))
    await wait(harness, hours=72)
    assert (await state(harness, broken), await state(harness, sound)) == ("failed", "done")
    await wait(harness, hours=1)
    assert await harness.events(acts.AddressChangeOrdered) == []


async def test_ot_15_two_people_then_a_delay_then_the_order_once(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    view = await change_of_address(harness, first)
    assert (view.state, view.may) == ("proposed", ("stop",))
    ((subject, asked),) = await harness.subject_events(acts.ApprovalRequested)
    assert (subject, asked.address, asked.act) == (second.id, second.address, "change_address")
    approved = await harness.ask(approval(harness, second, view))
    assert (approved.state, approved.approved_by) == ("approved", second.id)
    assert approved.due_at == harness.now + timedelta(hours=72)
    (planned,) = await about_account(harness, acts.ChangePlanned)
    assert (planned.act, planned.due_at) == ("change_address", approved.due_at)
    await wait(harness, hours=71)
    assert await harness.events(acts.AddressChangeOrdered) == []
    await wait(harness, hours=1)
    await wait(harness, hours=1)
    (order,) = await about_account(harness, acts.AddressChangeOrdered)
    registration = Opener("registration", harness.deps.settings.registration_keys)
    context = seal_context(acts.AddressChangeOrdered, "new_address")
    assert registration.open(order.new_address, context) == "marie@labo.fr"
    assert await state(harness, view) == "done"


async def test_az_04_an_agent_alone_cannot_approve_by_hand(harness: SupportHarness) -> None:
    """A hostile agent posts the approval of their own act: refused, nothing changed, published."""
    agent = await harness.joined("a@ansm.example")
    await harness.joined("b@ansm.example")
    view = await change_of_address(harness, agent)
    refusal = await harness.refusal(approval(harness, agent, view))
    assert refusal.slug == "own_act"
    assert await state(harness, view) == "proposed"
    (tried,) = await about_account(harness, acts.ActForbidden)
    assert (tried.agent_id, tried.attempt, tried.why) == (agent.id, "approve", "own_act")
    assert (tried.act, tried.proposal_id) == ("change_address", view.proposal_id)
    await wait(harness, days=30)
    assert await state(harness, view) == "expired"
    assert await harness.events(acts.AddressChangeOrdered) == []


async def test_ot_15_neither_whom_one_invited_nor_a_newcomer_approves(
    harness: SupportHarness,
) -> None:
    first = await harness.joined("a@ansm.example")
    invited, newcomer = (
        await harness.joined("b@ansm.example"),
        await harness.joined("c@ansm.example"),
    )
    await harness.fetch("update agents set proposed_by = $2 where id = $1", invited.id, first.id)
    joined = harness.now - timedelta(hours=71)
    await harness.fetch("update agents set joined_at = $2 where id = $1", newcomer.id, joined)
    view = await change_of_address(harness, first)
    assert await harness.events(acts.ApprovalRequested) == []
    assert (await harness.refusal(approval(harness, invited, view))).slug == "invited_by_you"
    assert (await harness.refusal(approval(harness, newcomer, view))).slug == "too_new"
    assert [one.why for one in await about_account(harness, acts.ActForbidden)] == [
        "invited_by_you",
        "too_new",
    ]
    harness.advance(hours=1)
    assert (await harness.ask(approval(harness, newcomer, view))).state == "approved"


async def test_ot_15_who_invited_the_proposer_approves_where_nobody_else_could_and_auditors_read_it(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    puppet = await harness.joined("puppet@ansm.example")
    auditor = await harness.joined("audit@ansm.example", "auditor")
    await harness.fetch("update agents set proposed_by = $2 where id = $1", puppet.id, boss.id)
    puppet = await harness.agent(puppet.id)
    alone = await change_of_address(harness, puppet)
    assert (await harness.ask(approval(harness, boss, alone))).state == "approved"
    (told,) = await harness.events(acts.SingleAgentActAnnounced)
    assert (told.address, told.by_inviter, told.number) == (auditor.address, True, alone.number)

    third = await harness.joined("third@ansm.example")
    view = await harness.ask(proposal(harness, puppet, "unblock_account", account_id=OTHER_ACCOUNT))
    shown = await harness.ask(DescribeProposal(agent_id=boss.id, proposal_id=view.proposal_id))
    assert (shown.why_not, "approve" in shown.may) == ("you_invited", False)
    assert (await harness.refusal(approval(harness, boss, view))).slug == "you_invited"
    assert [one.why for one in await harness.events(acts.ActForbidden)] == ["you_invited"]
    assert (await harness.ask(approval(harness, third, view))).state == "approved"
    assert len(await harness.events(acts.SingleAgentActAnnounced)) == 1


async def test_ot_15_two_whom_one_supervisor_invited_approve_only_where_nobody_else_could(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    puppet, other = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    auditor = await harness.joined("audit@ansm.example", "auditor")
    for one in (puppet, other):
        await harness.fetch("update agents set proposed_by = $2 where id = $1", one.id, boss.id)
    alone = await change_of_address(harness, puppet)
    assert (await harness.ask(approval(harness, other, alone))).state == "approved"
    (told,) = await harness.events(acts.SingleAgentActAnnounced)
    assert (told.address, told.by_inviter, told.number) == (auditor.address, True, alone.number)

    third = await harness.joined("third@ansm.example")
    view = await harness.ask(proposal(harness, puppet, "unblock_account", account_id=OTHER_ACCOUNT))
    assert (await harness.refusal(approval(harness, other, view))).slug == "same_inviter"
    assert [one.why for one in await harness.events(acts.ActForbidden)] == ["same_inviter"]
    assert (await harness.ask(approval(harness, third, view))).state == "approved"
    assert len(await harness.events(acts.SingleAgentActAnnounced)) == 1


async def test_az_04_a_withdrawn_right_and_a_missing_code(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    view = await change_of_address(harness, first)
    old = ApproveProposal(agent_id=second.id, proposal_id=view.proposal_id)
    assert (await harness.refusal(old)).slug == "code_needed"
    await harness.fetch("update agents set role = 'auditor' where id = $1", second.id)
    assert (await harness.refusal(approval(harness, second, view))).slug == "forbidden"
    await harness.fetch("update agents set state = 'suspended' where id = $1", second.id)
    assert (await harness.refusal(approval(harness, second, view))).slug == "forbidden"
    form = msgspec.structs.replace(proposal(harness, first, "deactivate_account"), code_proof="")
    assert (await harness.refusal(form)).slug == "code_needed"
    assert await state(harness, view) == "proposed"


@pytest.mark.parametrize(
    ("act", "changes", "slug"),
    [
        ("remove_lost_phone", {}, "unknown_choice"),
        ("become_supervisor", {}, "unknown_choice"),
        ("deactivate_account", {"reason": "because"}, "unknown_choice"),
        ("deactivate_account", {"details": {"state": "x"}}, "unknown_choice"),
        ("deactivate_account", {"account_id": ""}, "not_found"),
        ("end_all_sessions", {}, "not_found"),
        ("end_all_sessions", {"account_id": ""}, "forbidden"),
        ("change_name", {"details": {"first_name": "1"}}, "invalid_fields"),
        ("undo_transfer", {"details": {"transfer_id": ACCOUNT}}, "not_found"),
    ],
)
async def test_az_03_forms_that_no_page_sends(
    harness: SupportHarness, act: str, changes: dict[str, Any], slug: str
) -> None:
    agent = await harness.joined("a@ansm.example")
    refusal = await harness.refusal(proposal(harness, agent, act, **changes))
    assert refusal.slug == slug
    assert await harness.count("proposals") == 0


async def test_the_same_act_is_not_planned_twice(harness: SupportHarness) -> None:
    agent = await harness.joined("a@ansm.example")
    await change_of_address(harness, agent)
    details = {"new_address": "other@labo.fr"}
    again = proposal(harness, agent, "change_address", details=details)
    refusal = await harness.refusal(again)
    assert (refusal.slug, refusal.params) == ("stale", {"state": "proposed"})


async def test_two_approvals_at_once_are_one(harness: SupportHarness) -> None:
    first = await harness.joined("a@ansm.example")
    others = [await harness.joined(f"{name}@ansm.example") for name in "bcd"]
    view = await change_of_address(harness, first)
    slugs = await asyncio.gather(
        *(harness.outcome(approval(harness, other, view)) for other in others)
    )
    assert sorted(slugs) == ["done", "stale", "stale"]
    assert len(await harness.events(acts.ActApproved)) == 1


async def test_ot_15_the_database_itself_refuses_ones_own_approval(
    harness: SupportHarness,
) -> None:
    agent = await harness.joined("a@ansm.example")
    view = await change_of_address(harness, agent)
    sql = "update proposals set approved_by = proposed_by where id = $1"
    with pytest.raises(asyncpg.CheckViolationError):
        await harness.fetch(sql, view.proposal_id)


async def test_a_refused_act_is_mailed_to_who_proposed_it(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    view = await change_of_address(harness, first)
    own = RefuseProposal(agent_id=first.id, proposal_id=view.proposal_id, reason=REASON)
    assert (await harness.refusal(own)).slug == "own_act"
    form = RefuseProposal(agent_id=second.id, proposal_id=view.proposal_id, reason="typing_error")
    refused = await harness.ask(form)
    assert (refused.state, refused.ended_by_name, refused.ended_why) == (
        "refused",
        "Zoé Martin",
        "typing_error",
    )
    ((subject, told),) = await harness.subject_events(acts.ActStopAnnounced)
    assert (subject, told.address) == (first.id, first.address)
    late = await harness.refusal(approval(harness, second, view))
    assert (late.slug, late.params["state"], late.params["by"]) == ("stale", "refused", second.id)


async def planned(harness: SupportHarness) -> tuple[ProposalView, Agent, Agent]:
    """A change of address that waits for its date."""
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    view = await change_of_address(harness, first)
    return await harness.ask(approval(harness, second, view)), first, second


async def link_token(harness: SupportHarness) -> str:
    """The token of the mail that announced the change."""
    assert harness.mailer is not None
    (event,) = await harness.events(acts.ChangePlanned)
    return harness.mailer.open(event.link_token, seal_context(acts.ChangePlanned, "link_token"))


async def test_b_14_the_holder_objects_by_the_link_of_the_mail(harness: SupportHarness) -> None:
    await planned(harness)
    token = await link_token(harness)
    ask = DescribeObjection(link_token=harness.seal(DescribeObjection, "link_token", token))
    for _ in range(3):  # scanners
        assert (await harness.ask(ask)).state == "valid"
    form = ObjectToAct(link_token=harness.seal(ObjectToAct, "link_token", token))
    for _ in range(2):
        assert (await harness.ask(form)).state == "stopped"
    (stopped,) = await about_account(harness, acts.ActStopped)
    assert stopped.by == "link"
    (told,) = await about_account(harness, acts.ChangeStopped)
    assert told.act == "change_address"
    addresses = [event.address for event in await harness.events(acts.ActStopAnnounced)]
    assert sorted(addresses) == ["a@ansm.example", "b@ansm.example"]
    await wait(harness, days=30)
    assert await harness.events(acts.AddressChangeOrdered) == []
    unknown = DescribeObjection(link_token=harness.seal(DescribeObjection, "link_token", "x" * 43))
    assert (await harness.ask(unknown)).state == "gone"


async def test_az_02_the_signed_in_holder_objects_and_nobody_else(
    harness: SupportHarness,
) -> None:
    view, _, _ = await planned(harness)
    (shown,) = (await harness.ask(ListPlannedActs(account_id=ACCOUNT))).acts
    assert (shown.proposal_id, shown.due_at) == (view.proposal_id, view.due_at)
    assert (await harness.ask(ListPlannedActs(account_id=OTHER_ACCOUNT))).acts == ()
    foreign = StopPlannedAct(account_id=OTHER_ACCOUNT, proposal_id=view.proposal_id)
    assert (await harness.refusal(foreign)).slug == "not_found"
    own = StopPlannedAct(account_id=ACCOUNT, proposal_id=view.proposal_id)
    assert (await harness.ask(own)).state == "stopped"
    assert (await harness.ask(ListPlannedActs(account_id=ACCOUNT))).acts == ()


async def test_an_agent_stops_a_planned_act(harness: SupportHarness) -> None:
    view, first, second = await planned(harness)
    form = StopProposal(agent_id=first.id, proposal_id=view.proposal_id, reason="suspicious_access")
    stopped = await harness.ask(form)
    assert (stopped.state, stopped.ended_by, stopped.may) == ("stopped", "agent", ())
    ((subject, _),) = await harness.subject_events(acts.ActStopAnnounced)
    assert subject == second.id


async def test_a_block_stops_what_is_planned_and_a_sign_in_does_not(
    harness: SupportHarness,
) -> None:
    view, _, _ = await planned(harness)
    # Entries of other tests stay: the journal is append-only.
    (last,) = await harness.fetch("select coalesce(max(number), 0) as number from journal_entries")
    opened = SessionOpened(
        session_id="s", device="", network="", new_device=False, failures=0, opened_at=harness.now
    )
    await harness.handle_event(opened, ACCOUNT)
    await harness.handle_event(opened, OTHER_ACCOUNT)
    assert await state(harness, view) == "approved"
    rows = await harness.fetch(
        "select account_id::text from journal_entries where type = $1 and number > $2",
        SessionOpened.TYPE,
        last["number"],
    )
    assert {row["account_id"] for row in rows} == {ACCOUNT, OTHER_ACCOUNT}
    assert len(rows) == 2
    earlier = harness.now - timedelta(minutes=1)
    for by, at, expected in (
        ("lost_phone", harness.now, "approved"),
        ("holder", earlier, "approved"),
        ("holder", harness.now, "stopped"),
    ):
        frozen = AccountFrozen(by=by, desk_only=False, frozen_at=at)
        await harness.handle_event(frozen, ACCOUNT)
        assert await state(harness, view) == expected


async def test_an_owner_that_could_not_do_it_is_shown(harness: SupportHarness) -> None:
    view, first, _ = await planned(harness)
    await wait(harness, hours=72)
    event = NotCarriedOut(proposal_id=view.proposal_id, why="changed_since", refused_at=harness.now)
    await harness.handle_event(event, ACCOUNT)
    ask = DescribeProposal(agent_id=first.id, proposal_id=view.proposal_id)
    shown = await harness.ask(ask)
    assert (shown.state, shown.failure) == ("failed", "changed_since")
    (holder,) = await about_account(harness, acts.ChangeStopped)
    agents = await harness.events(acts.ActStopAnnounced)
    assert (holder.by, {one.by for one in agents}, len(agents)) == ("changed", {"changed"}, 2)


async def test_a_transfer_is_announced_to_both_and_can_be_undone_by_two(
    harness: SupportHarness,
) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    details = {"to_account_id": OTHER_ACCOUNT, "confirmed_by": "leaver"}
    form = proposal(harness, first, "transfer_dossiers", details=details, reason="departure")
    view = await harness.ask(form)
    await harness.ask(approval(harness, second, view))
    told = await harness.subject_events(acts.ChangePlanned)
    assert {subject for subject, _ in told} == {ACCOUNT, OTHER_ACCOUNT}
    assert {(event.from_account_id, event.to_account_id) for _, event in told} == {
        (ACCOUNT, OTHER_ACCOUNT)
    }
    for account in (ACCOUNT, OTHER_ACCOUNT):
        assert len((await harness.ask(ListPlannedActs(account_id=account))).acts) == 1
    undo = proposal(harness, first, "undo_transfer", details={"transfer_id": view.proposal_id})
    assert (await harness.refusal(undo)).slug == "stale"
    await wait(harness, hours=72)
    (order,) = await harness.events(acts.DossierTransferOrdered)
    assert (order.to_account_id, order.undo_until) == (
        OTHER_ACCOUNT,
        harness.now + timedelta(days=30),
    )
    harness.advance(days=29)
    undo = proposal(harness, first, "undo_transfer", details={"transfer_id": view.proposal_id})
    undone = await harness.ask(undo)
    assert undone.state == "proposed"
    await harness.ask(approval(harness, second, undone))
    (order,) = await harness.events(acts.DossierTransferUndoOrdered)
    assert order.transfer_id == view.proposal_id


async def test_ot_15_one_agent_alone_waits_and_the_auditor_is_mailed(
    harness_with: OpenHarness,
) -> None:
    async with harness_with(
        IMPEX_SINGLE_AGENT="true", IMPEX_SENSITIVE_CHANGE_DELAY="10"
    ) as harness:
        agent = await harness.joined("a@ansm.example")
        auditor = await harness.joined("d@ansm.example", "auditor")
        view = await change_of_address(harness, agent)
        assert (view.state, view.single) == ("approved", True)
        assert view.due_at == harness.now + timedelta(hours=72)
        ((subject, told),) = await harness.subject_events(acts.SingleAgentActAnnounced)
        assert (subject, told.address) == (auditor.id, auditor.address)
        await harness.joined("b@ansm.example")
        form = proposal(harness, agent, "release_address")
        assert (await harness.ask(form)).state == "proposed"


async def test_lists_show_what_one_may_approve(harness: SupportHarness) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    auditor = await harness.joined("d@ansm.example", "auditor")
    view = await change_of_address(harness, first)
    harness.advance(minutes=1)
    await harness.ask(proposal(harness, first, "release_address", account_id=OTHER_ACCOUNT))
    await harness.ask(proposal(harness, first, "deactivate_account"))

    async def names(agent: Agent, **changes: Any) -> list[str]:
        page = await harness.ask(ListProposals(agent_id=agent.id, **changes))
        return [row.act for row in page.rows]

    both = ["change_address", "release_address"]
    assert await names(second, show="to_approve") == both
    assert await names(first, show="to_approve") == []
    assert await names(auditor, show="to_approve") == []
    assert await names(auditor) == both
    assert await names(auditor, show="all") == [*both, "deactivate_account"]
    assert await names(first, account_id=OTHER_ACCOUNT) == ["release_address"]
    page = await harness.ask(ListProposals(agent_id=second.id, show="all", page=9))
    assert (page.total, page.pages, page.page, page.to_approve) == (3, 1, 1, 2)
    ask = DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id)
    shown = await harness.ask(ask)
    desk = Opener("desk", harness.deps.settings.desk_keys)
    text = desk.open(shown.details, seal_context(ProposalView, "details"))
    assert msgspec.json.decode(text) == {"new_address": "marie@labo.fr", "note": ""}


async def test_g_26_after_a_sensitive_change_no_lost_phone_for_a_month(
    harness: SupportHarness,
) -> None:
    await planned(harness)

    async def latest() -> Any:
        async with transaction(harness.pool) as tx:
            return await proposal_store.latest_sensitive_change(tx, ACCOUNT)

    assert await latest() is None
    await wait(harness, hours=72)
    assert await latest() == harness.now


async def test_gd_02_what_the_desk_wrote_goes_with_an_anonymised_account(
    harness: SupportHarness,
) -> None:
    first = await harness.joined("a@ansm.example", "supervisor")
    second = await harness.joined("b@ansm.example", "supervisor")
    details = {"first_name": "Anne", "last_name": "Durand"}
    await harness.ask(proposal(harness, first, "change_name", details=details, note="Mariage"))
    people = RequestDesk(harness)
    kept = await people.message()
    await people.lost_phone(ACCOUNT)
    moved = {"to_account_id": OTHER_ACCOUNT, "confirmed_by": "leaver"}
    transfer = await harness.ask(proposal(harness, first, "transfer_dossiers", details=moved))
    await harness.ask(approval(harness, second, transfer))
    await wait(harness, hours=72)
    view = await harness.ask(proposal(harness, first, "anonymise"))
    await harness.ask(approval(harness, second, view))
    waiting = await harness.ask(proposal(harness, first, "transfer_dossiers", details=moved))
    await wait(harness, hours=72)
    assert [await state(harness, one) for one in (transfer, view, waiting)] == [
        "done",
        "done",
        "stopped",
    ]
    undo = proposal(harness, first, "undo_transfer", details={"transfer_id": transfer.proposal_id})
    assert (await harness.refusal(undo)).slug == "stale"
    assert harness.owners is not None
    harness.owners.add(ACCOUNT)
    for name in ("transfer_dossiers", "undo_transfer"):
        await harness.ask(DescribeAct(agent_id=first.id, act=name, account_id=ACCOUNT))
    assert len((await harness.ask(ListProposals(agent_id=first.id, show="all"))).rows) == 4
    shown = DescribeProposal(agent_id=first.id, proposal_id=transfer.proposal_id)
    assert (await harness.ask(shown)).receiver is None
    (order,) = await about_account(harness, acts.AnonymisationOrdered)
    assert order.reason == REASON
    stored = str(await harness.fetch("select details, note from proposals"))
    assert "Durand" not in stored
    assert "Mariage" not in stored
    assert [row["number"] for row in await harness.fetch("select number from requests")] == [kept]


async def test_az_01_an_act_bears_the_number_of_a_request_of_its_account_only(
    harness: SupportHarness,
) -> None:
    """The number is the act's own in pages and mails: an agent writes no text there."""
    agent = await harness.joined("a@ansm.example")
    people = RequestDesk(harness)
    own, theirs = await people.lost_phone(ACCOUNT), await people.lost_phone(OTHER_ACCOUNT)
    for number in ("www.autre.example", "COR-A44X2-YZ7EW", theirs):
        form = proposal(harness, agent, "deactivate_account", request_number=number)
        (error,) = (await harness.refusal(form)).errors
        assert (error.field, error.code) == ("request_number", "unknown"), number
    form = proposal(harness, agent, "deactivate_account", request_number=own.lower())
    assert (await harness.ask(form)).number == own


async def test_b_05_what_an_ended_act_changed_is_shown_as_far_as_looks_open_it(
    harness: SupportHarness,
) -> None:
    assert harness.owners is not None
    harness.owners.add(ACCOUNT)
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    details = {"new_address": "marie@labo.fr"}
    form = proposal(harness, first, "change_address", details=details, note="Rappelée au 12")
    view = await harness.ask(form)

    async def shown() -> dict[str, str]:
        ask = DescribeProposal(agent_id=second.id, proposal_id=view.proposal_id)
        sealed = (await harness.ask(ask)).details
        text = harness.desk.open(sealed, seal_context(ProposalView, "details"))
        return msgspec.json.decode(text, type=dict[str, str])

    everything = {**details, "note": "Rappelée au 12"}
    assert await shown() == everything, "somebody decides on it"
    await harness.ask(approval(harness, second, view))
    assert await shown() == everything
    await wait(harness, hours=72)
    assert await shown() == {}
    look = OpenAccount(agent_id=second.id, account_id=ACCOUNT, reason="question")
    await harness.ask(look)
    assert await shown() == {"note": "Rappelée au 12"}
    await harness.ask(msgspec.structs.replace(look, reason="mail_not_received"))
    assert await shown() == everything
