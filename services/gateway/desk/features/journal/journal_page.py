"""The desk's page of the journal: one month at most, newest first; by agent for auditors only."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.gateway.desk.act_texts import ACTS
from services.gateway.desk.features.journal.verification_texts import first_finding_text
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.desk.texts import field_text
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.journal_texts import describe
from services.gateway.portal.mail_names import MAILS
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import FieldError
from shared.contracts.support.journal import FILTERS, MAX_DAYS, JournalView, ReadJournal
from shared.domain.typed_days import read_day
from shared.domain.typed_text import clean_edges
from shared.i18n.catalogue import N_
from shared.i18n.dates import PARIS
from shared.messaging.handlers import Refused

#: What a list is restricted to, in the words of the page.
SHOWN: Mapping[str, str] = {
    "agents": N_("Agents"),
    "security": N_("Sécurité"),
    "mails": N_("Messages"),
    "": N_("Tout"),
}
#: The parameters of the page, by the field of the request.
PARAMETERS = {
    "du": "first_day",
    "au": "last_day",
    "voir": "show",
    "compte": "account_id",
    "agent": "by_agent",
    "apres": "after",
}
#: The longest parameter of ours, a cursor.
MAX_PARAMETER = 100
#: What is wrong where support refuses a field: the parameter, and its error.
WRONG = {
    "last_day": ("au", FieldError(field="last_day", code="before_first")),
    "first_day": ("au", FieldError(field="last_day", code="too_long", params={"max": MAX_DAYS})),
    "account_id": ("compte", FieldError(field="account_id", code="format")),
    "by_agent": ("agent", FieldError(field="account_id", code="format")),
}
#: Acts and mails in words, by their slugs.
WORDS = {**ACTS, **MAILS}
#: Who may ask by agent; support decides.
AUDITOR = "auditor"


async def show(request: web.Request) -> web.Response:
    """Entries of the days asked for, and what the last verification found."""
    agent, lang = agent_of(request), request[REQUEST_STATE].lang
    today = request.app[CLOCK]().astimezone(PARIS).date()
    given = {name: request.query.get(name, "")[:MAX_PARAMETER] for name in PARAMETERS}
    asked, errors = parse_query(given, agent.account_id, today), wrong_days(given)
    view = None
    if not errors:
        try:
            view = await ask_support(request, asked, JournalView)
        except Refused as refused:
            errors = _wrong_choice(refused)
    values = given if errors else given | {"du": str(asked.first_day), "au": str(asked.last_day)}
    form = Form(values=values, status=400 if errors else 200)
    form.explain(lang, errors=lambda language: _messages(errors, language))
    return page(
        request,
        "journal.html",
        status=form.status,
        form=form,
        is_set=any(given[name] for name in ("du", "au", "compte", "agent"))
        or asked.show != "agents",
        shown=SHOWN,
        show=asked.show,
        by_agent=agent.role == AUDITOR,
        max_days=MAX_DAYS,
        rows=[(entry, describe(entry, {}, lang, WORDS)) for entry in view.entries] if view else [],
        next_url=_next_url(request, given, view.after) if view else "",
        verification=view.verification if view else None,
        first_finding=first_finding_text(view.verification, lang)
        if view and view.verification
        else "",
        was_asked=view is not None,
    )


def keep_query(query: str) -> str | None:
    """The query that the language switch keeps: parameters of ours, not too long."""
    found = {
        name: value
        for name, value in parse_qsl(query, max_num_fields=20)
        if name in PARAMETERS and len(value) <= MAX_PARAMETER
    }
    return urlencode(found)


def wrong_days(given: Mapping[str, str]) -> dict[str, FieldError]:
    """The parameters that are to be days and are none."""
    return {
        name: FieldError(field=PARAMETERS[name], code="format")
        for name in ("du", "au")
        if given[name].strip() and read_day(given[name]) is None
    }


def parse_query(given: Mapping[str, str], agent_id: str, today: date) -> ReadJournal:
    """What the parameters ask: the last month of what agents did, where nothing else is."""
    last = read_day(given["au"]) or today
    first = read_day(given["du"]) or last - timedelta(days=MAX_DAYS - 1)
    show = given["voir"] if given["voir"] in FILTERS and given["voir"] else "agents"
    return ReadJournal(
        agent_id=agent_id,
        first_day=first,
        last_day=last,
        show="" if given["voir"] == "tout" else show,
        account_id=clean_edges(given["compte"]),
        by_agent=clean_edges(given["agent"]),
        after=given["apres"],
    )


def _wrong_choice(refused: Refused) -> dict[str, FieldError]:
    """What support finds wrong, by parameter. Raises HttpError for what nobody types."""
    field = str(refused.refusal.params.get("field"))
    if refused.refusal.slug != "unknown_choice":
        raise refused
    if field not in WRONG:
        raise HttpError(400, event="input_validation_fail", reason="unknown choice") from refused
    parameter, error = WRONG[field]
    return {parameter: error}


def _messages(errors: Mapping[str, FieldError], lang: str) -> dict[str, list[str]]:
    return {name: [field_text(error, lang)] for name, error in errors.items()}


def _next_url(request: web.Request, given: Mapping[str, str], after: str | None) -> str:
    if after is None:
        return ""
    kept = {name: value for name, value in given.items() if value}
    return url(request, "journal", **{**kept, "apres": after})
