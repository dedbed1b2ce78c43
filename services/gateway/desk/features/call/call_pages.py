"""A call about a lost phone: the number, the agent's word, the person's word, what follows.

The person's word is never in an answer of support to the desk: the agent types what they hear, and
only whether it was right comes back (OT-15, C-127). The page works without scripts; each press of a
button is one step.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask, open_sealed, seal
from services.gateway.desk.features.call import call_texts as texts
from services.gateway.desk.support import FORBIDDEN, NOT_FOUND, act_key, with_fresh_code
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import path_values, redirect, url
from services.gateway.sessions.guards import require_signed_in
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.base import Request
from shared.contracts.support.lost_phones import (
    CallLine,
    CallView,
    CheckCallWord,
    CheckLostPhoneAct,
    DescribeCall,
    EndCall,
    ProposeOtherNames,
    ProposePhoneRemoval,
    ResumptionCodeView,
    StartCall,
    TellResumptionCode,
)
from shared.contracts.support.proposals import ProposalChecked
from shared.domain.resumption_codes import in_groups
from shared.domain.support_requests import read_number
from shared.messaging.handlers import Refused

Submit = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse | Form]]
#: What the page of the request says after a call that stops everything, by its outcome.
ENDED = dict.fromkeys(("not_requested", "doubt"), "call_stopped")
#: Refusals that are about one field of a step.
FIELDS = {"wrong_word": "word", "totp": "code"}
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def show(request: web.Request, form: Form) -> web.Response:
    """The step that is due, with what was typed."""
    agent_id = require_signed_in(request).account_id
    number = _number(request)
    try:
        view = await ask(request, DescribeCall(agent_id=agent_id, number=number), CallView)
    except Refused as refused:
        raise _not_here(refused) from refused
    line = _line(request, view)
    return page(
        request,
        "desk_call.html",
        form=form,
        view=view,
        number=number,
        step=_step(view),
        line=line,
        why_line=texts.line_text(line.why_not if line else "", request[REQUEST_STATE].lang),
        word=_word(request, view),
        why=texts.why_no_call(view, request[REQUEST_STATE].lang),
        state=texts.state_text(view, request[REQUEST_STATE].lang),
        reasons=texts.reasons(request[REQUEST_STATE].lang),
        script=texts.SCRIPT,
    )


async def start(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """« Commencer l'appel »: two words are drawn."""
    typed = fields["telephone"] if fields["line"] == "switchboard" else ""
    message = StartCall(
        agent_id=require_signed_in(request).account_id,
        number=_number(request),
        line=fields["line"],
        dialled=fields["dialled"] == "1",
        telephone=seal(request, StartCall, "telephone", typed) if typed else None,
        found_at=fields["found_at"],
    )
    return await _step_taken(request, fields, message)


async def check_word(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """« Vérifier »: what the person said."""
    message = CheckCallWord(
        agent_id=require_signed_in(request).account_id,
        number=_number(request),
        call_id=_call_of(fields),
        word=seal(request, CheckCallWord, "word", fields["word"]),
    )
    return await _step_taken(request, fields, message)


async def end(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """« Pas de réponse », « Elle n'a rien demandé », « Doute : arrêter »."""
    message = EndCall(
        agent_id=require_signed_in(request).account_id,
        number=_number(request),
        call_id=_call_of(fields),
        outcome=fields["outcome"],
    )
    return await _step_taken(request, fields, message, done=ENDED.get(message.outcome, ""))


async def propose(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """« Proposer »: a second agent then agrees or not."""
    return await _with_code(
        request,
        fields,
        ProposePhoneRemoval(
            agent_id=require_signed_in(request).account_id,
            number=_number(request),
            call_id=_call_of(fields),
            reason=fields["reason"],
            note=_note(request, ProposePhoneRemoval, fields),
        ),
        "remove_lost_phone",
        "act_proposed",
    )


async def propose_names(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """« Accepter ce nom »: a second agent then agrees or not."""
    return await _with_code(
        request,
        fields,
        ProposeOtherNames(
            agent_id=require_signed_in(request).account_id,
            number=_number(request),
            reason=fields["reason"],
            note=_note(request, ProposeOtherNames, fields),
        ),
        "accept_other_names",
        "act_proposed",
    )


async def show_code(request: web.Request, form: Form) -> web.Response:
    """Only the answer to the button shows the code, once; opened again this page has none."""
    return await show(request, form)


async def tell_code(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Show the « code de reprise », once, to be read out figure by figure, twice."""
    asked = TellResumptionCode(
        agent_id=require_signed_in(request).account_id,
        number=_number(request),
        call_id=_call_of(fields),
    )
    message = await with_fresh_code(request, fields, asked, "tell-code")
    if isinstance(message, Form):
        return message
    key = idempotency_key(request, "resumption-code", fields)
    try:
        view = await ask(request, message, ResumptionCodeView, key)
    except Refused as refused:
        return _refused(request, fields, refused)
    code = open_sealed(request, ResumptionCodeView, "code", view.code)
    return page(
        request,
        "desk_resumption_code.html",
        number=view.number,
        code=in_groups(code),
        expires_at=view.expires_at,
        page_url=url(request, "desk_call"),
    )


async def _with_code(
    request: web.Request,
    fields: dict[str, str],
    asked: ProposePhoneRemoval | ProposeOtherNames,
    act: str,
    done: str,
) -> web.StreamResponse | Form:
    """A step that bears on access: its fields are checked, then the code of the second factor,
    which is valid once."""
    if not fields["reason"]:
        return _explained(request, fields, {"reason": "missing"})
    if fields["code"]:
        check = CheckLostPhoneAct(
            agent_id=asked.agent_id,
            act=act,
            number=asked.number,
            reason=asked.reason,
            note=_note(request, CheckLostPhoneAct, fields),
        )
        try:
            await ask(request, check, ProposalChecked, act_key(request, f"{act}-check", fields))
        except Refused as refused:
            return _refused(request, fields, refused)
    message = await with_fresh_code(request, fields, asked, "lost-phone")
    if isinstance(message, Form):
        return message
    return await _step_taken(request, fields, message, done=done)


async def _step_taken(
    request: web.Request, fields: dict[str, str], message: Request, *, done: str = ""
) -> web.StreamResponse | Form:
    """`done` is what the page of the request says where nothing is left to do on this one."""
    key = idempotency_key(request, type(message).__name__, fields)
    try:
        await ask(request, message, CallView, key)
    except Refused as refused:
        return _refused(request, fields, refused)
    if done:
        flash(request, done)
        return redirect(request, "request")
    return redirect(request, "desk_call")


def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> Form:
    refusal = refused.refusal
    if refusal.slug == "invalid_fields":
        return _explained(request, fields, {one.field: one.code for one in refusal.errors})
    if texts.refusal_text(refusal, "fr") is None:
        raise _not_here(refused) from refused
    form = Form.again(fields)
    form.explain(
        request[REQUEST_STATE].lang,
        alert=lambda lang: texts.refusal_text(refusal, lang) or "",
    )
    form.alert_field = FIELDS.get(refusal.slug)
    return form


def _explained(request: web.Request, fields: dict[str, str], errors: dict[str, str]) -> Form:
    form = Form.again(fields)

    def explained(lang: str) -> dict[str, list[str]]:
        return {name: [texts.error_text(name, code, lang)] for name, code in errors.items()}

    form.explain(request[REQUEST_STATE].lang, errors=explained)
    return form


def _not_here(refused: Refused) -> HttpError:
    """404 for a request that one may not know, 403 for what the role does not allow."""
    if refused.refusal.slug == "not_found":
        return HttpError(404, reason="not_found", texts=NOT_FOUND)
    return HttpError(403, event="authz_fail", reason=refused.refusal.slug, texts=FORBIDDEN)


def _note(
    request: web.Request,
    kind: type[CheckLostPhoneAct | ProposePhoneRemoval | ProposeOtherNames],
    fields: dict[str, str],
) -> Any:
    return seal(request, kind, "note", fields["note"]) if fields["note"] else None


def _number(request: web.Request) -> str:
    """The request's number in the path, in whatever case."""
    number = read_number(path_values(request)["number"])
    if number is None:
        raise HttpError(404, reason="no number", texts=NOT_FOUND)
    return number


def _call_of(fields: dict[str, str]) -> str:
    if not UUID.fullmatch(fields["call"]):
        raise HttpError(400, event="input_validation_fail", reason="no call")
    return fields["call"]


def _step(view: CallView) -> str:
    """Which fieldset is open: `number`, `word`, `next`, `code`, `names`, or none."""
    if view.call_id:
        if not view.matched:
            return "word"
        return "next" if view.purpose == "check" else "code"
    if view.state == "to_check" and not view.proposal_id:
        return "names"
    return "number" if not view.may_call else ""


def _line(request: web.Request, view: CallView) -> CallLine | None:
    if view.line is None:
        return None
    return msgspec.json.decode(open_sealed(request, CallView, "line", view.line), type=CallLine)


def _word(request: web.Request, view: CallView) -> dict[str, str] | None:
    if view.word is None:
        return None
    text = open_sealed(request, CallView, "word", view.word)
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])["agent"]
