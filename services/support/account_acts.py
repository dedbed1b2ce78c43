"""The acts that an account's page offers, by role and by the state of the account. Pure.

A state that is not known offers all: their owners judge again when they carry an act out.
"""

from collections.abc import Mapping

from services.support.orders import PROPOSED_BY_PAGE
from services.support.permissions import ACTS, may_do
from services.support.proposals import Delays
from shared.contracts.support.looks import OfferedAct

#: Offered beside each mail.
MAIL_ACTS = frozenset(("resend_mail",))
OPEN = frozenset(("active", "frozen", "thawing", "no_password"))
#: The states of an account in which its owner carries the act out; the other acts fit all states.
STATES: Mapping[str, frozenset[str]] = {
    "change_address": OPEN - {"no_password"},
    "unblock_account": frozenset(("frozen",)),
    "reactivate_account": frozenset(("deactivated",)),
    "block_account": OPEN,
    "deactivate_account": OPEN,
    "release_address": frozenset(("deactivated",)),
    "end_sessions": OPEN - {"no_password"},
    "mark_password_compromised": OPEN - {"no_password"},
}


def offered_acts(role: str, state: str, delays: Delays) -> tuple[OfferedAct, ...]:
    """The acts of a role on an account; `state` as lists show it, empty where it is not known."""
    return tuple(
        OfferedAct(
            act=act.name,
            two_people=bool(act.approvers),
            delay_minutes=int(delays.of(act).total_seconds() // 60),
        )
        for act in ACTS.values()
        if act.subject == "account"
        and act.name in PROPOSED_BY_PAGE - MAIL_ACTS
        and may_do(role, act.name)
        and (not state or state in STATES.get(act.name, (state,)))
    )
