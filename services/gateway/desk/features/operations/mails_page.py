"""Mails that were not accepted: listed, shown with what each server said, sent again, given up.

An address that is looked for is sent in a form and never stands in a URL; addresses are masked.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.desk.features.operations import page_updates
from services.gateway.desk.features.operations.mail_words import (
    OUTCOMES,
    PERIODS,
    REASONS,
    STATE_OF_ONE,
    STATES,
    UNSENDABLE,
)
from services.gateway.desk.features.operations.queue_lines import moment_text
from services.gateway.desk.support import (
    act,
    agent_of,
    ask_support,
    require_role,
    with_fresh_code,
)
from services.gateway.http.errors import ErrorText, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.portal.mail_names import mail_name
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Sealed
from shared.contracts.mailer_operations import OperatorMailRow, OperatorMailView
from shared.contracts.support.operations import (
    DeskMailsView,
    DeskMailView,
    ListMails,
    MailOrderView,
    OrderMailDrop,
    OrderMailSend,
    ShowMail,
)
from shared.domain.typed_text import printable_line
from shared.i18n.catalogue import N_, translate
from shared.messaging.errors import ServiceUnavailable
from shared.messaging.handlers import Refused

GONE = ErrorText(
    N_("Ce message n'est plus là"),
    N_("Il a été supprimé 30 jours après sa fin, ou n'a jamais été là."),
)


def keep_query(query: str) -> str:
    """What is listed, which stays in another language."""
    return urlencode(_known(query))


def _known(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query))
    found = {"etat": given["etat"]} if given.get("etat") in STATES else {}
    return found | ({"depuis": given["depuis"]} if given.get("depuis") in PERIODS else {})


async def show_mails(request: web.Request) -> web.Response:
    """The latest mails of a state, written within a period."""
    return await _list(request, _known(request.query_string), None)


async def search(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The mails to one address."""
    address = printable_line(fields["address"])
    if not address:
        return await _list(request, {}, None)
    return await _list(request, {}, seal(request, ListMails, "to", address))


async def mails_state(request: web.Request) -> web.Response:
    """The part of the list that changes, as data."""
    return web.json_response(await _current(request))


async def follow_mails(request: web.Request) -> web.StreamResponse:
    """The same as server-sent events, until the session ends."""
    return await page_updates.follow(request, "part", _current)


async def _current(request: web.Request) -> page_updates.Document:
    shown = await _mails(request, _known(request.query_string), None)
    return page_updates.part(request, "parts/operations_mails.html", shown["read_at"], shown)


async def _list(request: web.Request, query: dict[str, str], to: Sealed | None) -> web.Response:
    lang = request[REQUEST_STATE].lang
    return page(
        request,
        "operations_mails.html",
        **await _mails(request, query, to),
        periods=[(key, translate(label, lang)) for key, (_, label) in PERIODS.items()],
        switch_url=_here(request, query),
    )


async def _mails(request: web.Request, query: dict[str, str], to: Sealed | None) -> dict[str, Any]:
    lang, now = request[REQUEST_STATE].lang, request.app[CLOCK]()
    since = now - timedelta(hours=PERIODS[query["depuis"]][0]) if "depuis" in query else None
    message = ListMails(
        agent_id=agent_of(request).account_id, state=query.get("etat", ""), to=to, since=since
    )
    found = (await ask_support(request, message, DeskMailsView)).mails
    counts, unsendable = (found.counts, found.unsendable) if found else ({}, 0)
    return {
        "away": found is None,
        "read_at": now if found else None,
        "mails": [_shown(one, now, lang) for one in (found.mails if found else ())],
        "cut": found.cut if found else False,
        "shown": query.get("etat", ""),
        "period": query.get("depuis", ""),
        "states": [
            (key, translate(label, lang), counts.get(key, 0)) for key, label in STATES.items()
        ],
        "by_address": to is not None,
        "sendable": counts.get("refused", 0) - unsendable,
        "unsendable": unsendable,
    }


async def show_mail(request: web.Request, form: Form) -> web.Response:
    """One mail, what each server said, and the form that sends it again."""
    found = await _mail(request)
    lang, now = request[REQUEST_STATE].lang, request.app[CLOCK]()
    return page(
        request,
        "operations_mail.html",
        form=form,
        mail=_shown(found.mail, now, lang),
        attempts=[
            (
                one.number,
                moment_text(one.began_at, now, lang),
                translate(OUTCOMES.get(one.outcome, one.outcome), lang),
                one.smtp_code,
                one.answer,
            )
            for one in found.attempts
        ],
    )


async def send_one(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Send one mail again."""
    message = OrderMailSend(
        agent_id=agent_of(request).account_id, mail_id=request.match_info["mail"]
    )
    answer = await act(request, fields, message, MailOrderView, f"send {request.path}")
    if isinstance(answer, Form):
        return answer
    return redirect_with_flash(request, "operator_mails", "mail_sent_again")


async def show_drop(request: web.Request, form: Form) -> web.Response:
    """The form that gives one mail up: why, before it is done."""
    require_role(request, "operator")
    mail = None
    try:
        mail = (await _mail(request)).mail
    except (HttpError, ServiceUnavailable):
        if not form.alert:
            raise  # else the alert says what became of it
    lang, now = request[REQUEST_STATE].lang, request.app[CLOCK]()
    return page(
        request,
        "operations_mail_drop.html",
        form=form,
        mail=_shown(mail, now, lang) if mail else None,
        mail_id=request.match_info["mail"],
    )


async def drop_one(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Give one mail up."""
    reason = printable_line(fields["note"])
    if not reason:
        return invalid_form(request, fields, "note")
    message = OrderMailDrop(
        agent_id=agent_of(request).account_id,
        mail_id=request.match_info["mail"],
        reason=reason,
    )
    answer = await act(request, fields, message, MailOrderView, f"drop {request.path}")
    if isinstance(answer, Form):
        return answer
    return redirect_with_flash(request, "operator_mails", "mail_dropped")


async def _mail(request: web.Request) -> OperatorMailView:
    """The mail of the path. HttpError where it is gone, ServiceUnavailable without the mailer."""
    message = ShowMail(agent_id=agent_of(request).account_id, mail_id=request.match_info["mail"])
    try:
        found = (await ask_support(request, message, DeskMailView)).mail
    except Refused as refused:
        if refused.refusal.slug != "gone":
            raise
        raise HttpError(404, reason="gone", texts=GONE) from refused
    if found is None:
        raise ServiceUnavailable("the mailer does not answer", "mailer")
    return found


async def show_send_all(request: web.Request, form: Form) -> web.Response:
    """The form that sends all refused mails again."""
    require_role(request, "operator")
    lang = request[REQUEST_STATE].lang
    periods = [(key, translate(label, lang)) for key, (_, label) in PERIODS.items()]
    return page(request, "operations_mails_send.html", form=form, periods=periods)


async def send_all(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Send all that were refused within a period again."""
    if fields["since"] not in PERIODS:
        return invalid_form(request, fields, "since")
    order = OrderMailSend(
        agent_id=agent_of(request).account_id,
        mail_id="",
        refused_since=_start(request.app[CLOCK](), fields["since"]),
    )
    message = await with_fresh_code(request, fields, order, "send-mails")
    if isinstance(message, Form):
        return message
    answer = await act(request, fields, message, MailOrderView, "send-mails")
    if isinstance(answer, Form):
        return answer
    return redirect_with_flash(request, "operator_mails", "mails_sent_again")


def _start(now: datetime, period: str) -> datetime:
    return now - timedelta(hours=PERIODS[period][0])


def _shown(mail: OperatorMailRow, now: datetime, lang: str) -> dict[str, object]:
    return {
        "id": mail.mail_id,
        "state": translate(STATE_OF_ONE[mail.state], lang),
        "template": mail_name(mail.template, lang),
        "address": mail.address,
        "account": mail.account_id,
        "written": moment_text(mail.written_at, now, lang),
        "next": moment_text(mail.next_try_at, now, lang) if mail.next_try_at else "",
        "ended": moment_text(mail.ended_at, now, lang) if mail.ended_at else "",
        # The server's own words, or ours where it said nothing.
        "answer": mail.answer or translate(REASONS.get(mail.reason, mail.reason), lang),
        "unsendable": translate(UNSENDABLE[mail.state], lang),
        "attempts": mail.attempts,
        "sendable": mail.sendable,
        "droppable": mail.droppable,
    }


def _here(request: web.Request, query: dict[str, str]) -> str:
    path = request.path.removesuffix("/recherche")
    return f"{path}?{urlencode(query)}" if query else path
