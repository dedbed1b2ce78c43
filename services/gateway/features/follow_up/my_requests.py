"""One request and its thread, with reply and cancellation: in the account, or by a mailed link."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from services.gateway.clients.services import ask, open_sealed, seal
from services.gateway.features.follow_up import lost_phone_case
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import STATES as LINK_STATES
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.my_requests import ShownRequest, list_requests, shown_request
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.base import Request, Sealed
from shared.contracts.registration.views import MailedLinkView
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    DescribeMyRequest,
    PersonEntry,
    PersonRequestView,
    ReplyToDesk,
)
from shared.domain.support_requests import NUMBER
from shared.messaging.handlers import Refused

LINK = MailedLink("followed_request", "follow_up", "my_request.html")
PARAMETER = "numero"


async def show_all(request: web.Request) -> web.Response:
    """The requests of the account, open ones first."""
    found = guards.require_signed_in(request)
    requests = await list_requests(request, found.account_id)
    return page(request, "my_requests.html", requests=requests)


@dataclass(frozen=True)
class Entry:
    """One text of a thread, as the page shows it."""

    author: str
    text: str
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class RequestAccess:
    """How a person reaches a request: `field` names it in forms, `name` and the like are the
    pages. `query` and `keep_query` say what of it is in their URLs."""

    field: str
    name: str
    cancel_name: str
    call_name: str
    stop_name: str
    query: Callable[[str], dict[str, str]]
    keep_query: Callable[[str], str | None]
    find: Callable[[web.Request, Form], str]

    def form_query(self, fields: dict[str, str]) -> dict[str, str]:
        """What the URL of the page needs to show its form again."""
        return self.query(fields[self.field])

    async def show(self, request: web.Request, form: Form) -> web.Response:
        """The request: state, promise, thread, reply. Opening it changes nothing."""
        return await self._show(request, form, "my_request.html")

    async def show_cancel(self, request: web.Request, form: Form) -> web.Response:
        """« Annuler ma demande » asks once more; then that it is cancelled."""
        if form.result is not None:
            return page(request, "request_cancelled.html", **form.result)
        return await self._show(request, form, "cancel_request.html")

    async def reply(self, request: web.Request, fields: dict[str, str]) -> web.Response | Form:
        """Send what the person wrote."""
        message = ReplyToDesk(
            text=seal(request, ReplyToDesk, "text", fields["text"]),
            **self._names(request, ReplyToDesk, fields[self.field]),
        )
        key = idempotency_key(request, "reply", fields)
        try:
            await ask(request, message, PersonRequestView, key)
        except Refused as refused:
            return self._refused(request, fields, refused)
        flash(request, "reply_sent")
        return redirect(request, self.name, **self.form_query(fields))

    async def cancel(self, request: web.Request, fields: dict[str, str]) -> web.Response | Form:
        """Cancel the request."""
        message = CancelMyRequest(**self._names(request, CancelMyRequest, fields[self.field]))
        key = idempotency_key(request, "cancel-request", fields)
        try:
            view = await ask(request, message, PersonRequestView, key)
        except Refused as refused:
            return self._refused(request, fields, refused)
        return Form.accepted(number=view.number)

    async def stop(self, request: web.Request, fields: dict[str, str]) -> web.Response | Form:
        """Stop a lost phone; with `block` the account is blocked too."""
        key = idempotency_key(request, "stop-lost-phone", fields)
        block = fields["block"] == "1"
        try:
            await lost_phone_case.stop(
                request, self._namer(request, fields[self.field]), key, block=block
            )
        except Refused as refused:
            return self._refused(request, fields, refused)
        flash(request, "lost_phone_blocked" if block else "lost_phone_stopped")
        return redirect(request, self.name, **self.form_query(fields))

    async def call_state(self, request: web.Request) -> web.Response:
        """Whether a call began or ended, for the page's script."""
        name = self.find(request, Form())
        return await lost_phone_case.state(request, self._namer(request, name))

    def _namer(self, request: web.Request, name: str) -> lost_phone_case.Names:
        return lambda kind: self._names(request, kind, name)

    async def _show(self, request: web.Request, form: Form, template: str) -> web.Response:
        name = self.find(request, form)
        link, one = MailedLinkView(state="malformed"), None
        thread: tuple[Entry, ...] = ()
        if name:
            link, one, thread = await self._describe(request, name)
        if one is None:
            form = Form()
        case = None
        if one is not None and one.is_lost_phone:
            case = await lost_phone_case.describe(request, self._namer(request, name))
        query = self.query(name)
        return page(
            request,
            template,
            status=400 if link.state == "malformed" else form.status,
            form=form,
            link=link,
            one=one,
            thread=thread,
            hidden_field=self.field,
            hidden_value=name,
            page_url=url(request, self.name, **query),
            cancel_url=url(request, self.cancel_name, **query),
            case=case,
            call_url=url(request, self.call_name, **query),
            stop_url=url(request, self.stop_name),
            in_account=self.field == "number",
            switch_url=request.path_qs if query else url(request, "follow_up"),
        )

    async def _describe(
        self, request: web.Request, name: str
    ) -> tuple[MailedLinkView, ShownRequest | None, tuple[Entry, ...]]:
        message = DescribeMyRequest(**self._names(request, DescribeMyRequest, name))
        try:
            view = await ask(request, message, PersonRequestView)
        except Refused as refused:
            slug = refused.refusal.slug
            if slug == "not_found":
                raise HttpError(404) from refused
            if slug not in LINK_STATES:
                raise
            at = refused.refusal.params.get("at")
            moment = datetime.fromisoformat(str(at)) if at else None
            return MailedLinkView(state=slug.removeprefix("link_"), at=moment), None, ()
        thread = tuple(
            Entry(one.author, open_sealed(request, PersonEntry, "text", one.text), one.written_at)
            for one in view.thread
        )
        return (
            MailedLinkView(state="valid"),
            shown_request(view, request[REQUEST_STATE].lang),
            thread,
        )

    def _names(self, request: web.Request, kind: type[Request], name: str) -> dict[str, Any]:
        """The fields of a message that say which request it is about."""
        if self.field == "number":
            account_id = guards.require_signed_in(request).account_id
            return {"number": name if NUMBER.fullmatch(name) else "", "account_id": account_id}
        token: Sealed = seal(request, kind, "link_token", name)
        return {"link_token": token}

    def _refused(
        self, request: web.Request, fields: dict[str, str], refused: Refused
    ) -> web.Response | Form:
        slug = refused.refusal.slug
        if slug == "not_found":
            raise HttpError(404) from refused
        if slug in LINK_STATES:
            raise Redirect(self.name, **self.form_query(fields)) from refused
        return refused_form(request, fields, refused, prefix="request")


def _number_of(request: web.Request, form: Form) -> str:
    number = form.request_fields.get("number") or request.query.get(PARAMETER, "")
    if not NUMBER.fullmatch(number):
        raise HttpError(404)
    return number


def _number_query(number: str) -> dict[str, str]:
    return {PARAMETER: number} if NUMBER.fullmatch(number) else {}


def _keep_number(query: str) -> str | None:
    name, _, value = query.partition("=")
    return query if name == PARAMETER and NUMBER.fullmatch(value) else None


def _token_query(token: str) -> dict[str, str]:
    return LINK.form_query({"token": token})


BY_LINK = RequestAccess(
    field="token",
    name="followed_request",
    cancel_name="cancel_followed_request",
    call_name="followed_call",
    stop_name="stop_followed_phone",
    query=_token_query,
    keep_query=LINK.keep_query,
    find=LINK.token_of,
)
BY_ACCOUNT = RequestAccess(
    field="number",
    name="my_request",
    cancel_name="cancel_my_request",
    call_name="my_call",
    stop_name="stop_my_phone",
    query=_number_query,
    keep_query=_keep_number,
    find=_number_of,
)
