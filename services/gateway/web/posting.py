"""What stands before every POST: origin, type, size, fields and the form's token.

A view behind it receives a plain dictionary that holds every field it named (empty where the
browser left it out) and the form's key, and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from aiohttp import web

from services.gateway.presessions import FORM_KEY
from services.gateway.web.errors import AWAY, PageError
from services.gateway.web.forms import read_fields, read_json
from services.gateway.web.middleware import require_form_token, require_same_origin
from shared.telemetry import get_logger

View = Callable[[web.Request], Awaitable[web.StreamResponse]]
FormView = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse]]
QuestionView = Callable[[web.Request, str], Awaitable[web.StreamResponse]]

log = get_logger("gateway")

TOKEN_HEADER = "X-Impex-Csrf"  # noqa: S105 - the name of a header


class PageVerb(Protocol):
    """A page: GET, and HEAD unless it is a stream."""

    def __call__(self, path: str, view: View, *, head: bool = True) -> None: ...


class FormVerb(Protocol):
    """A page with a form: its GET, its POST, the POST's fields, and the form again (`away`) with
    what was typed where a server that it needs does not answer."""

    def __call__(
        self, path: str, show: View, submit: FormView, names: str, away: FormView | None = None
    ) -> None: ...


class Verbs(NamedTuple):
    """The verbs of the route table."""

    page: PageVerb
    form: FormVerb
    post: Callable[[str, FormView, str], None]
    question: Callable[[str, QuestionView, str], None]


def verbs(router: web.UrlDispatcher) -> Verbs:
    """The verbs of the route table, writing into `router`."""

    def page(path: str, view: View, *, head: bool = True) -> None:
        router.add_get(path, view, allow_head=head)

    def post(path: str, view: FormView, names: str, away: FormView | None = None) -> None:
        # /langue keeps nothing that a double click could do twice, so it has no key.
        common = ("csrf",) if path == "/langue" else ("csrf", "key")
        router.add_post(path, posted(view, (*common, *names.split()), away))

    def form(
        path: str, show: View, submit: FormView, names: str, away: FormView | None = None
    ) -> None:
        page(path, show)
        post(path, submit, names, away)

    def question(path: str, view: QuestionView, name: str) -> None:
        router.add_post(path, asked(view, name))

    return Verbs(page, form, post, question)


def posted(view: FormView, names: tuple[str, ...], away: FormView | None = None) -> View:
    """The view behind a form's POST; `away` gives back what was typed where nobody can take it."""

    async def receive(request: web.Request) -> web.StreamResponse:
        require_same_origin(request)
        given = await read_fields(request, names)
        fields = {name: given.get(name, "") for name in names if name != "csrf"}
        try:
            await require_form_token(request, given.get("csrf", ""))
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
        await require_form_token(request, request.headers.get(TOKEN_HEADER, ""))
        return await view(request, value)

    return receive
