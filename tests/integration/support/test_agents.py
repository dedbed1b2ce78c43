"""Agents: invited by command, joined by a link, signed in, suspended, removed, begun anew."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from services.support.agents import ENROL_TIME, NEWCOMER_TIME
from shared.contracts.support.agents import (
    AgentAccepted,
    AgentCredentialsRemoved,
    AgentInvited,
    AgentJoined,
    AgentSessionsEnded,
    AgentSignedIn,
    AgentSignInRefused,
    ChangeAgentPassword,
    CheckAgentPassword,
    DescribeAgent,
    ListAgents,
    RecordAgentSignIn,
    RemoveAgent,
    SignInAgent,
    SuspendAgent,
)
from tests.support.harness.support import (
    BROWSER,
    NETWORK,
    PASSWORD,
    OpenHarness,
    SupportHarness,
)

SUPERVISOR, AGENT = "paule.chef@ansm.example", "luc.agent@ansm.example"


def signed_in(agent_id: str, *, enrolled: bool = False) -> RecordAgentSignIn:
    """Both factors were given."""
    return RecordAgentSignIn(agent_id=agent_id, device=BROWSER, network=NETWORK, enrolled=enrolled)


async def test_au_05_there_is_no_agent_and_nobody_signs_in(harness: SupportHarness) -> None:
    for address in ("admin", "admin@ansm.example", "root@localhost", ""):
        assert await harness.outcome(harness.sign_in(address, "admin")) == "wrong_credentials"
    assert await harness.count("agents") == 0


async def test_au_05_the_first_agent_comes_by_command_and_a_link_that_works_once(
    harness: SupportHarness,
) -> None:
    agent = await harness.add(SUPERVISOR)
    assert await harness.send_invitations() == 1
    assert await harness.send_invitations() == 0
    (invited,) = await harness.events(AgentInvited)
    assert (invited.kind, invited.role, invited.by) == ("invitation", "supervisor", "")
    assert invited.expires_at - invited.requested_at == timedelta(hours=48)
    token = await harness.link_token(agent.id)
    view = await harness.ask(harness.describe(token))
    assert (view.address, view.role, view.kind) == (SUPERVISOR, "supervisor", "invitation")
    joining = await harness.ask(harness.accept(token))
    assert joining.enrol_before == harness.now + ENROL_TIME
    assert await harness.outcome(harness.accept(token)) == "link_gone"
    assert await harness.outcome(harness.describe(token)) == "link_gone"
    # The password alone opens nothing yet.
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "forbidden"
    assert await harness.outcome(signed_in(agent.id)) == "forbidden"
    await harness.ask(signed_in(agent.id, enrolled=True))
    seen = await harness.ask(DescribeAgent(agent_id=agent.id))
    assert (seen.first_name, seen.last_name, seen.state) == ("Zoé", "Martin", "active")
    assert seen.newcomer_until == harness.now + NEWCOMER_TIME
    kinds = [type(event) for event in await harness.events(AgentJoined, AgentSignedIn)]
    assert kinds == [AgentJoined, AgentSignedIn]


async def test_re_07_a_link_expires_and_a_newer_one_voids_it(harness: SupportHarness) -> None:
    agent = await harness.add(AGENT, "agent")
    await harness.send_invitations()
    first = await harness.link_token(agent.id)
    await harness.reset(AGENT)
    await harness.send_invitations()
    second = await harness.link_token(agent.id)
    assert await harness.outcome(harness.accept(first)) == "link_gone"
    harness.advance(hours=48)
    assert await harness.outcome(harness.accept(second)) == "link_gone"
    assert await harness.outcome(harness.accept("x" * 43)) == "link_gone"


async def test_re_07_the_link_is_no_password_and_weak_ones_are_refused(
    harness: SupportHarness,
) -> None:
    agent = await harness.add(AGENT, "agent")
    await harness.send_invitations()
    token = await harness.link_token(agent.id)
    refusal = await harness.refusal(harness.accept(token, password=token, first_name=" "))
    assert {(error.field, error.code) for error in refusal.errors} == {
        ("first_name", "missing"),
        ("password", "not_the_link"),
    }
    assert await harness.outcome(harness.accept(token)) == "done"


async def test_au_08_every_refused_sign_in_is_alike(harness: SupportHarness) -> None:
    await harness.joined(SUPERVISOR, "supervisor")
    suspended = await harness.joined(AGENT)
    invited = await harness.add("new@ansm.example", "agent")
    boss = await harness.joined("autre.chef@ansm.example", "supervisor")
    await harness.ask(
        harness.coded(SuspendAgent(agent_id=boss.id, subject_id=suspended.id, reason="departure"))
    )
    for address, password in (
        (SUPERVISOR, "wrong"),
        (AGENT, PASSWORD),
        (invited.address, PASSWORD),
        ("nobody@ansm.example", PASSWORD),
    ):
        refusal = await harness.refusal(harness.sign_in(address, password))
        assert (refusal.slug, refusal.errors, refusal.retry_after) == (
            "wrong_credentials",
            (),
            None,
        )
    assert await harness.count("agent_attempts") == 2 * 4


async def test_au_02_wrong_passwords_are_throttled_also_in_parallel(
    harness: SupportHarness,
) -> None:
    agent = await harness.joined(SUPERVISOR, "supervisor")
    results = await asyncio.gather(
        *(harness.outcome(harness.sign_in(SUPERVISOR, "wrong")) for _ in range(12))
    )
    assert sorted(results) == ["too_many_tries"] * 7 + ["wrong_credentials"] * 5
    refusal = await harness.refusal(harness.sign_in(SUPERVISOR))
    assert (refusal.slug, refusal.retry_after) == ("too_many_tries", 90)
    # Another network still reaches the account.
    view = await harness.ask(harness.sign_in(SUPERVISOR, network="198.51.100.0/24"))
    assert (view.agent.agent_id, view.failures) == (agent.id, 5)
    locked = [event.locked_until for event in await harness.events(AgentSignInRefused)]
    assert sum(until is not None for until in locked) == 1, "in whatever order they were written"


async def test_au_04_strangers_lock_no_agent_out_of_a_browser_that_is_known(
    harness: SupportHarness,
) -> None:
    agent = await harness.joined(SUPERVISOR, "supervisor")
    other = await harness.joined(AGENT)
    for number in range(25):
        wrong = harness.sign_in(SUPERVISOR, "wrong", network=f"198.51.{number}.0/24")
        assert await harness.outcome(wrong) == "wrong_credentials"
    own = harness.sign_in(SUPERVISOR)
    assert await harness.outcome(own) == "too_many_tries"

    def known(password: str, *agents: str) -> SignInAgent:
        signing_in = harness.sign_in(SUPERVISOR, password)
        return msgspec.structs.replace(signing_in, known_accounts=agents)

    assert await harness.outcome(known(PASSWORD, other.id)) == "too_many_tries"
    assert await harness.outcome(known(PASSWORD, other.id, agent.id)) == "done"
    assert await harness.outcome(own) == "too_many_tries", "what strangers typed still counts"
    # What is typed there counts apart, and not for ever: 5 free, ten a day.
    found = []
    for _ in range(14):
        found.append(await harness.outcome(known("wrong", agent.id)))
        harness.advance(hours=1)
    assert found.count("wrong_credentials") == 10
    assert found[-1] == "too_many_tries"


async def test_az_04_a_suspended_agent_is_refused_at_the_next_request(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined(SUPERVISOR, "supervisor")
    agent = await harness.joined(AGENT)
    await harness.ask(DescribeAgent(agent_id=agent.id))
    view = await harness.ask(
        harness.coded(
            SuspendAgent(agent_id=boss.id, subject_id=agent.id, reason="suspicious_access")
        )
    )
    assert view.state == "suspended"
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "forbidden"
    assert await harness.outcome(harness.sign_in(AGENT)) == "wrong_credentials"
    ((subject, ended),) = await harness.subject_events(AgentSessionsEnded)
    assert (subject, ended.reason, ended.by) == (agent.id, "suspended", boss.id)


@pytest.mark.parametrize("role", ["agent", "operator", "auditor"])
async def test_az_04_others_than_supervisors_stop_nobody(
    harness: SupportHarness, role: str
) -> None:
    boss = await harness.joined(SUPERVISOR, "supervisor")
    other = await harness.joined(AGENT, role)
    for kind in (SuspendAgent, RemoveAgent):
        request = kind(agent_id=other.id, subject_id=boss.id, reason="departure")
        assert await harness.outcome(request) == "forbidden"
    seen = "done" if role == "auditor" else "forbidden"
    assert await harness.outcome(ListAgents(agent_id=other.id)) == seen


async def test_nobody_stops_themselves_nor_the_last_supervisor(harness: SupportHarness) -> None:
    boss = await harness.joined(SUPERVISOR, "supervisor")

    def stop(subject_id: str) -> SuspendAgent:
        return harness.coded(
            SuspendAgent(agent_id=boss.id, subject_id=subject_id, reason="departure")
        )

    assert await harness.outcome(stop(boss.id)) == "own_account"
    assert await harness.outcome(stop(str(uuid4()))) == "not_found"
    second = await harness.joined("autre.chef@ansm.example", "supervisor")
    both = [
        stop(second.id),
        harness.coded(SuspendAgent(agent_id=second.id, subject_id=boss.id, reason="departure")),
    ]
    results = await asyncio.gather(*(harness.outcome(one) for one in both))
    assert results.count("done") == 1, "two supervisors who stop each other leave one"


async def test_a_removed_address_may_be_invited_again_as_another_agent(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined(SUPERVISOR, "supervisor")
    agent = await harness.joined(AGENT)
    await harness.ask(
        harness.coded(RemoveAgent(agent_id=boss.id, subject_id=agent.id, reason="departure"))
    )
    ((subject, _),) = await harness.subject_events(AgentCredentialsRemoved)
    assert subject == agent.id
    again = await harness.add(AGENT, "agent")
    assert again.id != agent.id
    agents = (await harness.ask(ListAgents(agent_id=boss.id))).agents
    assert [one.state for one in agents if one.address == AGENT] == ["accepted", "removed"]


async def test_every_supervisor_gets_a_mail_about_a_new_agent(harness: SupportHarness) -> None:
    await harness.joined(SUPERVISOR, "supervisor")
    await harness.joined("other@ansm.example", "supervisor")
    await harness.joined(AGENT)
    mails = [event for event in await harness.events(AgentAccepted) if event.address == AGENT]
    assert {event.recipient for event in mails} == {SUPERVISOR, "other@ansm.example"}


async def test_a_reset_voids_password_and_factor_and_makes_a_newcomer(
    harness: SupportHarness,
) -> None:
    agent = await harness.joined(AGENT)
    await harness.reset(AGENT)
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "forbidden"
    assert await harness.outcome(harness.sign_in(AGENT)) == "wrong_credentials"
    assert [event.reason for event in await harness.events(AgentSessionsEnded)] == ["reset"]
    assert len(await harness.events(AgentCredentialsRemoved)) == 1
    await harness.send_invitations()
    token = await harness.link_token(agent.id)
    assert (await harness.ask(harness.describe(token))).kind == "reset"
    await harness.ask(harness.accept(token))
    await harness.ask(signed_in(agent.id, enrolled=True))
    assert (await harness.agent(agent.id)).is_newcomer(harness.now)


async def test_a_password_is_changed_with_the_present_one(harness: SupportHarness) -> None:
    agent = await harness.joined(AGENT)
    new = "sextant orage tortue 77"

    def change(
        kind: type[CheckAgentPassword | ChangeAgentPassword], password: str, chosen: str
    ) -> CheckAgentPassword | ChangeAgentPassword:
        return kind(
            agent_id=agent.id,
            password=harness.seal(kind, "password", password),
            new_password=harness.seal(kind, "new_password", chosen),
            network=NETWORK,
        )

    for kind in (CheckAgentPassword, ChangeAgentPassword):
        assert await harness.outcome(change(kind, "wrong", new)) == "wrong_password"
        assert await harness.outcome(change(kind, PASSWORD, "short")) == "invalid_fields"
    assert await harness.outcome(change(CheckAgentPassword, PASSWORD, new)) == "done"
    assert await harness.outcome(harness.sign_in(AGENT)) == "done", "nothing has changed"
    assert await harness.outcome(change(ChangeAgentPassword, PASSWORD, new)) == "done"
    assert await harness.outcome(harness.sign_in(AGENT)) == "wrong_credentials"
    assert await harness.outcome(harness.sign_in(AGENT, new)) == "done"
    assert [event.reason for event in await harness.events(AgentSessionsEnded)] == [
        "password_changed"
    ]


async def test_addresses_are_unlimited_by_network_in_the_try_out_only(
    harness_with: OpenHarness,
) -> None:
    """Behind one loopback address everybody is one network."""
    async with harness_with() as harness:
        for number in range(70):
            address = f"nobody{number}@ansm.example"
            assert await harness.outcome(harness.sign_in(address)) == "wrong_credentials"
