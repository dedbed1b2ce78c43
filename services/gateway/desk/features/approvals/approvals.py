"""Acts as the second person reads them: the list, one act, its approval, refusal and stop.

Support decides at each request; a button that one may not press is absent.
"""

from datetime import date, datetime
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import open_sealed
from services.gateway.desk import act_words
from services.gateway.desk.name_comparison import compared_names
from services.gateway.desk.support import act, agent_of, ask_support, with_fresh_code
from services.gateway.desk.texts import ROLES
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import path_values, redirect
from services.gateway.http.site import CLOCK
from services.gateway.portal.form_errors import invalid_form
from services.gateway.portal.profile_form import value_text
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from shared.contracts.support.proposals import (
    ApproveProposal,
    DescribeProposal,
    ListProposals,
    ProposalsView,
    ProposalView,
    RefuseProposal,
    StopProposal,
)
from shared.i18n.dates import format_date, format_datetime

SHOWN = ("to_approve", "open", "all")
#: Fields of an act that are a moment or a day, and those that are a word of a table.
MOMENTS, DAYS = ("line_since", "matched_at"), ("first_day", "last_day")
WORDS = {
    "confirmed_by": act_words.CONFIRMED_BY,
    "line": act_words.LINES,
    "stolen": act_words.YES,
    "role": ROLES,
    "language": act_words.LANGUAGES,
}
#: What the second person ticks: the act, the account, the evidence.
TICKS = ("what", "who", "evidence")


async def show_list(request: web.Request) -> web.Response:
    """Acts, those that expire first."""
    agent, query = agent_of(request), request.query
    shown = query.get("voir", "to_approve")
    number = query.get("page", "1")
    message = ListProposals(
        agent_id=agent.account_id,
        show=shown if shown in SHOWN else "to_approve",
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )
    view = await ask_support(request, message, ProposalsView)
    people: dict[str, str] = {}
    if view.accounts is not None:
        text = open_sealed(request, ProposalsView, "accounts", view.accounts)
        people = msgspec.json.decode(text, type=dict[str, str])
    return page(
        request,
        "approvals.html",
        view=view,
        people=people,
        shown=message.show,
        **_texts(request),
    )


async def show(request: web.Request, form: Form) -> web.Response:
    """One act: what happens and when, what is to be changed, what one may do."""
    view = await _describe(request)
    details = _details(request, view)
    note = details.pop("note", "")
    return page(
        request,
        "approval.html",
        form=form,
        view=view,
        account=_account(request, view),
        receiver=view.receiver and open_sealed(request, ProposalView, "receiver", view.receiver),
        names=compared_names(
            open_sealed(request, ProposalView, "names", view.names), request[REQUEST_STATE].lang
        )
        if view.names
        else [],
        details=details,
        note=note,
        now=request.app[CLOCK](),
        **_texts(request),
    )


async def approve(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Approve the act, with three ticks and a code."""
    if missing := [name for name in TICKS if fields[name] != "1"]:
        return invalid_form(request, fields, *missing)
    asked = ApproveProposal(
        agent_id=agent_of(request).account_id,
        proposal_id=path_values(request)["proposal_id"],
    )
    message = await with_fresh_code(request, fields, asked, "approve")
    if isinstance(message, Form):
        return message
    return await _decide(request, fields, message, "approve", "act_approved")


async def refuse(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Refuse the act, with a reason."""
    if not fields["reason"]:
        return invalid_form(request, fields, "reason")
    message = RefuseProposal(
        agent_id=agent_of(request).account_id,
        proposal_id=path_values(request)["proposal_id"],
        reason=fields["reason"],
    )
    return await _decide(request, fields, message, "refuse", "act_refused")


async def stop(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Stop the act, with a reason."""
    if not fields["reason"]:
        return invalid_form(request, fields, "reason")
    message = StopProposal(
        agent_id=agent_of(request).account_id,
        proposal_id=path_values(request)["proposal_id"],
        reason=fields["reason"],
    )
    return await _decide(request, fields, message, "stop", "act_stopped")


async def _decide(
    request: web.Request,
    fields: dict[str, str],
    message: ApproveProposal | RefuseProposal | StopProposal,
    purpose: str,
    code: str,
) -> web.Response | Form:
    done = await act(request, fields, message, ProposalView, purpose)
    if isinstance(done, Form):
        return done
    flash(request, code)
    return redirect(request, "approval", proposal_id=done.proposal_id)


async def _describe(request: web.Request) -> ProposalView:
    message = DescribeProposal(
        agent_id=agent_of(request).account_id, proposal_id=path_values(request)["proposal_id"]
    )
    return await ask_support(request, message, ProposalView)


def _account(request: web.Request, view: ProposalView) -> str:
    """Who it is, masked; the id where that cannot be known now."""
    if view.account is None:
        return view.account_id
    return open_sealed(request, ProposalView, "account", view.account)


def _details(request: web.Request, view: ProposalView) -> dict[str, str]:
    """The fields of the act and its note, in words for this page."""
    if view.details is None:
        return {}
    lang = request[REQUEST_STATE].lang
    text = open_sealed(request, ProposalView, "details", view.details)
    details = msgspec.json.decode(text, type=dict[str, str])
    return {name: _in_words(name, value, lang) for name, value in details.items()}


def _in_words(name: str, value: str, lang: str) -> str:
    if name in MOMENTS:
        return format_datetime(datetime.fromisoformat(value), lang)
    if name in DAYS:
        return format_date(date.fromisoformat(value), lang)
    if name in WORDS:
        return act_words.words(WORDS[name], value, lang)
    return value_text(name, value, lang)


def _texts(request: web.Request) -> dict[str, Any]:
    """What the templates put slugs into words with."""
    lang = request[REQUEST_STATE].lang

    def said(table: str, key: str) -> str:
        return act_words.words(getattr(act_words, table), key, lang)

    reasons = [(key, act_words.words(act_words.REASONS, key, lang)) for key in act_words.REASONS]
    return {"said": said, "reasons": reasons}
