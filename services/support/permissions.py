"""Who may do what at the desk: roles, acts, pages and fields, as data. Pure.

An act that one person may not do alone has `approvers`, of whom a second person is one; an act with
a `delay` happens that long after it was agreed to. Nobody acts on their own account, approves their
own act, or approves an act of who invited them or of whom they invited; a newcomer approves nothing
(AZ-01, OT-15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Delay = Literal["", "sensitive", "lost_phone"]
Subject = Literal["account", "accounts", "agent", "request", "journal", "desk", "operations"]


class Role(StrEnum):
    """The role of an agent."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    AUDITOR = "auditor"


A, S, E, D = Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.AUDITOR
DESK: frozenset[Role] = frozenset((A, S))
OPERATION: frozenset[Role] = frozenset((E,))
SUPERVISION: frozenset[Role] = frozenset((S,))
NOBODY: frozenset[Role] = frozenset()
EVERYBODY: frozenset[Role] = frozenset(Role)

#: Why an act is done; the person sees it.
ACT_REASONS = (
    "requested_by_person",
    "requested_by_establishment",
    "typing_error",
    "mailbox_out_of_service",
    "departure",
    "suspicious_access",
    "legal_duty",
)
#: Why an agent asks for more accounts and searches than a day allows.
LIMIT_REASONS = ("daily_limit",)
#: Why something is done to the account of an agent.
AGENT_REASONS = (
    "new_colleague",
    "change_of_duties",
    "absence",
    "departure",
    "lost_phone",
    "suspicious_access",
)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act of agents.

    `performers` do or propose it; with `approvers`, one of these agrees as a second person. `delay`
    names the setting of how long it waits then. `fresh_code`: a code of the second factor goes with
    the form. `subject` is what it is done to.
    """

    name: str
    performers: frozenset[Role]
    approvers: frozenset[Role] = NOBODY
    delay: Delay = ""
    fresh_code: bool = False
    subject: Subject = "account"


_ACTS = (
    # Requests of people.
    Act(name="open_request", performers=DESK, subject="request"),
    Act(name="take_request", performers=DESK, subject="request"),
    Act(name="answer_request", performers=DESK, subject="request"),
    Act(name="close_request", performers=DESK, subject="request"),
    Act(name="edit_answers", performers=SUPERVISION, subject="desk"),
    # Lost phones.
    Act(name="call", performers=DESK, subject="request"),
    Act(
        name="remove_lost_phone",
        performers=DESK,
        approvers=DESK,
        delay="lost_phone",
        fresh_code=True,
    ),
    Act(name="tell_resumption_code", performers=DESK, fresh_code=True),
    Act(name="accept_other_names", performers=DESK, approvers=DESK, fresh_code=True),
    # Accounts.
    Act(name="correct_information", performers=DESK),
    Act(
        name="change_address",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(
        name="change_name",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(
        name="change_telephone",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(
        name="unblock_account",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(
        name="reactivate_account",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(name="block_account", performers=DESK, fresh_code=True),
    Act(name="deactivate_account", performers=DESK, fresh_code=True),
    Act(name="release_address", performers=DESK, approvers=DESK, fresh_code=True),
    Act(
        name="transfer_dossiers",
        performers=DESK,
        approvers=DESK,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(name="undo_transfer", performers=DESK, approvers=DESK, fresh_code=True),
    Act(name="end_sessions", performers=DESK, fresh_code=True),
    Act(
        name="end_all_sessions",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        fresh_code=True,
        subject="accounts",
    ),
    Act(name="mark_password_compromised", performers=DESK, fresh_code=True),
    Act(name="resend_mail", performers=DESK),
    Act(
        name="anonymise",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        delay="sensitive",
        fresh_code=True,
    ),
    Act(
        name="view_more_accounts",
        performers=frozenset((A, S, D)),
        approvers=SUPERVISION,
        subject="desk",
    ),
    # Agents.
    Act(
        name="invite_agent",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        fresh_code=True,
        subject="agent",
    ),
    Act(name="suspend_agent", performers=SUPERVISION, fresh_code=True, subject="agent"),
    Act(
        name="reinstate_agent",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        fresh_code=True,
        subject="agent",
    ),
    Act(name="remove_agent", performers=SUPERVISION, fresh_code=True, subject="agent"),
    Act(
        name="reset_agent",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        fresh_code=True,
        subject="agent",
    ),
    Act(
        name="change_agent_role",
        performers=SUPERVISION,
        approvers=SUPERVISION,
        fresh_code=True,
        subject="agent",
    ),
    # The journal.
    Act(
        name="export_journal",
        performers=frozenset((S, D)),
        approvers=frozenset((S, D)),
        fresh_code=True,
        subject="journal",
    ),
    Act(name="defer_look", performers=frozenset((D,)), subject="journal"),
    # Dead letters and mails: one needs no code, many at once do.
    Act(name="try_letter", performers=OPERATION, subject="operations"),
    Act(name="replay_letter", performers=OPERATION, subject="operations"),
    Act(name="replay_letters", performers=OPERATION, fresh_code=True, subject="operations"),
    Act(name="discard_letter", performers=OPERATION, subject="operations"),
    Act(name="discard_letters", performers=OPERATION, fresh_code=True, subject="operations"),
    Act(name="drop_mail", performers=OPERATION, subject="operations"),
    Act(name="send_mail", performers=OPERATION, subject="operations"),
    Act(name="send_mails", performers=OPERATION, fresh_code=True, subject="operations"),
)
ACTS: Mapping[str, Act] = {act.name: act for act in _ACTS}

#: Who reads what, page by page.
VIEWS: Mapping[str, frozenset[Role]] = {
    "requests": frozenset((A, S, D)),
    "answers": DESK,
    "search": frozenset((A, S, D)),
    "account": frozenset((A, S, D)),
    "approvals": DESK | {D},
    "dormant": frozenset((S, D)),
    "team": frozenset((S, D)),
    "journal": frozenset((S, D)),
    "journal_by_agent": frozenset((D,)),
    "settings": frozenset((S, E, D)),
    "operations": frozenset((E,)),
    "own_account": EVERYBODY,
    "help": EVERYBODY,
}

#: The parts of an account that a look may open.
FIELDS = (
    "state",
    "name",
    "address",
    "telephone",
    "position",
    "establishment",
    "colleagues",
    "second_factor",
    "sessions",
    "mails",
    "dossiers",
    "requests",
    "history",
)
#: Always shown once an account is open: none of it says who the person is.
ALWAYS_OPEN = frozenset(("state", "requests", "history", "second_factor"))


@dataclass(frozen=True, kw_only=True)
class LookReason:
    """Why an account is looked at; the person sees it. `opens` are the fields that it needs."""

    name: str
    opens: frozenset[str]
    roles: frozenset[Role] = DESK


_LOOK_REASONS = (
    LookReason(name="lost_phone", opens=frozenset(("name", "establishment", "sessions"))),
    LookReason(
        name="correction",
        opens=frozenset(("name", "address", "telephone", "position", "establishment")),
    ),
    LookReason(
        name="departure", opens=frozenset(("name", "establishment", "colleagues", "dossiers"))
    ),
    LookReason(name="mail_not_received", opens=frozenset(("name", "address", "mails"))),
    LookReason(name="question", opens=frozenset(("name",))),
    LookReason(name="account_security", opens=frozenset(("name", "sessions", "mails"))),
    LookReason(name="data_rights", opens=frozenset(FIELDS)),
    LookReason(name="audit", opens=frozenset(), roles=frozenset((D,))),
)
LOOK_REASONS: Mapping[str, LookReason] = {reason.name: reason for reason in _LOOK_REASONS}


def reasons_of(act: str) -> tuple[str, ...]:
    """The closed list of reasons for an act; KeyError for an act that does not exist."""
    by_subject = {"agent": AGENT_REASONS, "desk": LIMIT_REASONS}
    return by_subject.get(ACTS[act].subject, ACT_REASONS)


def may_do(role: str, act: str) -> bool:
    """Whether a role does or proposes an act; KeyError for an act that does not exist."""
    return role in ACTS[act].performers


def may_approve(role: str, act: str) -> bool:
    """Whether a role agrees to an act as the second person."""
    return role in ACTS[act].approvers


def may_view(role: str, view: str) -> bool:
    """Whether a role reads a page; KeyError for a page that does not exist."""
    return role in VIEWS[view]


def open_fields(role: str, reasons: frozenset[str]) -> frozenset[str]:
    """The fields of an account that these reasons open for a role."""
    allowed = (LOOK_REASONS[name] for name in reasons if role in LOOK_REASONS[name].roles)
    return ALWAYS_OPEN.union(*(reason.opens for reason in allowed))
