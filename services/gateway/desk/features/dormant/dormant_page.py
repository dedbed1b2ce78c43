"""Accounts that nobody signs in to: warned, spared, deactivated (G-36). Masked lines, which lead to
the account's page and its reasons."""

import re
from urllib.parse import parse_qsl, urlencode

import msgspec
from aiohttp import web

from services.gateway.clients.services import open_sealed
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.rendering import page
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.dormant import OUTCOMES, DormantRow, DormantView, ListDormant
from shared.i18n.catalogue import N_, translate

#: Names in the query, and what each may be.
QUERY = {"voir": re.compile("|".join(OUTCOMES)), "page": re.compile("[1-9][0-9]{0,2}")}
LABELS: dict[str, str] = {
    "warned": N_("Avertis"),
    "spared": N_("Épargnés par une connexion"),
    "deactivated": N_("Désactivés"),
    "withdrawn": N_("Fermés entre-temps"),
}
#: What an empty list says, by outcome.
EMPTY: dict[str, str] = {
    "warned": N_("Aucun compte n'est averti."),
    "spared": N_("Aucun compte averti n'a été épargné par une connexion depuis un an."),
    "deactivated": N_("Aucun compte n'a été désactivé faute de connexion depuis un an."),
    "withdrawn": N_("Aucun compte averti n'a été fermé autrement depuis un an."),
}


def keep_query(query: str) -> str:
    """What is listed, which stays in another language."""
    return urlencode(_known(query))


async def show(request: web.Request) -> web.Response:
    """One page of one list."""
    query, lang = _known(request.query_string), request[REQUEST_STATE].lang
    message = ListDormant(
        agent_id=agent_of(request).account_id,
        outcome=query.get("voir", "warned"),
        page=int(query.get("page", "1")),
    )
    view = await ask_support(request, message, DormantView)
    text = open_sealed(request, DormantView, "rows", view.rows)
    return page(
        request,
        "dormant.html",
        view=view,
        rows=msgspec.json.decode(text, type=list[DormantRow]),
        shown=message.outcome,
        lists=[(one, translate(LABELS[one], lang), getattr(view, one)) for one in OUTCOMES],
        empty=translate(EMPTY[message.outcome], lang),
        switch_url=f"{request.path}?{urlencode(query)}" if query else request.path,
    )


def _known(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query))
    return {
        name: given[name] for name, rule in QUERY.items() if rule.fullmatch(given.get(name, ""))
    }
