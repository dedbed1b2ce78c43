"""One act on an account, or on everybody's sessions: its fields, a reason, a note, a code.

The page says beforehand whether a second person is needed and how long the act then waits. Support
judges the form, and whether this agent may.
"""

from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import open_sealed
from services.gateway.desk import act_words
from services.gateway.desk.proposals import ActForm
from services.gateway.desk.proposals import propose as propose_act
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import path_values, redirect
from services.gateway.portal.form_errors import invalid_form
from services.gateway.portal.profile_form import options_of, value_text
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from shared.contracts.support.looks import AccountDetails, AccountView, DescribeAccount
from shared.contracts.support.proposals import (
    ActView,
    DescribeAct,
    UndoableTransfer,
)

#: The fields of all acts, each of which takes some of them, in the order of the portal's form.
ALL_FIELDS = (
    "new_address", "first_name", "last_name", "phone", "phone_extension", "to_account_id",
    "confirmed_by", "transfer_id", "mail_id", "position", "position_other", "country", "siret",
    "closed_reason", "vat", "lei", "eori", "company_name", "establishment_type",
    "establishment_type_other", "address", "address_extra", "postal_code", "city",
)  # fmt: skip
EVERYBODY, CORRECTION = "end_all_sessions", "correct_information"
#: What the page says once the act is stored, by its state.
DONE = {"proposed": "act_proposed", "approved": "act_planned", "done": "act_done"}


async def show(request: web.Request, form: Form) -> web.Response:
    """The form of an act on an account."""
    values = path_values(request)
    return await _show(request, form, values["act"], values["account_id"])


async def show_for_everybody(request: web.Request, form: Form) -> web.Response:
    """The form that ends the sessions of everybody."""
    return await _show(request, form, EVERYBODY, "")


async def propose(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Propose or do an act on an account."""
    values = path_values(request)
    return await _propose(request, fields, values["act"], values["account_id"])


async def propose_for_everybody(
    request: web.Request, fields: dict[str, str]
) -> web.Response | Form:
    """Propose to end the sessions of everybody."""
    return await _propose(request, fields, EVERYBODY, "")


async def _describe(
    request: web.Request, name: str, account_id: str, to_account_id: str = ""
) -> ActView:
    agent_id = agent_of(request).account_id
    message = DescribeAct(
        agent_id=agent_id, act=name, account_id=account_id, to_account_id=to_account_id[:40]
    )
    return await ask_support(request, message, ActView)


async def _show(request: web.Request, form: Form, name: str, account_id: str) -> web.Response:
    lang, typed = request[REQUEST_STATE].lang, form.values.get("to_account_id", "").strip()
    view = await _describe(request, name, account_id, typed)
    if not form.typed:
        form.values = {"request_number": request.query.get("demande", "")[:40]}

    def said(table: str, key: str) -> str:
        return act_words.words(getattr(act_words, table), key, lang)

    return page(
        request,
        "act.html",
        form=form,
        view=view,
        account_id=account_id,
        account=account_id
        if view.account is None
        else open_sealed(request, ActView, "account", view.account),
        receiver=view.receiver and open_sealed(request, ActView, "receiver", view.receiver),
        receiver_id=typed,
        no_effect=act_words.no_effect_text(view.no_effect, lang),
        said=said,
        reasons=[(key, said("REASONS", key)) for key in view.reasons],
        confirmations=[(key, said("CONFIRMED_BY", key)) for key in act_words.CONFIRMED_BY],
        delay=act_words.delay_text(view.delay_minutes, lang),
        names=[one for one in ALL_FIELDS if one in view.fields],
        options={one: options_of(one, lang) for one in view.fields},
        current=await _current(request, account_id, lang) if name == CORRECTION else {},
        transfers=_transfers(request, view),
    )


def _transfers(request: web.Request, view: ActView) -> list[tuple[str, str]] | None:
    """The transfers that can be undone, in words; None where the form is about something else."""
    if view.transfers is None:
        return None
    text, lang = (
        open_sealed(request, ActView, "transfers", view.transfers),
        request[REQUEST_STATE].lang,
    )
    found = msgspec.json.decode(text, type=list[UndoableTransfer])
    return [(one.transfer_id, act_words.transfer_text(one, lang)) for one in found]


async def _current(request: web.Request, account_id: str, lang: str) -> dict[str, str]:
    """The information as it is, as far as this agent opened it today."""
    message = DescribeAccount(agent_id=agent_of(request).account_id, account_id=account_id)
    view = await ask_support(request, message, AccountView)
    text = open_sealed(request, AccountView, "details", view.details)
    details = msgspec.json.decode(text, type=AccountDetails)
    known: dict[str, Any] = {}
    for part in (details.person, details.establishment):
        known |= {} if part is None else msgspec.structs.asdict(part)
    return {name: value_text(name, str(known[name]), lang) for name in known if known[name]}


async def _propose(
    request: web.Request, fields: dict[str, str], name: str, account_id: str
) -> web.Response | Form:
    view = await _describe(request, name, account_id)
    if not fields["reason"]:
        return invalid_form(request, fields, "reason")
    # A correction names what changes; every other act takes all its fields.
    partial = name == CORRECTION
    wanted = ActForm(
        act=name,
        reason=fields["reason"],
        account_id=account_id,
        request_number=fields["request_number"][:40],
        details={one: fields[one] for one in view.fields if fields[one] or not partial},
        note=fields["note"],
    )
    done = await propose_act(request, fields, wanted, fresh_code=view.fresh_code)
    if isinstance(done, Form):
        return done
    flash(request, DONE.get(done.state, "act_done"))
    return redirect(request, "approval", proposal_id=done.proposal_id)
