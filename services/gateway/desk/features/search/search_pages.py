"""The search: one field, what it was taken for, a table of masked accounts (B-05).

What was typed is in no URL: the results are saved, sealed, under an opaque address. Support writes
each search to the journal, and gives out nothing that is not masked.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import open_sealed, seal
from services.gateway.desk.account_texts import shown_rows
from services.gateway.desk.navigation import SEARCH
from services.gateway.desk.owner_texts import missing_parts
from services.gateway.desk.proposals import ask_for_more
from services.gateway.desk.support import agent_of, ask_support, require_role
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.http.site import CLOCK
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Refusal
from shared.contracts.support.looks import AccountRow, AccountsFoundView, SearchAccounts
from shared.i18n.catalogue import N_, translate
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token

#: How long results are shown; later the search is made again, and written down again.
RESULT_LIFETIME = timedelta(minutes=15)
#: Why support refuses a search that the agent may make another day.
TOO_MANY = "too_many_searches"
KINDS: dict[str, str] = {
    "request": N_("numéro de demande"),
    "siret": N_("SIRET"),
    "phone": N_("téléphone"),
    "address": N_("adresse"),
    "dossier": N_("numéro de dossier"),
    "name": N_("nom"),
    "establishment": N_("établissement ou ville"),
}
ERRORS: dict[str, str] = {
    "missing": N_("Saisissez une adresse, un nom, un SIRET, un téléphone ou un numéro."),
    "too_short": N_("Saisissez au moins 3 caractères, 4 pour une adresse."),
    "too_long": N_("Saisissez 200 caractères au plus."),
}


async def show(request: web.Request, form: Form) -> web.Response:
    """The field, and below it what was found."""
    require_role(request, *SEARCH.roles)
    lang, result = request[REQUEST_STATE].lang, form.result
    if result is None:
        return _page(request, form)
    at = datetime.fromisoformat(result["at"])
    if request.app[CLOCK]() - at > RESULT_LIFETIME:
        return _page(request, Form(), expired=True)
    searched = Form(values={"search": result["text"]})
    if TOO_MANY in result:
        return _page(request, searched, allowed=result[TOO_MANY])
    return _page(request, searched, found=_shown(result, lang))


def _page(
    request: web.Request,
    form: Form,
    *,
    found: dict[str, Any] | None = None,
    expired: bool = False,
    allowed: int | None = None,
) -> web.Response:
    """The field; `allowed`: that many searches were made today, and no more are allowed."""
    return page(
        request,
        "account_search.html",
        form=form,
        found=found,
        expired=expired,
        allowed=allowed,
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Search; one account, or the number of a request, leads on to its page."""
    found, kind = agent_of(request), SearchAccounts
    message = kind(agent_id=found.account_id, text=seal(request, kind, "text", fields["search"]))
    try:
        # Searched again it is another search, whatever was found a moment ago.
        view = await ask_support(request, message, AccountsFoundView, new_token())
    except Refused as refused:
        if refused.refusal.slug == TOO_MANY:
            return Form.accepted(
                at=request.app[CLOCK]().isoformat(),
                text=fields["search"],
                **{TOO_MANY: refused.refusal.params["allowed"]},
            )
        return _refused(request, fields, refused.refusal)
    if view.request_number:
        raise Redirect("request", number=view.request_number)
    rows: list[AccountRow] = []
    if view.rows is not None:
        text = open_sealed(request, AccountsFoundView, "rows", view.rows)
        rows = msgspec.json.decode(text, type=list[AccountRow])
    if len(rows) == 1 and not view.more and not view.away:
        raise Redirect("desk_account", account_id=rows[0].account_id)
    return Form.accepted(
        at=request.app[CLOCK]().isoformat(),
        text=fields["search"],
        kinds=list(view.kinds),
        more=view.more,
        away=list(view.away),
        rows=[msgspec.to_builtins(row) for row in rows],
    )


async def submit_more(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Ask a supervisor to agree that more searches are made today."""
    return await ask_for_more(request, fields) or redirect(request, "search")


def _shown(result: dict[str, Any], lang: str) -> dict[str, Any]:
    rows = msgspec.convert(result["rows"], list[AccountRow])
    kinds = [translate(KINDS[kind], lang) for kind in result["kinds"]]
    return {
        "kinds": ", ".join(kinds),
        "more": result["more"],
        "rows": shown_rows(rows, lang),
        "missing": missing_parts(result["away"], lang),
    }


def _refused(request: web.Request, fields: dict[str, str], refusal: Refusal) -> Form:
    code = next((error.code for error in refusal.errors), "missing")
    form = Form.again(fields)

    def errors(lang: str) -> dict[str, list[str]]:
        return {"search": [translate(ERRORS.get(code, ERRORS["missing"]), lang)]}

    form.explain(request[REQUEST_STATE].lang, errors=errors)
    return form
