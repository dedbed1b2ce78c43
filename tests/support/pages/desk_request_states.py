"""The desk's pages of requests in their states."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from services.gateway.desk.features.requests.new_request import BY_AGENTS, LANGUAGES
from services.gateway.desk.features.requests.request_pages import AFTER
from services.gateway.desk.features.requests.request_words import DESK_STATES, SORTS, word
from services.gateway.portal.request_texts import KINDS
from shared.contracts.base import Sealed
from shared.contracts.support.people_requests import (
    AgentPresence,
    DeskEntry,
    ListRequests,
    ReadyAnswer,
    RequestQueueView,
    RequestRow,
    RequestView,
)
from shared.i18n.catalogue import translate
from tests.support.pages.desk_name_states import both_names
from tests.support.pages.page_basis import NOW, State, form

ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
READY = ReadyAnswer(
    name="call",
    title_fr="Appel à venir",
    title_en="Call to come",
    text_fr="Nous vous appellerons le {date}.",
    text_en="We will call you on {date}.",
    version=1,
)
TYPED = "Bonjour, depuis quand la rue a-t-elle changé de nom ?"
FOREIGN = ["Retirez ces adresses, qui ne sont pas du portail : www.autre.fr"]


def _row(number: str, kind: str, **more: Any) -> RequestRow:
    known = {
        "about": "",
        "state": "received",
        "channel": "portal",
        "received_at": NOW - timedelta(days=3),
        "answer_by": "2026-11-25",
        "late_days": 0,
        **more,
    }
    return RequestRow(number=number, kind=kind, **known)


ROWS = (
    _row("TEL-K7QMR-2RXCV", "lost_phone", about="stolen", stolen=True, late_days=2),
    _row("COR-A44X2-YZ7EW", "correction", about="establishment", account_id=ACCOUNT, linked=1),
    _row("DEP-B5QMR-2RXCV", "departure", about="colleague", agent_name="Luc Bernard-Delacroix"),
    _row("BOI-C6QMR-2RXCV", "mailbox", state="waiting", agent_name="Zoé Martin"),
    _row("MSG-D7QMR-2RXCV", "message", state="planned", channel="call"),
)


def _queue(
    lang: str, *, rows: tuple[RequestRow, ...] = ROWS, total: int = 5, **wanted: Any
) -> dict[str, Any]:
    late = sum(row.late_days > 0 for row in rows)
    return {
        "view": RequestQueueView(
            rows=rows, total=total, open_count=total, late_count=late, page=wanted.get("page", 1)
        ),
        "wanted": ListRequests(agent_id="a", **wanted),
        "query": {"a": "all"},
        "pages": -(-total // 25),
        "may_act": True,
        "kinds": [(code, word("KINDS", code, lang)) for code in KINDS],
        "states": [(code, word("STATES", code, lang)) for code in DESK_STATES],
        "sorts": [(code, word("SORTS", code, lang)) for code in SORTS],
        "word": partial(word, lang=lang),
        "now": NOW,
    }


def _entry(action: str, author: str, **more: Any) -> DeskEntry:
    return DeskEntry(action=action, author=author, at=NOW - timedelta(hours=1), **more)


THREAD = (
    (_entry("receive", "person"), ""),
    (_entry("take", "agent", agent_name="Zoé Martin"), ""),
    (_entry("ask", "agent", agent_name="Zoé Martin"), "Quel est le nouveau nom de la rue ?"),
    (_entry("reply", "person"), "Rue des Lilas.\nVoir https://piege.example/lilas"),
)


def _request(
    lang: str,
    *,
    actions: tuple[str, ...] = ("take", "release", "answer", "ask", "finish", "refuse"),
    mine: bool = True,
    shown: SimpleNamespace | None = None,
    changes: int = 0,
    **more: Any,
) -> dict[str, Any]:
    shown, names = shown or form(), more.pop("names", [])
    state = more.pop("state", "in_progress")
    row = _row(
        "COR-A44X2-YZ7EW",
        more.pop("kind", "correction"),
        about="establishment",
        state=state,
        late_days=1,
        account_id=more.pop("account_id", ACCOUNT),
        agent_name="Zoé Martin" if mine else "",
    )
    view = RequestView(
        row=row,
        version=4,
        details=Sealed(recipient="desk", key_id="k", box=""),
        language="fr",
        actions=actions,
        thread=(),
        **more,
    )
    asked = "La rue a changé de nom :\nrue des Tilleuls. Voir http://piege.example"
    return {
        "form": shown,
        "view": view,
        "row": row,
        "details": [("text", asked), ("name", "Léa Petit")],
        "thread": THREAD,
        "changes": THREAD[len(THREAD) - changes :],
        "names": names,
        "number": row.number,
        "is_mine": mine,
        "may_answer": "answer" in actions and (mine or bool(shown.values.get("text"))),
        "ready": [("call", "Appel à venir"), ("more", "Il manque quelque chose")],
        "after": [(code, translate(text, lang)) for code, text in AFTER.items()],
        "word": partial(word, lang=lang),
    }


def desk_request_states(agent: Callable[[str], Any]) -> tuple[State, ...]:
    """The states; `agent(role)` is the signed-in agent."""
    kept = form({"text": TYPED}, alert="Cela a changé entre-temps.")
    here = (AgentPresence(name="Luc Bernard-Delacroix", since=NOW),)
    states: dict[str, tuple[str, str, dict[str, Any]]] = {
        "requests": ("requests.html", "agent", {}),
        "requests-pages": (
            "requests.html",
            "agent",
            {"total": 60, "page": 2, "kind": "correction", "late": True},
        ),
        "requests-empty": (
            "requests.html",
            "agent",
            {"rows": (), "total": 0, "whose": "to_take"},
        ),
        "requests-mine-empty": ("requests.html", "agent", {"rows": (), "whose": "mine"}),
        "request": ("request.html", "agent", {"linked": ("COR-B5QMR-2RXCV",)}),
        "request-to-take": (
            "request.html",
            "agent",
            {"mine": False, "state": "received", "actions": ("take",), "here": here},
        ),
        "request-lost_phone": ("request.html", "agent", {"kind": "lost_phone"}),
        "request-other-names": (
            "request.html",
            "agent",
            {"kind": "lost_phone", "names": both_names()},
        ),
        "request-no-account": ("request.html", "agent", {"account_id": ""}),
        "request-wrong-refused": (
            "request.html",
            "agent",
            {"shown": form({"text": f"{TYPED} www.autre.fr"}, {"text": FOREIGN})},
        ),
        "request-stale-refused": ("request.html", "agent", {"shown": kept, "changes": 2}),
        "request-taken-refused": (
            "request.html",
            "agent",
            {"shown": kept, "changes": 1, "mine": False},
        ),
        "request-closed-refused": (
            "request.html",
            "agent",
            {"shown": kept, "changes": 1, "mine": False, "actions": (), "state": "cancelled"},
        ),
        "request-closed": (
            "request.html",
            "auditor",
            {
                "mine": False,
                "actions": (),
                "state": "done",
                "reason": "done_as_asked",
                "reply_until": "2026-12-23",
            },
        ),
    }
    shown = [
        _state(name, template, agent(role), more) for name, (template, role, more) in states.items()
    ]
    wrong = form(
        {"account_id": "12", "text": TYPED},
        {"kind": ["Choisissez un type."], "account_id": ["Cet identifiant n'est pas complet."]},
    )
    twice = form(
        {"title_fr": "Appel", "text_fr": TYPED, "title_en": "Call", "text_en": "When?"},
        alert="Cela a changé entre-temps.",
    )
    edited = {"title_fr": READY.title_fr, "text_fr": READY.text_fr}
    return (
        *shown,
        _state("ready_answers", "ready_answers.html", agent("supervisor"), {}),
        _state("ready_answer", "ready_answer.html", agent("supervisor"), {"shown": form(edited)}),
        _state("ready_answer-refused", "ready_answer.html", agent("supervisor"), {"shown": twice}),
        _state("new_request", "new_request.html", agent("agent"), {}),
        _state("new_request-refused", "new_request.html", agent("agent"), {"shown": wrong}),
    )


def _new_request(lang: str, shown: SimpleNamespace | None = None) -> dict[str, Any]:
    return {
        "form": shown or form(),
        "kinds": [(code, word("KINDS", code, lang)) for code in KINDS],
        "channels": [(code, word("CHANNELS", code, lang)) for code in BY_AGENTS],
        "languages": LANGUAGES,
        "back_url": "/assistance/demandes",
    }


def _ready_answers(lang: str) -> dict[str, Any]:
    return {"answers": (READY,), "may_edit": True}


def _ready_answer(lang: str, shown: SimpleNamespace) -> dict[str, Any]:
    return {"form": shown, "one": READY}


MADE: dict[str, Callable[..., dict[str, Any]]] = {
    "requests.html": _queue,
    "request.html": _request,
    "new_request.html": _new_request,
    "ready_answers.html": _ready_answers,
    "ready_answer.html": _ready_answer,
}


def _state(name: str, template: str, signed_in: Any, more: dict[str, Any]) -> State:
    made = MADE[template]
    return State(
        f"desk-{name}",
        template,
        {},
        me=signed_in,
        localized=lambda lang: made(lang, **more),
    )
