"""One request: what was asked, its thread, what one may do next.

Whoever comes second is told what the first did, and loses nothing: the answer is the form with its
text and the new version. Texts of people are shown as they are, in quotation, and never linked.
"""

import json
from functools import partial

from aiohttp import web

from services.gateway.clients.services import ask, open_sealed, seal
from services.gateway.desk.features.requests.request_words import CLOSING, detail, word
from services.gateway.desk.name_comparison import compared_names
from services.gateway.desk.support import act, agent_of, ask_support
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import path_values
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Request
from shared.contracts.support.people_requests import (
    AnswerRequest,
    DescribeRequest,
    DeskEntry,
    ListReadyAnswers,
    ReadyAnswersView,
    ReleaseRequest,
    RequestChanged,
    RequestView,
    TakeRequest,
)
from shared.i18n.catalogue import N_, translate
from shared.messaging.handlers import Refused

#: What the field `after` says besides a reason to close: the person is to reply.
ASKS = "ask"
AFTER = {"": N_("Laisser ouverte"), ASKS: N_("Attendre la réponse de la personne"), **CLOSING}


async def show(request: web.Request, form: Form) -> web.Response:
    """The request, and what one may do with it."""
    lang, agent = request[REQUEST_STATE].lang, agent_of(request)
    number = path_values(request)["number"]
    message = DescribeRequest(agent_id=agent.account_id, number=number)
    view = await ask_support(request, message, RequestView)
    details = json.loads(open_sealed(request, RequestView, "details", view.details))
    thread = [
        (entry, open_sealed(request, DeskEntry, "text", entry.text) if entry.text else "")
        for entry in view.thread
    ]
    is_mine = view.row.agent_id == agent.account_id
    return page(
        request,
        "request.html",
        form=form,
        view=view,
        row=view.row,
        number=view.row.number,
        names=compared_names(open_sealed(request, RequestView, "names", view.names), lang)
        if view.names
        else [],
        details=[(name, detail(name, value, lang)) for name, value in details.items() if value],
        thread=thread,
        # Each change is one more version, and one more entry.
        changes=thread[_version(form.values) :] if form.status == 409 else [],
        is_mine=is_mine,
        may_answer="answer" in view.actions and (is_mine or bool(form.values.get("text"))),
        ready=[(one, title) for one, title, _ in await _ready(request, view.language)]
        if "answer" in view.actions
        else [],
        after=_after(view, lang),
        word=partial(word, lang=lang),
    )


def _after(view: RequestView, lang: str) -> list[tuple[str, str]]:
    """What may follow an answer; nothing closes a request that must stay open."""
    closes = "finish" in view.actions or "refuse" in view.actions
    return [
        (code, translate(text, lang))
        for code, text in AFTER.items()
        if closes or code not in CLOSING
    ]


async def take(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Work on it from now on."""
    return await _change(request, fields, _taken(request, fields), "take", "request_taken")


async def release(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Give it back."""
    message = ReleaseRequest(
        agent_id=agent_of(request).account_id,
        number=path_values(request)["number"],
        version=_version(fields),
    )
    return await _change(request, fields, message, "release", "request_released")


async def answer(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Write to the person; close where a reason is chosen.

    Two buttons of the same form send nothing: one puts a ready-made answer in front of what is
    typed, the other takes the request of somebody else and keeps the text.
    """
    if fields["insert"]:
        return await _with_ready_answer(request, fields)
    if fields["take"]:
        taken = await act(request, fields, _taken(request, fields), RequestChanged, "take")
        return taken if isinstance(taken, Form) else Form.again(fields)
    if fields["after"] not in AFTER:
        return invalid_form(request, fields, "after")
    message = AnswerRequest(
        agent_id=agent_of(request).account_id,
        number=path_values(request)["number"],
        version=_version(fields),
        text=seal(request, AnswerRequest, "text", fields["text"]),
        asks=fields["after"] == ASKS,
        close=fields["after"] if fields["after"] in CLOSING else "",
    )
    done = "request_closed" if message.close else "answer_sent"
    return await _change(request, fields, message, "answer", done)


async def _change(
    request: web.Request, fields: dict[str, str], message: Request, purpose: str, done: str
) -> web.Response | Form:
    changed = await act(request, fields, message, RequestChanged, purpose)
    if isinstance(changed, Form):
        return changed
    return redirect_with_flash(request, "request", done)


def _taken(request: web.Request, fields: dict[str, str]) -> TakeRequest:
    return TakeRequest(
        agent_id=agent_of(request).account_id,
        number=path_values(request)["number"],
        version=_version(fields),
    )


async def _with_ready_answer(request: web.Request, fields: dict[str, str]) -> Form:
    message = DescribeRequest(
        agent_id=agent_of(request).account_id, number=path_values(request)["number"]
    )
    view = await ask_support(request, message, RequestView)
    found = [
        text
        for name, _, text in await _ready(request, view.language)
        if name == fields["ready_answer"]
    ]
    text = "\n\n".join(filter(None, (*found, fields["text"])))
    return Form.again({**fields, "text": text})


async def _ready(request: web.Request, language: str) -> list[tuple[str, str, str]]:
    """(name, title for the agent, text in the language of the person) of the ready-made answers;
    none for those who write no answers."""
    try:
        message = ListReadyAnswers(agent_id=agent_of(request).account_id)
        found = await ask(request, message, ReadyAnswersView)
    except Refused:
        return []
    lang, sender = language or "fr", request.app[RENDERER].brand.sender
    return [
        (
            one.name,
            getattr(one, f"title_{request[REQUEST_STATE].lang}"),
            getattr(one, f"text_{lang}")
            .replace("{expéditeur}", sender)
            .replace("{sender}", sender),
        )
        for one in found.answers
    ]


def _version(fields: dict[str, str]) -> int:
    text = fields.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
