"""An account on one page (B-05): closed until a reason is given, then as far as today's reasons
open it. Support masks: what is not open is not here.

Blocks of an owner that does not answer say so; the others stand.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import parse_qs, urlencode

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask, open_sealed, seal
from services.gateway.desk.features.account import account_texts as texts
from services.gateway.desk.features.account.account_view import (
    shown_account,
    shown_acts,
    shown_planned,
    shown_replacements,
    shown_requests,
    shown_story,
)
from services.gateway.desk.proposals import ask_for_more
from services.gateway.desk.support import act, agent_of, ask_support
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from shared.contracts.base import Reply
from shared.contracts.support.journal import FILTERS, ReadTimeline, TimelineView
from shared.contracts.support.looks import (
    NOTICE_ACCOUNTS,
    AccountDetails,
    AccountOpenedView,
    AccountView,
    DescribeAccount,
    OpenAccount,
)
from shared.contracts.support.lost_phones import LostPhoneFollowUp, StopPhoneReplacement
from shared.contracts.support.people_requests import ListRequests, RequestQueueView
from shared.contracts.support.proposals import (
    ListProposals,
    ProposalsView,
    ProposalView,
    Propose,
)
from shared.i18n.catalogue import translate
from shared.messaging.handlers import Refused

R = TypeVar("R", bound=Reply)
#: Of the path of the page: the account.
ACCOUNT = "account_id"
#: Of its query: the filter of the account's story, and where that goes on.
SHOW, AFTER = "voir", "apres"
#: Of its query: the request that the account is opened for.
REQUEST = "demande"
MAX_NUMBER = 40
#: The reason that a request gives, by the beginning of its number.
REASON_OF = {
    "TEL": "lost_phone",
    "COR": "correction",
    "DEP": "departure",
    "BOI": "mail_not_received",
    "MSG": "question",
}
#: Who may do anything with what is shown; support decides at each request.
ACTING_ROLES = ("agent", "supervisor")
#: Why a mail is sent again: nobody else is concerned.
REASON = "requested_by_person"


def keep_query(query: str) -> str:
    """The filter of the story and the request, which stay in another language."""
    given = parse_qs(query)
    show, number = (given.get(name, [""])[0] for name in (SHOW, REQUEST))
    kept = {SHOW: show} if show in FILTERS[1:] else {}
    return urlencode(kept | ({REQUEST: number} if 0 < len(number) <= MAX_NUMBER else {}))


async def show(request: web.Request, form: Form) -> web.Response:
    """The account, or why it is to be opened."""
    agent = agent_of(request)
    account_id = request.match_info[ACCOUNT]
    message = DescribeAccount(agent_id=agent.account_id, account_id=account_id)
    view = await ask_support(request, message, AccountView)
    text = open_sealed(request, AccountView, "details", view.details)
    details = msgspec.json.decode(text, type=AccountDetails)
    if not form.typed:
        form.values = _of_request(request, view)
    story, planned, requests = None, None, None
    show_only = request.query.get(SHOW, "")
    show_only = show_only if show_only in FILTERS else ""
    if view.reasons:
        timeline = ReadTimeline(
            agent_id=agent.account_id,
            account_id=account_id,
            show=show_only,
            after=request.query.get(AFTER, ""),
        )
        proposals = ListProposals(agent_id=agent.account_id, show="open", account_id=account_id)
        queue = ListRequests(agent_id=agent.account_id, account_id=account_id)
        story, planned, requests = await asyncio.gather(
            _unless_away(ask(request, timeline, TimelineView)),
            _unless_away(ask(request, proposals, ProposalsView)),
            _unless_away(ask(request, queue, RequestQueueView)),
        )
    return page(
        request,
        "desk_account.html",
        form=form,
        account=shown_account(request, view, details),
        story=shown_story(request, story, show_only),
        planned=shown_planned(request, planned),
        replacements=shown_replacements(requests),
        acts=shown_acts(request, view),
        number=request.query.get(REQUEST, "")[:MAX_NUMBER],
        requests=shown_requests(request, requests),
        view=view,
        may_act=agent.role in ACTING_ROLES,
        notice=view.opened >= NOTICE_ACCOUNTS,
        full=not view.reasons and view.opened >= view.allowed,
        switch_url=_with_filter(request),
    )


def _of_request(request: web.Request, view: AccountView) -> dict[str, str]:
    """The reason that the request gives for opening the account, unless it is open for it."""
    number = request.query.get(REQUEST, "")[:MAX_NUMBER]
    reason = REASON_OF.get(number.partition("-")[0], "")
    if reason not in view.choices or reason in view.reasons:
        return {}
    return {"number": number, "reason": reason}


def _with_filter(request: web.Request) -> str:
    query = keep_query(request.query_string)
    return f"{request.path}?{query}" if query else request.path


async def submit_reason(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Open the account for a reason."""
    if not fields["reason"]:
        return _without_reason(request, fields)
    message = OpenAccount(
        agent_id=agent_of(request).account_id,
        account_id=request.match_info[ACCOUNT],
        reason=fields["reason"],
        request_number=fields["number"],
    )
    done = await act(request, fields, message, AccountOpenedView, "open-account")
    if isinstance(done, Form):
        return done
    kept = {REQUEST: fields["number"]} if fields["number"] else {}
    return redirect(request, "desk_account", **kept)


async def submit_mail(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Send a mail again."""
    details = seal(
        request, Propose, "details", msgspec.json.encode({"mail_id": fields["mail"]}).decode()
    )
    message = Propose(
        agent_id=agent_of(request).account_id,
        act="resend_mail",
        reason=REASON,
        account_id=request.match_info[ACCOUNT],
        details=details,
    )
    done = await act(request, fields, message, ProposalView, "resend-mail")
    if isinstance(done, Form):
        return done
    flash(request, "mail_sent_again")
    return _back(request)


async def submit_stop(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Stop a lost phone that waits without an agent."""
    agent_id = agent_of(request).account_id
    message = StopPhoneReplacement(agent_id=agent_id, number=fields["number"])
    done = await act(request, fields, message, LostPhoneFollowUp, "stop-replacement")
    if isinstance(done, Form):
        return done
    flash(request, "replacement_stopped")
    return _back(request)


async def submit_more(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Ask a supervisor to agree that more accounts are opened today."""
    return await ask_for_more(request, fields) or _back(request)


def _back(request: web.Request) -> web.Response:
    return redirect(request, "desk_account")


def _without_reason(request: web.Request, fields: dict[str, str]) -> Form:
    form = Form.again(fields)
    form.explain(
        request[REQUEST_STATE].lang, alert=lambda lang: translate(texts.CHOOSE_REASON, lang)
    )
    return form


async def _unless_away(answer: Awaitable[R]) -> R | None:
    """The answer, or None where it cannot be had now."""
    try:
        return await answer
    except (*UNAVAILABLE_ERRORS, Refused):
        return None
