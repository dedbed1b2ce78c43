"""The queue: what is late first, then what was promised, then the oldest."""

import re
from functools import partial
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.gateway.desk.features.requests.request_words import (
    ACTING_ROLES,
    DESK_STATES,
    SORTS,
    word,
)
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal.request_texts import KINDS
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.people_requests import ListRequests, RequestQueueView

#: Names in the query, and what each may be.
QUERY = {
    "a": re.compile("mine|to_take|all"),
    "type": re.compile("|".join(KINDS)),
    "etat": re.compile("|".join(DESK_STATES)),
    "retard": re.compile("1"),
    "tri": re.compile("|".join(SORTS)),
    "page": re.compile("[1-9][0-9]{0,4}"),
}
PAGE_SIZE = 25


def keep_query(query: str) -> str:
    """The filters, which stay in another language; anything else is left out."""
    return urlencode(_known(query))


async def show(request: web.Request) -> web.Response:
    """One page of the queue."""
    agent, lang = agent_of(request), request[REQUEST_STATE].lang
    query = _known(request.query_string)
    message = ListRequests(
        agent_id=agent.account_id,
        whose=query.get("a", "all"),
        kind=query.get("type", ""),
        state=query.get("etat", ""),
        late="retard" in query,
        sort=query.get("tri", "due"),
        page=int(query.get("page", "1")),
    )
    view = await ask_support(request, message, RequestQueueView)
    return page(
        request,
        "requests.html",
        view=view,
        wanted=message,
        query=query,
        pages=-(-view.total // PAGE_SIZE),
        may_act=agent.role in ACTING_ROLES,
        kinds=[(code, word("KINDS", code, lang)) for code in KINDS],
        states=[(code, word("STATES", code, lang)) for code in DESK_STATES],
        sorts=[(code, word("SORTS", code, lang)) for code in SORTS],
        word=partial(word, lang=lang),
        now=request.app[CLOCK](),
        switch_url=f"{request.path}?{urlencode(query)}" if query else request.path,
    )


def _known(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query))
    return {
        name: given[name] for name, rule in QUERY.items() if rule.fullmatch(given.get(name, ""))
    }
