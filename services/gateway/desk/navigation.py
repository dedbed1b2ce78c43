"""The navigation of the desk: which entries an agent sees, in which order, and where one begins.

The table names pages; an entry is shown once its feature declares the page, to the roles that may
read it. `support` decides at each request, whatever is shown here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from services.gateway.desk.waiting import WAITING_COUNTS
from services.gateway.http.routes import ROUTES, Routes
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.i18n.catalogue import N_, translate

AGENT, SUPERVISOR, OPERATOR, AUDITOR = "agent", "supervisor", "operator", "auditor"
EVERYBODY = (AGENT, SUPERVISOR, OPERATOR, AUDITOR)


@dataclass(frozen=True)
class Entry:
    """One entry: the name of its page, its label, who sees it. A letter is the shortcut to it."""

    page: str
    label: str
    roles: tuple[str, ...]
    letter: str = ""


#: In this order; the first that an agent sees is where the sign-in leads.
ENTRIES = (
    Entry("requests", N_("Demandes"), (AGENT, SUPERVISOR, AUDITOR), "d"),
    Entry("approvals", N_("À approuver"), (AGENT, SUPERVISOR), "a"),
    Entry("team", N_("Équipe"), (SUPERVISOR, AUDITOR)),
    Entry("journal", N_("Journal"), (SUPERVISOR, AUDITOR)),
    Entry("operations", N_("Exploitation"), (OPERATOR,)),
    Entry("settings", N_("Réglages"), (SUPERVISOR, OPERATOR, AUDITOR)),
)
#: The field in the header that searches, of the page `search`.
SEARCH = Entry("search", N_("Chercher un compte"), (AGENT, SUPERVISOR, AUDITOR), "c")
#: The page of one's own account, which all have.
OWN_ACCOUNT = "account"


def entries_of(routes: Routes, role: str) -> list[Entry]:
    """The entries that a role sees, of pages that exist."""
    return [one for one in ENTRIES if role in one.roles and routes.has(one.page)]


def home_of(routes: Routes, role: str) -> str:
    """The page where a role begins."""
    entries = entries_of(routes, role)
    return entries[0].page if entries else OWN_ACCOUNT


def page_variables(request: web.Request) -> Mapping[str, Any]:
    """What every page of the desk has: the navigation and the search of the signed-in agent."""
    state, routes = request[REQUEST_STATE], request.app[ROUTES]
    session = state.session
    if session is None or not session.full:
        return {"navigation": [], "search_action": ""}
    counts = request.get(WAITING_COUNTS, {})
    shown = [
        {
            "url": routes.url(one.page),
            "label": translate(one.label, state.lang),
            "count": counts.get(one.page),
            "letter": one.letter,
            "is_here": request.path == routes.url(one.page),
            "is_above": request.path.startswith(f"{routes.url(one.page)}/"),
        }
        for one in entries_of(routes, session.role)
    ]
    searches = session.role in SEARCH.roles and routes.has(SEARCH.page)
    return {"navigation": shown, "search_action": routes.url(SEARCH.page) if searches else ""}
