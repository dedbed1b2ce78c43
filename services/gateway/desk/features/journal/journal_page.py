"""The desk's page of the journal: one month at most, newest first; by agent for auditors only."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.gateway.desk.act_texts import ACTS
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.errors import HttpError
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.journal_texts import describe
from services.gateway.portal.mail_names import MAILS
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.journal import FILTERS, MAX_DAYS, JournalView, ReadJournal
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
#: Acts and mails in words, by their slugs.
WORDS = {**ACTS, **MAILS}
#: Who may ask by agent; support decides.
AUDITOR = "auditor"


async def show(request: web.Request) -> web.Response:
    """Entries of the days asked for, and what the last verification found."""
    agent, lang = agent_of(request), request[REQUEST_STATE].lang
    today = request.app[CLOCK]().astimezone(PARIS).date()
    given = {name: request.query.get(name, "")[:MAX_PARAMETER] for name in PARAMETERS}
    asked = parse_query(given, agent.account_id, today)
    try:
        view = await ask_support(request, asked, JournalView)
    except Refused as refused:
        if refused.refusal.slug != "unknown_choice":
            raise
        raise HttpError(400, event="input_validation_fail", reason="unknown choice") from refused
    return page(
        request,
        "journal.html",
        given=given | {"du": str(asked.first_day), "au": str(asked.last_day)},
        is_set=any(given[name] for name in ("du", "au", "compte", "agent"))
        or asked.show != "agents",
        shown=SHOWN,
        show=asked.show,
        by_agent=agent.role == AUDITOR,
        max_days=MAX_DAYS,
        rows=[(entry, describe(entry, {}, lang, WORDS)) for entry in view.entries],
        next_url=_next_url(request, given, view.after),
        verification=view.verification,
    )


def keep_query(query: str) -> str | None:
    """The query that the language switch keeps: parameters of ours, not too long."""
    found = {
        name: value
        for name, value in parse_qsl(query, max_num_fields=20)
        if name in PARAMETERS and len(value) <= MAX_PARAMETER
    }
    return urlencode(found)


def parse_query(given: Mapping[str, str], agent_id: str, today: date) -> ReadJournal:
    """What the parameters ask: the last month of what agents did, where nothing else is."""
    last = _day(given["au"]) or today
    first = _day(given["du"]) or last - timedelta(days=MAX_DAYS - 1)
    show = given["voir"] if given["voir"] in FILTERS and given["voir"] else "agents"
    return ReadJournal(
        agent_id=agent_id,
        first_day=first,
        last_day=last,
        show="" if given["voir"] == "tout" else show,
        account_id=given["compte"].strip(),
        by_agent=given["agent"].strip(),
        after=given["apres"],
    )


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None


def _next_url(request: web.Request, given: Mapping[str, str], after: str | None) -> str:
    if after is None:
        return ""
    kept = {name: value for name, value in given.items() if value}
    return url(request, "journal", **{**kept, "apres": after})
