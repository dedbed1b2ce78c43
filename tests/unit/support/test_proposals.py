"""Who may approve which act, when it happens, when it expires."""

from datetime import UTC, datetime, timedelta

import pytest

from services.support.agents import Agent
from services.support.permissions import ACTS, Role
from services.support.proposals import (
    SENSITIVE,
    STOPPED_BY_FREEZE,
    STOPPED_BY_SIGN_IN,
    UNDO_PERIOD,
    Delays,
    Proposal,
    approval_refusal,
    can_be_undone,
    code_refusal,
    due_at,
    expires_at,
    goes_alone,
    inviter_of,
    is_announced,
    may,
    proposal_refusal,
    refusing_refusal,
    stopping_refusal,
)

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DELAYS = Delays(sensitive=72 * HOUR, lost_phone=24 * HOUR)
PROPOSER, OTHER, THIRD = "proposer", "other", "third"


def agent(agent_id: str = OTHER, **changes: object) -> Agent:
    """An active agent who joined a week ago."""
    values = {
        "id": agent_id,
        "address": f"{agent_id}@ansm.example",
        "first_name": "Zoé",
        "last_name": "Durand",
        "language": "fr",
        "role": "agent",
        "state": "active",
        "since": NOON,
        "joined_at": NOON - timedelta(days=7),
        **changes,
    }
    return Agent(**values)  # type: ignore[arg-type]


def proposal(**changes: object) -> Proposal:
    """A change of address, proposed at noon."""
    values = {
        "id": "p",
        "act": "change_address",
        "reason": "requested_by_person",
        "state": "proposed",
        "proposed_by": PROPOSER,
        "proposed_at": NOON,
        "account_id": "account",
        "expires_at": NOON + timedelta(days=7),
        **changes,
    }
    return Proposal(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("approver", "changes", "slug"),
    [
        (agent(), {}, None),
        (agent(role="supervisor"), {}, None),
        (agent(role="auditor"), {}, "forbidden"),
        (agent(role="operator"), {}, "forbidden"),
        (agent(PROPOSER), {}, "own_act"),
        (agent(PROPOSER, role="supervisor"), {}, "own_act"),
        (agent(proposed_by=PROPOSER), {}, "invited_by_you"),
        (agent(proposed_by=THIRD), {}, None),
        (agent(), {"inviter_agent": OTHER}, "you_invited"),
        (agent(), {"inviter_agent": THIRD}, None),
        (agent(proposed_by=THIRD), {"inviter_agent": THIRD}, "same_inviter"),
        (agent(joined_at=NOON - 71 * HOUR), {}, "too_new"),
        (agent(joined_at=NOON - 72 * HOUR), {}, None),
        (agent(joined_at=None), {}, "too_new"),
        (agent(), {"state": "approved", "approved_at": NOON}, "stale"),
        (agent(), {"state": "done", "done_at": NOON}, "stale"),
        (agent(), {"state": "stopped", "ended_at": NOON}, "stale"),
        (agent(), {"expires_at": NOON}, "stale"),
        # Whoever may never approve it does not learn what became of it.
        (agent(PROPOSER), {"state": "stopped", "ended_at": NOON}, "own_act"),
    ],
)
def test_ot_15_who_may_approve(
    approver: Agent, changes: dict[str, object], slug: str | None
) -> None:
    refusal = approval_refusal(proposal(**changes), approver, NOON)
    assert (refusal and refusal.slug) == slug


def test_az_01_nobody_approves_an_act_on_themselves_or_their_own_account() -> None:
    about_agent = proposal(act="reset_agent", account_id=None, subject_agent_id=OTHER)
    refusal = approval_refusal(about_agent, agent(role="supervisor"), NOON)
    assert refusal is not None
    assert refusal.slug == "own_account"
    refusal = approval_refusal(proposal(), agent(), NOON, own_account=True)
    assert refusal is not None
    assert refusal.slug == "own_account"


@pytest.mark.parametrize("name", sorted(ACTS))
@pytest.mark.parametrize("role", list(Role))
def test_az_01_only_roles_of_the_matrix_propose_approve_and_stop(name: str, role: Role) -> None:
    act, one = ACTS[name], agent(role=role)
    proposes = proposal_refusal(act, one) is None
    approves = approval_refusal(proposal(act=name), one, NOON) is None
    assert proposes == (role in act.performers)
    assert approves == (role in act.approvers)
    assert (stopping_refusal(proposal(act=name), one) is None) == (role in act.performers)
    assert (refusing_refusal(proposal(act=name), one) is None) == (role in act.approvers)


def test_az_01_nobody_acts_on_their_own_account() -> None:
    act = ACTS["deactivate_account"]
    for own in ({"own_account": True}, {"subject_agent_id": OTHER}):
        refusal = proposal_refusal(act, agent(), **own)  # type: ignore[arg-type]
        assert refusal is not None
        assert refusal.slug == "own_account"


def test_ones_own_act_is_stopped_and_not_refused() -> None:
    assert may(proposal(), agent(PROPOSER), NOON) == ("stop",)
    assert may(proposal(), agent(), NOON) == ("approve", "refuse", "stop")
    assert may(proposal(state="approved", approved_at=NOON), agent(), NOON) == ("stop",)
    assert may(proposal(state="done", done_at=NOON), agent(), NOON) == ()
    assert may(proposal(), agent(role="auditor"), NOON) == ()


@pytest.mark.parametrize(
    ("others", "kept_out"),
    [
        ([], False),
        ([agent(THIRD, role="supervisor")], False),
        # Two whom one supervisor invited, and that supervisor: nobody else.
        ([agent(THIRD, role="supervisor"), agent(proposed_by=THIRD)], False),
        ([agent(proposed_by=PROPOSER), agent(proposed_by=THIRD)], False),
        ([agent("auditor", role="auditor"), agent(proposed_by=THIRD)], False),
        ([agent("free"), agent(proposed_by=THIRD)], True),
        ([agent("other's", proposed_by="fourth"), agent(proposed_by=THIRD)], True),
    ],
)
def test_ot_15_an_inviter_and_whom_else_they_invited_approve_only_where_nobody_else_could(
    others: list[Agent], kept_out: bool
) -> None:
    proposer = agent(PROPOSER, proposed_by=THIRD)
    assert inviter_of(proposal(), proposer, [proposer, *others]) == (THIRD if kept_out else None)
    assert inviter_of(proposal(), agent(PROPOSER), others) is None


@pytest.mark.parametrize(
    ("name", "minutes", "slug"),
    [
        ("change_address", None, "code_needed"),
        ("change_address", 0, None),
        ("change_address", 5, None),
        ("change_address", 6, "code_needed"),
        ("change_address", -6, "code_needed"),
        ("correct_information", None, None),
        ("resend_mail", None, None),
    ],
)
def test_az_04_an_act_on_access_needs_a_fresh_code(
    name: str, minutes: int | None, slug: str | None
) -> None:
    code_at = None if minutes is None else NOON - timedelta(minutes=minutes)
    refusal = code_refusal(ACTS[name], code_at, NOON)
    assert (refusal and refusal.slug) == slug


@pytest.mark.parametrize("name", sorted(ACTS))
def test_ot_15_every_act_of_two_people_on_access_needs_a_code(name: str) -> None:
    act = ACTS[name]
    if act.approvers and act.subject in ("account", "accounts", "agent"):
        assert act.fresh_code


@pytest.mark.parametrize(
    ("name", "single", "hours"),
    [
        ("change_address", False, 72),
        ("unblock_account", False, 72),
        ("remove_lost_phone", False, 24),
        ("remove_lost_phone", True, 72),
        ("release_address", False, 0),
        ("release_address", True, 72),
        ("change_address", True, 72),
        ("deactivate_account", False, 0),
    ],
)
def test_ot_15_when_an_act_happens(name: str, single: bool, hours: int) -> None:
    assert due_at(ACTS[name], NOON, DELAYS, single=single) == NOON + hours * HOUR


ALONE = Delays(sensitive=72 * HOUR, lost_phone=24 * HOUR, single_agent=True)
ME = agent(PROPOSER)


@pytest.mark.parametrize(
    ("delays", "name", "others", "alone"),
    [
        (DELAYS, "change_address", [ME], False),
        (ALONE, "change_address", [ME], True),
        (ALONE, "change_address", [ME, agent(role="auditor")], True),
        (ALONE, "change_address", [ME, agent(proposed_by=PROPOSER)], True),
        (ALONE, "change_address", [ME, agent()], False),
        # A newcomer will be able to approve it before it expires.
        (ALONE, "change_address", [ME, agent(joined_at=NOON)], False),
        (ALONE, "invite_agent", [ME], False),
        (ALONE, "end_all_sessions", [ME], False),
        (ALONE, "export_journal", [ME], False),
        (ALONE, "deactivate_account", [ME], False),
    ],
)
def test_ot_15_an_agent_alone_goes_on_only_by_setting(
    delays: Delays, name: str, others: list[Agent], alone: bool
) -> None:
    assert goes_alone(ACTS[name], ME, others, delays) == alone


@pytest.mark.parametrize(
    ("proposed", "expires"),
    [
        # A Thursday; the weekend does not count.
        (datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 1, 22, 12, tzinfo=UTC)),
        # A Saturday.
        (datetime(2026, 1, 17, 12, tzinfo=UTC), datetime(2026, 1, 23, 12, tzinfo=UTC)),
        # Easter Monday and the change to summer time lie in between.
        (datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 4, 3, 11, tzinfo=UTC)),
        (datetime(2026, 4, 3, 12, tzinfo=UTC), datetime(2026, 4, 13, 12, tzinfo=UTC)),
    ],
)
def test_an_act_expires_after_five_working_days(proposed: datetime, expires: datetime) -> None:
    assert expires_at(proposed) == expires


def test_a_transfer_can_be_undone_for_thirty_days() -> None:
    details = {"to_account_id": OTHER}
    done = proposal(act="transfer_dossiers", state="done", done_at=NOON, details=details)
    assert can_be_undone(done, NOON + UNDO_PERIOD - HOUR)
    assert not can_be_undone(done, NOON + UNDO_PERIOD)
    assert not can_be_undone(proposal(act="transfer_dossiers"), NOON)
    assert not can_be_undone(proposal(state="done", done_at=NOON), NOON)


def test_lists_of_acts_name_acts_that_exist() -> None:
    for names in (SENSITIVE, STOPPED_BY_FREEZE, STOPPED_BY_SIGN_IN):
        assert names <= set(ACTS)


@pytest.mark.parametrize("name", sorted(SENSITIVE))
def test_b_14_a_sensitive_change_waits_is_announced_and_needs_two_people(name: str) -> None:
    act = ACTS[name]
    assert act.approvers
    assert act.delay == "sensitive"
    assert is_announced(act)
