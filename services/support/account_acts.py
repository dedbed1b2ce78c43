"""The acts that an account's page offers, by role and by what has an effect now. Pure."""

from services.support.act_effects import Facts, why_no_effect
from services.support.orders import PROPOSED_BY_PAGE
from services.support.permissions import ACTS, may_do
from services.support.proposals import Delays
from shared.contracts.support.looks import OfferedAct

#: Offered beside each mail.
MAIL_ACTS = frozenset(("resend_mail",))


def offered_acts(role: str, facts: Facts, delays: Delays) -> tuple[OfferedAct, ...]:
    """The acts of a role on an account."""
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
        and not why_no_effect(act.name, facts)
    )
