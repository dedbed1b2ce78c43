"""What stands before every POST: origin, type, size, fields and the form's token.

A view behind it receives a plain dictionary that holds every field it named (empty where the
browser left it out) and the form's key, and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from aiohttp import web

from services.gateway.http.errors import AWAY, Elsewhere, PageError
from services.gateway.http.forms import read_fields, read_json
from services.gateway.http.middleware import require_form_token, require_same_origin
from services.gateway.sessions.guards import find_again
from services.gateway.sessions.request_state import VISIT
from services.gateway.sessions.tokens import FORM_KEY
from shared.runtime.telemetry import get_logger

View = Callable[[web.Request], Awaitable[web.StreamResponse]]
FormView = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse]]
#: What a page needs of the visit before it is shown: raises the way to elsewhere.
Guard = Callable[[web.Request], object]
#: What becomes of a form whose session has ended since its page was opened: the page again where
#: that may be, else None.
KeepView = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse | None]]
QuestionView = Callable[[web.Request, str], Awaitable[web.StreamResponse]]

log = get_logger("gateway")

#: Forms that do nothing which a double click could do twice.
KEYLESS = frozenset(
    {
        "/langue",
        "/deconnexion",
        "/compte/sessions/fermer",
        "/compte/sessions/fermer-les-autres",
    }
)
TOKEN_HEADER = "X-Impex-Csrf"  # noqa: S105 - the name of a header


class PageVerb(Protocol):
    """A page: GET, and HEAD unless it is a stream."""

    def __call__(
        self, path: str, view: View, *, head: bool = True, needs: Guard | None = None
    ) -> None: ...


class FormVerb(Protocol):
    """A page with a form: its GET, its POST, the POST's fields, the form again (`away`) with what
    was typed where a server that it needs does not answer, and what is kept of it where the
    session has ended (`keep`)."""

    def __call__(
        self,
        path: str,
        show: View,
        submit: FormView,
        names: str,
        away: FormView | None = None,
        needs: Guard | None = None,
        keep: KeepView | None = None,
    ) -> None: ...


class PostVerb(Protocol):
    """A form's POST whose page is another's."""

    def __call__(
        self,
        path: str,
        view: FormView,
        names: str,
        away: FormView | None = None,
        needs: Guard | None = None,
    ) -> None: ...


class Verbs(NamedTuple):
    """The verbs of the route table."""

    page: PageVerb
    form: FormVerb
    post: PostVerb
    question: Callable[[str, QuestionView, str], None]


def verbs(router: web.UrlDispatcher) -> Verbs:
    """The verbs of the route table, writing into `router`."""

    def page(path: str, view: View, *, head: bool = True, needs: Guard | None = None) -> None:
        router.add_get(path, guarded(view, needs), allow_head=head)

    def post(
        path: str,
        view: FormView,
        names: str,
        away: FormView | None = None,
        needs: Guard | None = None,
        keep: KeepView | None = None,
    ) -> None:
        common = ("csrf",) if path in KEYLESS else ("csrf", "key")
        router.add_post(path, posted(view, (*common, *names.split()), away, needs, keep))

    def form(
        path: str,
        show: View,
        submit: FormView,
        names: str,
        away: FormView | None = None,
        needs: Guard | None = None,
        keep: KeepView | None = None,
    ) -> None:
        page(path, show, needs=needs)
        post(path, submit, names, away, needs, keep)

    def question(path: str, view: QuestionView, name: str) -> None:
        router.add_post(path, asked(view, name))

    return Verbs(page, form, post, question)


def guarded(view: View, needs: Guard | None) -> View:
    """The view behind a door."""
    if needs is None:
        return view

    async def show(request: web.Request) -> web.StreamResponse:
        needs(request)
        return await view(request)

    return show


def posted(
    view: FormView,
    names: tuple[str, ...],
    away: FormView | None = None,
    needs: Guard | None = None,
    keep: KeepView | None = None,
) -> View:
    """The view behind a form's POST; `away` gives back what was typed where nobody can take it.

    Whoever may not be here any more is told so before the form's token is looked at: the token of a
    session that has ended fits nothing. `keep` saves what was typed from that.
    """

    async def receive(request: web.Request) -> web.StreamResponse:
        require_same_origin(request)
        given = await read_fields(request, names)
        fields = {name: given.get(name, "") for name in names if name != "csrf"}
        if needs is not None:
            if keep is not None and away is not None and request[VISIT].problem is not None:
                return await away(request, fields)
            await find_again(request, fields.get("key", ""))
            try:
                needs(request)
            except Elsewhere:
                if keep is not None:
                    await keep(request, fields)
                raise
        try:
            try:
                await require_form_token(request, given.get("csrf", ""), public=needs is None)
            except PageError:
                kept = None if keep is None else await keep(request, fields)
                if kept is None:
                    raise
                return kept
            if "key" in names and not FORM_KEY.fullmatch(fields["key"]):
                raise PageError(400, event="input_validation_fail", reason="no form key")
            return await view(request, dict(fields))
        except AWAY as error:
            if away is None:
                raise
            log.warning("A service is away.", action="dependency_away", reason=str(error))
            return await away(request, fields)

    return receive


def asked(view: QuestionView, name: str) -> View:
    """The view behind a question that our own scripts ask while somebody types."""

    async def receive(request: web.Request) -> web.StreamResponse:
        require_same_origin(request)
        value = await read_json(request, name)
        await require_form_token(request, request.headers.get(TOKEN_HEADER, ""), public=True)
        return await view(request, value)

    return receive
