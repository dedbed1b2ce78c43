"""The states of the pages that follow a request to the support desk."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from services.gateway.features.follow_up.lost_phone_case import STOPPABLE
from services.gateway.portal.my_requests import ShownRequest, shown_request
from services.gateway.portal.texts import alert_text
from shared.contracts.support.people_requests import PersonRequestView
from tests.support.pages.page_basis import NOW, State, form, me

NUMBER, TOKEN = "COR-K7QMR-2RXCV", "T" * 43
THREAD = (
    SimpleNamespace(
        author="person", text="La rue a changé de nom :\nrue des Lilas.", written_at=NOW
    ),
    SimpleNamespace(author="desk", text="Depuis quand ? Merci.", written_at=NOW),
)
#: One of each state, as support describes it.
STANDINGS: dict[str, dict[str, Any]] = {
    "received": {"can_cancel": True, "can_reply": True},
    "in_progress": {"can_cancel": True, "can_reply": True, "delayed": True},
    "waiting": {"can_cancel": True, "can_reply": True},
    "in_approval": {"can_cancel": True, "can_reply": True},
    "planned": {"can_cancel": True, "can_reply": True, "planned_on": "2026-12-01"},
    "done": {
        "closed_at": NOW,
        "reason": "done_as_asked",
        "can_reply": True,
        "reply_until": "2026-12-23",
    },
    "refused": {
        "closed_at": NOW,
        "reason": "not_verified",
        "can_reply": True,
        "reply_until": "2026-12-23",
    },
    "cancelled": {"closed_at": NOW, "reason": "by_person"},
    "lapsed": {"closed_at": NOW, "reason": "no_reply"},
}


def requests_in(lang: str, *states: str) -> list[ShownRequest]:
    """Requests in these states, in words of one language."""
    return [
        shown_request(
            PersonRequestView(
                number=NUMBER,
                kind="correction",
                state=state,
                received_at=NOW,
                answer_by="2026-11-30",
                **STANDINGS[state],
            ),
            lang,
        )
        for state in states
    ]


def follow_up_states() -> list[State]:
    """Every one of them."""
    page, wrong = "follow_up.html", {"number": ["Saisissez le numéro de la demande."]}
    many = alert_text(
        "follow_up_too_many_requests", "fr", wait="3 h", time="12:44 (heure de Paris)"
    )
    sent = {"sent": "k1.AAAA"}
    again = alert_text("request_not_there_yet", "fr")
    return [
        State("follow_up", page, {"form": form()}, "/suivi"),
        State("follow_up-errors", page, {"form": form({"number": "COR"}, wrong)}, "/suivi"),
        State("follow_up-many", page, {"form": form({"number": NUMBER}, alert=many)}, "/suivi"),
        State("follow_up-sent", "follow_up_sent.html", {"number": NUMBER}, "/suivi"),
        State(
            "cancel_sent-again",
            "cancel_sent_request.html",
            {"form": form(sent, alert=again)},
            "/suivi/annulation",
        ),
        State("request-cancelled", "request_cancelled.html", {"number": NUMBER}),
        State("request-cancelled-inside", "request_cancelled.html", {"number": NUMBER}, me=me()),
        _listed("my_requests"),
        _listed("my_requests-open", "waiting", "in_progress"),
        _listed("my_requests-both", "received", "done", "lapsed"),
        *(_one(f"my_request-{state}", state) for state in STANDINGS),
        *(
            _one(f"lost_phone-{name}", "in_progress", by_link=True, case=_case(name, **case))
            for name, case in CASES.items()
        ),
        _one("my_request-error", "waiting", form=_empty_reply()),
        _one("followed_request", "waiting", by_link=True),
        *(
            _one(f"followed_request-{state}", None, by_link=True, state=state)
            for state in ("malformed", "gone", "expired")
        ),
        _one("cancel_request", "received", "cancel_request.html"),
        # The phone is unlinked: the request is the way back to the account.
        _one("cancel_request-unlinked", "in_progress", "cancel_request.html", can_cancel=False),
        _one("cancel_request-closed", "done", "cancel_request.html"),
        _one("cancel_request-gone", None, "cancel_request.html", by_link=True, state="gone"),
    ]


WORDS = {
    "agent": {"fr": "girafe", "en": "giraffe"},
    "person": {"fr": "tulipe", "en": "tulip"},
    "until": NOW,
}
CASES: dict[str, dict[str, Any]] = {
    "asked": {},
    "calling": WORDS,
    "matched": WORDS,
    "proposed": {},
    "planned": {"due_at": NOW},
    "waiting": {"due_at": NOW},
    "open": {"open_until": NOW},
    "stopped": {},
    "released": {},
    "code_told": {"code_until": NOW},
    "to_check": {},
    "done": {},
}


def _case(state: str = "", **more: Any) -> SimpleNamespace:
    """A lost phone as the page shows it."""
    known = {
        "state": state,
        "agent": None,
        "person": None,
        "until": None,
        "due_at": None,
        "code_until": None,
        "open_until": None,
        "watched": state,
        "can_stop": state in STOPPABLE,
    }
    return SimpleNamespace(**{**known, **more})


def _empty_reply() -> SimpleNamespace:
    return form({"text": ""}, {"text": ["Écrivez votre réponse."]})


def _listed(name: str, *states: str) -> State:
    def localized(lang: str) -> dict[str, Any]:
        return {"requests": requests_in(lang, *states)}

    return State(name, "my_requests.html", {}, "/compte/demandes", me=me(), localized=localized)


def _one(
    name: str,
    standing: str | None,
    template: str = "my_request.html",
    *,
    by_link: bool = False,
    state: str = "valid",
    can_cancel: bool = True,
    **more: Any,
) -> State:
    def localized(lang: str) -> dict[str, Any]:
        if standing is None:
            return {"one": None}
        shown = requests_in(lang, standing)[0]
        return {"one": replace(shown, can_cancel=shown.can_cancel and can_cancel)}

    path = (
        f"/suivi/demande?jeton={TOKEN}" if by_link else f"/compte/demandes/demande?numero={NUMBER}"
    )
    given = {
        "form": form(),
        "link": SimpleNamespace(state=state, at=NOW if state == "expired" else None),
        "thread": THREAD if standing else (),
        "hidden_field": "token" if by_link else "number",
        "hidden_value": TOKEN if by_link else NUMBER,
        "page_url": path,
        "cancel_url": path.replace("/demande?", "/demande/annulation?"),
        "in_account": not by_link,
        "case": None,
        "call_url": path.replace("/demande?", "/demande/appel?"),
        "stop_url": path.split("?")[0] + "/arret",
    }
    return State(
        name,
        template,
        given | more,
        path,
        me=None if by_link else me(),
        localized=localized,
    )
