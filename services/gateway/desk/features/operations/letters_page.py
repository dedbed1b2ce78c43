"""Dead letters: by fault, one with its redacted fields, and the acts on one or on all of a fault.

Nothing here reveals what a letter says about people: that is for the command line.
"""

import re
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.gateway.desk.features.operations import page_updates
from services.gateway.desk.features.operations.letter_words import (
    DEAD,
    EMPTY,
    PLACES,
    iso_text,
    short_type,
    trial_words,
    value_text,
)
from services.gateway.desk.support import (
    act,
    agent_of,
    ask_support,
    refused_act,
    require_role,
    with_fresh_code,
)
from services.gateway.http.errors import ErrorText, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Reply, Request
from shared.contracts.operations import LetterView
from shared.contracts.support.operations import (
    LetterActView,
    ListDeadLetters,
    OperatorLettersView,
    OperatorLetterView,
    OperatorTrialView,
    OrderLetterAct,
    ShowDeadLetter,
    TryDeadLetter,
)
from shared.domain.typed_text import printable_line
from shared.i18n.catalogue import N_, translate
from shared.messaging.errors import ServiceUnavailable
from shared.messaging.failures import failure_text
from shared.messaging.handlers import Refused

R = TypeVar("R", bound=Reply)

#: What stands in the path of a letter that belongs to no service.
NO_SERVICE = "-"
CODE = re.compile(r"[0-9a-f]{16}")
GONE = ErrorText(
    N_("Cette lettre n'est plus là"),
    N_("Elle a été rejouée ou écartée entre-temps, ou n'a jamais été là. Rien n'a changé."),
)
BUSY = ErrorText(
    N_("Lettres en cours de lecture"),
    N_("Un acte ou une autre lecture tient ces lettres. Réessayez dans un instant."),
)
#: The refusals that say so on a page of their own.
REFUSALS = {"gone": (404, GONE), "busy": (503, BUSY)}


@dataclass(frozen=True, kw_only=True)
class LetterAct:
    """One act on letters: its word in the address, what it asks for, what it is called."""

    word: str
    act: str
    one: str
    all: str
    effect: str
    effect_of_all: str = ""
    flash: str = ""


ACTS = {
    one.word: one
    for one in (
        LetterAct(
            word="essayer",
            act="try",
            one=N_("Essayer sans effet"),
            all=N_("Essayer sans effet"),
            effect=N_(
                "Le service traite la lettre, défait tout et dit ce qui serait arrivé. La lettre "
                "reste où elle est."
            ),
        ),
        LetterAct(
            word="rejouer",
            act="replay",
            one=N_("Rejouer cette lettre"),
            all=N_("Rejouer toutes ces lettres"),
            effect=N_(
                "Elle repart vers son service comme un premier essai. Ce qui est déjà traité n'a "
                "pas de second effet."
            ),
            effect_of_all=N_(
                "Elles repartent vers leur service comme un premier essai. Ce qui est déjà traité "
                "n'a pas de second effet."
            ),
            flash="letters_replayed",
        ),
        LetterAct(
            word="ecarter",
            act="discard",
            one=N_("Écarter cette lettre"),
            all=N_("Écarter toutes ces lettres"),
            effect=N_(
                "Elle n'aura jamais d'effet. Elle reste sous « Écartées » pendant 30 jours, puis "
                "elle est supprimée."
            ),
            effect_of_all=N_(
                "Elles n'auront jamais d'effet. Elles restent sous « Écartées » pendant 30 jours, "
                "puis elles sont supprimées."
            ),
            flash="letters_discarded",
        ),
    )
}


def keep_query(query: str) -> str:
    """Where one looks and at which letter, which stay in another language."""
    return urlencode(_known(query))


def letter_query(fields: dict[str, str]) -> dict[str, str]:
    """The letter of a form that is shown again."""
    return {"lettre": fields["letter"]} if CODE.fullmatch(fields.get("letter", "")) else {}


def _known(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query))
    found = {"ou": given["ou"]} if given.get("ou") in PLACES else {}
    return found | ({"lettre": given["lettre"]} if CODE.fullmatch(given.get("lettre", "")) else {})


async def show_letters(request: web.Request) -> web.Response:
    """The letters of a place, by fault, and what is being done with them."""
    word = _known(request.query_string).get("ou", DEAD)
    lang = request[REQUEST_STATE].lang
    shown = await _letters(request, word)
    return page(
        request,
        "operations_letters.html",
        **shown,
        total=_total(shown),
        places=[(key, translate(label, lang)) for key, (_, label) in PLACES.items()],
        switch_url=_here(request),
    )


async def letters_state(request: web.Request) -> web.Response:
    """The part of that page that changes, as data."""
    return web.json_response(await _current(request))


async def follow_letters(request: web.Request) -> web.StreamResponse:
    """The same as server-sent events, until the session ends."""
    return await page_updates.follow(request, "part", _current)


async def _current(request: web.Request) -> page_updates.Document:
    shown = await _letters(request, _known(request.query_string).get("ou", DEAD))
    document = page_updates.part(request, "parts/operations_letters.html", shown["read_at"], shown)
    return {**document, "dead": _total(shown)} if shown["place"] == "dead" else document


def _total(shown: dict[str, Any]) -> int:
    return sum(one["count"] for one in shown["groups"])


async def _letters(request: web.Request, word: str) -> dict[str, Any]:
    place, _ = PLACES[word]
    lang, now = request[REQUEST_STATE].lang, request.app[CLOCK]()
    message = ListDeadLetters(agent_id=agent_of(request).account_id, place=place)
    view = await _ask(request, message, OperatorLettersView)
    found = view.letters
    groups = [
        {
            "fault": one.fault,
            "service": one.service,
            "service_part": one.service or NO_SERVICE,
            "why": failure_text(one.error_type, one.error),
            "type": short_type(one.types[0]) if one.types else "-",
            "more": len(one.types) - 1,
            "count": one.count,
            "first": iso_text(one.first, now, lang),
            "last": iso_text(one.last, now, lang),
            "published_by": one.published_by,
            "verified": one.verified,
        }
        for one in (found.groups if found else ())
    ]
    return {
        "away": found is None,
        "groups": groups,
        "read_at": found.read_at if found else None,
        "cut": found.cut if found else False,
        "acts": [
            {
                "what": translate(_label(one.act, one=bool(one.code)), lang),
                "service": one.service,
                "which": one.code or one.fault,
                "who": view.names.get(one.agent_id, "-"),
                "at": one.ordered_at,
                "done": one.done,
                "ended": one.ended_at is not None,
                "failure": one.failure,
                "reason": one.reason,
            }
            for one in (found.acts if found else ())
        ],
        "place": place,
        "word": word,
        "empty": translate(EMPTY[place], lang),
    }


async def show_letter(request: web.Request) -> web.Response:
    """One letter: the oldest of the fault, or the one in the query."""
    query = _known(request.query_string)
    word = query.get("ou", DEAD)
    view = await _letter(request, word, query.get("lettre", ""))
    if view.letter is None:
        raise ServiceUnavailable("operations does not answer", "operations")
    return page(
        request,
        "operations_letter.html",
        **_shown(request, view.letter, view.names),
        word=word,
        acts_offered=_offered(request, view.letter) if word == DEAD else [],
        switch_url=_here(request),
    )


async def show_act(request: web.Request, form: Form) -> web.Response:
    """The form of one act on the letter in the query, or on all of the fault."""
    require_role(request, "operator")
    return await _act_page(request, form, None)


async def _act_page(
    request: web.Request, form: Form, trial: tuple[str, str, tuple[str, ...]] | None
) -> web.Response:
    chosen, code, gone = _act(request), _code_of(request, form), False
    try:
        letter = (await _letter(request, DEAD, code)).letter
    except HttpError as error:
        if not form.alert and trial is None:
            raise
        letter, gone = None, error.status == 404  # the alert says what became of it
    if letter is None and not form.alert and trial is None:
        raise ServiceUnavailable("operations does not answer", "operations")
    lang = request[REQUEST_STATE].lang
    one = bool(code) or chosen.act == "try"
    return page(
        request,
        "operations_letter_act.html",
        form=form,
        letter=letter,
        gone=gone,
        why=failure_text(letter.error_type, letter.error) if letter else "",
        code=code or (letter.code if letter and chosen.act == "try" else ""),
        label=translate(chosen.one if one else chosen.all, lang),
        effect=translate(chosen.effect if one else chosen.effect_of_all, lang),
        word=chosen.word,
        discards=chosen.act == "discard",
        needs_code=not one,
        trial=trial,
        owner=request.match_info["service"],
        fault=request.match_info["fault"],
        switch_url=_here(request),
    )


async def submit_act(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Try a letter and say what happened, or order a replay or a discard."""
    chosen = _act(request)
    code = fields["letter"] if CODE.fullmatch(fields["letter"]) else ""
    if chosen.act == "try":
        return await _try(request, fields, code)
    reason = printable_line(fields["note"])
    if chosen.act == "discard" and not reason:
        return invalid_form(request, fields, "note")
    order = OrderLetterAct(
        agent_id=agent_of(request).account_id,
        act=chosen.act,
        service=request.match_info["service"],
        fault=request.match_info["fault"],
        letter=code,
        reason=reason,
    )
    message = order if code else await with_fresh_code(request, fields, order, chosen.act)
    if isinstance(message, Form):
        return message
    answer = await act(request, fields, message, LetterActView, f"{chosen.act} {request.path}")
    if isinstance(answer, Form):
        return answer
    return redirect_with_flash(request, "dead_letters", chosen.flash)


async def _try(request: web.Request, fields: dict[str, str], code: str) -> web.Response | Form:
    message = TryDeadLetter(
        agent_id=agent_of(request).account_id,
        service=request.match_info["service"],
        letter=code,
    )
    try:
        view = await ask_support(request, message, OperatorTrialView)
    except Refused as refused:
        return refused_act(request, fields, refused)
    if view.trial is None:
        raise ServiceUnavailable("operations does not answer", "operations")
    look, text = trial_words(view.trial, request[REQUEST_STATE].lang)
    why = failure_text(view.trial.error_type, view.trial.error) if view.trial.error_type else ""
    frames = (why, *view.trial.frames) if why else view.trial.frames
    form = Form()
    form.values["letter"] = code
    return await _act_page(request, form, (look, text, frames))


async def _letter(request: web.Request, word: str, code: str) -> OperatorLetterView:
    service = request.match_info["service"]
    message = ShowDeadLetter(
        agent_id=agent_of(request).account_id,
        place=PLACES[word][0],
        service="" if service == NO_SERVICE else service,
        fault=request.match_info["fault"],
        letter=code,
    )
    return await _ask(request, message, OperatorLetterView)


async def _ask(request: web.Request, message: Request, reply: type[R]) -> R:
    """Ask support; HttpError where the letter is gone, or in other hands."""
    try:
        return await ask_support(request, message, reply)
    except Refused as refused:
        if (found := REFUSALS.get(refused.refusal.slug)) is None:
            raise
        status, texts = found
        wait = 5 if status == 503 else None
        raise HttpError(
            status, reason=refused.refusal.slug, retry_after=wait, texts=texts
        ) from refused


def _shown(request: web.Request, letter: LetterView, names: dict[str, str]) -> dict[str, Any]:
    lang, now = request[REQUEST_STATE].lang, request.app[CLOCK]()
    return {
        "letter": letter,
        "why": failure_text(letter.error_type, letter.error),
        "fields": [(one.name, value_text(one.value, lang)) for one in letter.fields],
        "said_at": iso_text(letter.said_at, now, lang),
        "first_failed_at": iso_text(letter.first_failed_at, now, lang),
        "failed_at": iso_text(letter.failed_at, now, lang),
        "replayed_at": iso_text(letter.replayed_at, now, lang),
        "replayed_by": names.get(letter.replayed_by, letter.replayed_by),
        "discarded_at": iso_text(letter.discarded_at, now, lang),
        "discarded_by": names.get(letter.discarded_by, letter.discarded_by),
        "service_part": letter.service or NO_SERVICE,
    }


def _offered(request: web.Request, letter: LetterView) -> list[tuple[str, str]]:
    """The acts on this letter and on all of its fault, as addresses and labels. A forged letter can
    only be discarded."""
    lang, offered = request[REQUEST_STATE].lang, []
    for one in ACTS.values():
        if one.act != "discard" and not letter.verified:
            continue
        given = {"service": letter.service, "fault": letter.fault, "act": one.word}
        address = url(request, "letter_act", **given, lettre=letter.code)
        offered.append((address, translate(one.one, lang)))
        if one.act != "try" and letter.count > 1:
            offered.append((url(request, "letter_act", **given), translate(one.all, lang)))
    return offered


def _act(request: web.Request) -> LetterAct:
    found = ACTS.get(request.match_info["act"])
    if found is None:
        raise HttpError(404, reason="no such act")
    return found


def _code_of(request: web.Request, form: Form) -> str:
    given = form.values.get("letter") or request.query.get("lettre", "")
    return given if CODE.fullmatch(given) else ""


def _label(name: str, *, one: bool) -> str:
    found = next(found for found in ACTS.values() if found.act == name)
    return found.one if one else found.all


def _here(request: web.Request) -> str:
    query = _known(request.query_string)
    return f"{request.path}?{urlencode(query)}" if query else request.path
