"""Proposing an act from a form of the desk: its fields are checked, then the code, then it is done.

A code of the second factor is valid once: who typed something wrong corrects that alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.desk.support import act, agent_of, with_fresh_code
from services.gateway.http.forms import Form
from services.gateway.sessions.request_state import flash
from shared.contracts.support.proposals import (
    CheckProposal,
    ProposalChecked,
    ProposalView,
    Propose,
)

M = TypeVar("M", CheckProposal, Propose)


@dataclass(frozen=True, kw_only=True)
class ActForm:
    """An act as a form asks for it: on an account, an agent or neither."""

    act: str
    reason: str
    account_id: str = ""
    subject_agent_id: str = ""
    request_number: str = ""
    details: Mapping[str, str] = field(default_factory=dict, repr=False)
    note: str = field(default="", repr=False)


async def propose(
    request: web.Request, fields: dict[str, str], wanted: ActForm, *, fresh_code: bool = True
) -> ProposalView | Form:
    """Propose the act or do it; the form again with what was refused. `fresh_code`: the act needs
    one, which `fields` has."""
    purpose = f"act-{wanted.act}"
    message = _message(request, Propose, wanted)
    if fresh_code:
        if fields["code"]:
            check = _message(request, CheckProposal, wanted)
            checked = await act(request, fields, check, ProposalChecked, f"{purpose}-check")
            if isinstance(checked, Form):
                return checked
        with_code = await with_fresh_code(request, fields, message, purpose)
        if isinstance(with_code, Form):
            return with_code
        message = with_code
    return await act(request, fields, message, ProposalView, purpose)


async def ask_for_more(request: web.Request, fields: dict[str, str]) -> Form | None:
    """Ask a supervisor to agree that the agent opens more accounts and makes more searches today.
    The form again where that was refused."""
    wanted = ActForm(act="view_more_accounts", reason="daily_limit")
    asked = await propose(request, fields, wanted, fresh_code=False)
    if isinstance(asked, Form):
        return asked
    flash(request, "more_accounts_asked")
    return None


def _message(request: web.Request, kind: type[M], wanted: ActForm) -> M:
    return kind(
        agent_id=agent_of(request).account_id,
        act=wanted.act,
        reason=wanted.reason,
        account_id=wanted.account_id,
        subject_agent_id=wanted.subject_agent_id,
        request_number=wanted.request_number,
        details=seal(request, kind, "details", msgspec.json.encode(dict(wanted.details)).decode()),
        note=seal(request, kind, "note", wanted.note),
    )
