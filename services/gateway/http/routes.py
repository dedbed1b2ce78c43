"""Pages, each declared once, and what follows: routes, URLs, sitemap, login and language targets.

The path of a page stands in its declaration and nowhere else: views redirect by name, templates
say `url("name")`. A path may have parts in braces, `/assistance/demandes/{number}`: a URL takes
their values by name, and a page that says nothing else keeps those of the request.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from urllib.parse import urlencode

from aiohttp import web

from services.gateway.http.errors import ErrorText
from services.gateway.http.forms import Form

#: A variable part of a path, and what its value may be.
PATH_PART = re.compile(r"\{(\w+)\}")
PATH_VALUE = "[A-Za-z0-9_-]{1,64}"
#: In the URL of a form that takes the fields of another one: the other's path.
OF_FORM_QUERY = "de"

View = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Shows a page with a form.
FormPageView = Callable[[web.Request, Form], Awaitable[web.StreamResponse]]
#: Takes a form: the answer, or the form to be shown again.
FormView = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse | Form]]
#: Raises `Redirect` where the session does not reach the page.
Guard = Callable[[web.Request], object]
JsonView = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Page:
    """One path: what GET shows, what POST does.

    A page with a form has `show_form` in place of `show`: it gets an empty form, or one that is
    shown again. `fields` names the fields of the form; without `needs_key` posting it twice does no
    harm. A form that comes back is shown at `shown_on`, where that is another page, with what
    `form_query` adds to its URL; `show_unavailable` shows it where a service that the page needs
    does not answer. `unavailable` has words of the page's own for such an error, None where the
    usual ones will do. `whole_texts` names fields that are as long as what is read of them: a
    longer text is never accepted in part. `replayed_flash` is the message shown where the form was
    taken and its answer was lost. `result_page`: the page, open to everybody, that shows what comes
    after the form, where the form ends the session that its own page needs. `of_any_form`: it takes
    the fields of the form whose path is in the query (`de`).

    `login_target` is the name that the sign-in page carries to lead back here, with what stands in
    the variable parts of the path. A page is a language
    target by its path alone, and with what `keep_query` returns of its query; None: not without a
    valid query. `sitemap` is a group and a label. A `background` path is asked by scripts: no
    activity of the person; where `unavailable` has words, it answers them as data. `before_terms`:
    open to a holder who has not accepted the terms that bind.
    """

    name: str
    path: str
    show: View | None = None
    submit: FormView | None = None
    fields: str = ""
    _: KW_ONLY
    show_form: FormPageView | None = None
    show_unavailable: FormPageView | None = None
    unavailable: Callable[[Exception], ErrorText | None] | None = None
    shown_on: str = ""
    form_query: Callable[[dict[str, str]], dict[str, str]] | None = None
    of_any_form: bool = False
    guard: Guard | None = None
    needs_key: bool = True
    whole_texts: str = ""
    replayed_flash: str = ""
    result_page: str = ""
    login_target: str = ""
    language_target: bool = True
    keep_query: Callable[[str], str | None] | None = None
    sitemap: tuple[str, str] | None = None
    background: bool = False
    head: bool = True
    stream: bool = False
    before_terms: bool = False

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The names of the variable parts of its path."""
        return tuple(PATH_PART.findall(self.path))

    @cached_property
    def route(self) -> str:
        """Its path as the router reads it."""
        return PATH_PART.sub(lambda part: f"{{{part[1]}:{PATH_VALUE}}}", self.path)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(PATH_PART.sub(lambda part: f"(?P<{part[1]}>{PATH_VALUE})", self.path))

    def values(self, path: str) -> dict[str, str] | None:
        """The variable parts of a path by name; None where it is no path of this page."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()

    @property
    def keeps_forms(self) -> bool:
        """Whether a form that was sent after the session had ended is shown after a sign-in: where
        that leads back here, or to a page above."""
        return bool(self.login_target or self.parts)

    @property
    def is_shown(self) -> bool:
        """Whether a GET shows it."""
        return self.show is not None or self.show_form is not None


@dataclass(frozen=True)
class JsonQuestion:
    """A POST of one JSON field, asked by a script while somebody types."""

    name: str
    path: str
    answer: JsonView
    field: str


class Routes:
    """The table of pages."""

    def __init__(self, declared: Iterable[Page | JsonQuestion]) -> None:
        self.declared = tuple(declared)
        self.pages = [one for one in self.declared if isinstance(one, Page)]
        self._paths = {one.name: one.path for one in self.declared}
        self._by_path = {page.path: page for page in self.pages}
        self._questions = {one.path for one in self.declared if isinstance(one, JsonQuestion)}
        assert len(self._paths) == len(self.declared), "a name is declared twice"
        self._by_name = {page.name: page for page in self.pages}
        self._variable = [page for page in self.pages if page.parts]
        self.login_targets = {page.login_target: page for page in self.pages if page.login_target}

    def url(self, name: str, **query: object) -> str:
        """The URL of a page; KeyError where no page has that name, or a part of its path no
        value."""
        path = PATH_PART.sub(lambda part: str(query.pop(part[1])), self._paths[name])
        return f"{path}?{urlencode(query)}" if query else path

    def has(self, name: str) -> bool:
        """Whether a page of that name is declared."""
        return name in self._paths

    def at(self, path: str) -> Page | None:
        """The page of a path."""
        found = self._by_path.get(path)
        if found is None:
            found = next((page for page in self._variable if page.values(path) is not None), None)
        return found

    def is_for_scripts(self, path: str) -> bool:
        """Whether scripts ask the path, not somebody who opens or sends a page."""
        page = self.at(path)
        return path in self._questions or (page is not None and page.background)

    def parts(self, name: str) -> tuple[str, ...]:
        """The names of the variable parts of a page's path."""
        page = self._by_name.get(name)
        return () if page is None else page.parts

    def shown_on(self, page: Page, form: Form | None = None) -> Page:
        """The page that shows the form of `page`, and what comes after it."""
        if form is not None and form.result is not None and page.result_page:
            return self._by_name[page.result_page]
        return self._by_name[page.shown_on] if page.shown_on else page

    def login_target_above(self, path: str) -> str:
        """The login target that a path is, or that its form or file belongs to; else empty. What
        stands in the variable parts of its path follows the name: `demande/TEL-AAAAA-BBBBB`.

        `/compte/adresse/validation/renvoi` belongs to `/compte/adresse/validation`.
        """
        for end in _ends(path):
            page = self.at(path[:end])
            if page is not None and page.login_target:
                values = page.values(path[:end]) or {}
                return "/".join((page.login_target, *values.values()))
        return ""

    def find_login_target(self, target: str) -> tuple[Page, dict[str, str]] | None:
        """The page of a login target and what stands in its path; None where there is none."""
        name, *values = target.split("/")
        page = self.login_targets.get(name)
        if page is None or len(values) != len(page.parts):
            return None
        found = dict(zip(page.parts, values, strict=True))
        return (page, found) if self.at(self.url(page.name, **found)) is page else None

    def language_target(self, target: str) -> str:
        """The page to go back to after the language was chosen: `target` if it is one, else `/`."""
        path, mark, query = target.partition("?")
        page = self.at(path)
        if page is None or not page.is_shown or not page.language_target:
            return "/"
        if page.keep_query is None:
            return "/" if mark else path
        kept = page.keep_query(query)
        return "/" if kept is None else f"{path}?{kept}" if kept else path

    def can_reload(self, path: str) -> bool:
        """Whether a GET of the path alone shows a page."""
        return path == "/" or self.language_target(path) != "/"

    def sitemap(self) -> dict[str, list[tuple[str, str]]]:
        """The links of the sitemap, (URL, label), by group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for page in self.pages:
            if page.sitemap is not None:
                group, label = page.sitemap
                groups.setdefault(group, []).append((page.path, label))
        return groups


def _ends(path: str) -> list[int]:
    """Where a path, or one above it, ends; the longest first."""
    inner = [at for at, letter in enumerate(path) if letter in "/." and at]
    return [len(path), *reversed(inner)]


ROUTES = web.AppKey("routes", Routes)


def url(request: web.Request, name: str, **query: object) -> str:
    """The URL of a page. Parts of its path that are not given are those of the request."""
    routes = request.app[ROUTES]
    missing = [part for part in routes.parts(name) if part not in query]
    if missing:
        known = path_values(request)
        query |= {part: known[part] for part in missing}
    return routes.url(name, **query)


def path_values(request: web.Request) -> dict[str, str]:
    """The variable parts of the request's path, or of the path of the form that it takes."""
    if request.match_info:
        return dict(request.match_info)
    path = request.query.get(OF_FORM_QUERY, "")
    page = request.app[ROUTES].at(path)
    return {} if page is None else page.values(path) or {}


def page_key(request: web.Request, page: Page) -> str:
    """What a form is saved under: its page, and the variable parts of the path."""
    known = path_values(request) if page.parts else {}
    return " ".join((page.name, *(known[part] for part in page.parts)))


def redirect(request: web.Request, name: str, **query: object) -> web.Response:
    """Go on to another page, by GET."""
    return see_other(url(request, name, **query))


def see_other(location: str) -> web.Response:
    """Go on to a URL of this site, by GET."""
    return web.Response(status=303, headers={"Location": location})
