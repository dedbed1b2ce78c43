"""Which acts have an effect on an account as it is now. Pure.

An act without one is neither offered nor accepted. What is not known forbids nothing: the owners
judge again when they carry an act out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.support.looks import state_of
from shared.contracts.registration.desk import AccountRecord

#: How an account can be, as acts tell it apart. Its holder blocked a `frozen` one and may open it
#: again; only the desk opens `frozen_by_desk`. `address_released` is deactivated, without address.
KINDS = (
    "active",
    "no_password",
    "frozen",
    "frozen_by_desk",
    "thawing",
    "deactivated",
    "address_released",
)
ALL = frozenset(KINDS)
FROZEN = frozenset(("frozen", "frozen_by_desk"))
CLOSED = frozenset(("deactivated", "address_released"))
WITH_PASSWORD = ALL - CLOSED - {"no_password"}
#: Where each act on an account has an effect.
EFFECTIVE: Mapping[str, frozenset[str]] = {
    "correct_information": ALL,
    "change_address": WITH_PASSWORD,
    "change_name": ALL,
    "change_telephone": ALL,
    "block_account": ALL - CLOSED - {"frozen_by_desk"},
    "unblock_account": frozenset(("frozen_by_desk",)),
    "deactivate_account": ALL - CLOSED,
    "reactivate_account": frozenset(("deactivated",)),
    "release_address": frozenset(("deactivated",)),
    "transfer_dossiers": ALL,
    "undo_transfer": ALL,
    "end_sessions": WITH_PASSWORD - FROZEN,
    "mark_password_compromised": WITH_PASSWORD,
    "resend_mail": ALL - {"address_released"},
    "anonymise": ALL,
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an account: one of `KINDS`, or empty; how many sessions are open, and
    transfers can be undone, or None."""

    kind: str = ""
    sessions: int | None = None
    transfers: int | None = None


def kind_of(record: AccountRecord | None) -> str:
    """How an account is; empty where registration does not answer."""
    if record is None:
        return ""
    state = state_of(record)
    if state == "frozen" and record.support_only:
        return "frozen_by_desk"
    if state == "deactivated" and not record.address:
        return "address_released"
    return state


def why_no_effect(act: str, facts: Facts) -> str:
    """Why an act would change nothing: the kind of the account, `no_session`, `no_transfer`; empty
    where it would."""
    if facts.kind and facts.kind not in EFFECTIVE.get(act, ALL):
        return facts.kind
    if act == "end_sessions" and facts.sessions == 0:
        return "no_session"
    if act == "undo_transfer" and facts.transfers == 0:
        return "no_transfer"
    return ""
