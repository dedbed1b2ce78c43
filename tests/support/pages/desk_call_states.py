"""The states of the page of a call."""

from datetime import timedelta
from functools import partial
from typing import Any

from services.gateway.desk.features.call import call_texts as texts
from shared.contracts.support.lost_phones import CallLine, CallView
from tests.support.pages.page_basis import NOW, State, form

NUMBER = "TEL-A44X2-YZ7EW"
LINE = CallLine(number="+33155874090", company_name="Pharmacie des Lilas", city="Lyon", since=NOW)
CALLING = {
    "state": "calling",
    "call_id": "c" * 22,
    "until": NOW + timedelta(minutes=30),
    "tries_left": 3,
}

RELEASED = {**CALLING, "purpose": "code", "state": "released"}


def _call(lang: str, step: str, line: CallLine | None = LINE, **more: Any) -> dict[str, Any]:
    known = {"state": "asked", "purpose": "check", "stolen": False}
    left = {"calls_left": 2, "failures_left": 2, "codes_left": 3}
    view = CallView(number=NUMBER, **{**known, **left, **more})
    return {
        "form": form(),
        "view": view,
        "number": NUMBER,
        "step": step,
        "line": line,
        "why_line": texts.line_text(line.why_not if line else "", lang),
        "word": {"fr": "bateau", "en": "boat"} if view.call_id else None,
        "why": texts.why_no_call(view, lang),
        "state": texts.state_text(view, lang),
        "reasons": texts.reasons(lang),
        "script": texts.SCRIPT,
    }


def call_states(agent: Any) -> tuple[State, ...]:
    """Each step, as `agent` sees it."""
    too_new = CallLine(number="+33155874090", since=NOW, why_not="too_new")
    code = {"code": "1234 5678 9012", "expires_at": NOW, "page_url": "/"}
    calls = {
        "number": partial(_call, step="number"),
        "second": partial(
            _call, step="number", state="released", purpose="code", first_line="file"
        ),
        "second_switchboard": partial(
            _call, step="number", state="released", purpose="code", first_line="switchboard"
        ),
        "second_away": partial(
            _call, step="number", line=None, state="released", purpose="code", first_line="file"
        ),
        "too_new": partial(_call, step="number", line=too_new),
        "word": partial(_call, step="word", **CALLING),
        "next": partial(_call, step="next", matched=True, **CALLING),
        "code": partial(_call, step="code", matched=True, **RELEASED),
        "names": partial(_call, step="names", state="to_check"),
        "none": partial(_call, step="", may_call="calls_today"),
    }
    return (
        *(
            State(f"desk-call-{name}", "desk_call.html", {}, me=agent, localized=made)
            for name, made in calls.items()
        ),
        State("desk-resumption_code", "desk_resumption_code.html", code, me=agent),
    )
