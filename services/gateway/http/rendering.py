"""Templates to pages: one environment per language, made once, every text escaped by default."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.gateway.http.forms import Form
from services.gateway.http.site import CLOCK
from services.gateway.sessions.request_state import (
    FLASH_COOKIE,
    REQUEST_STATE,
    PageToken,
    set_cookie,
)
from services.gateway.sessions.sessions import SESSIONS
from shared.domain.brand import Brand
from shared.i18n import dates
from shared.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from shared.i18n.templates import CompiledTemplates, add_texts

#: What every renderer of this process has compiled, by language.
COMPILED = {language: CompiledTemplates() for language in LANGUAGES}
#: The form of a page, which bears an id: its language switch sends what was typed there along.
MAIN_FORM = re.compile(r'<form method="post" action="([^"?]+)"[^>]* id="([^"]+)"')
#: Characters of a page from which a thread of its own compresses it: below, handing the page over
#: takes longer than compressing it.
LARGE_PAGE = 128 * 1024
#: The functions of `dates` that a template calls, as `fmt_…`.
FORMATS = ("clock", "clock_seconds", "day", "date", "datetime", "time", "short", "number")
VOWELS = frozenset("AEIOUYÀÂÉÈÊËÎÏÔÙÛÜ")


@dataclass(frozen=True, kw_only=True)
class PageBrand(Brand):
    """The brand and the look of the pages."""

    logo_lines: tuple[str, ...]
    theme: str
    try_out: bool
    recovery_codes: bool
    lost_phone_minutes: int

    def names(self, lang: str) -> dict[str, str]:
        """What texts call the service and its operator.

        French elides the article before the vowel of an acronym or a name, whatever its gender:
        `l'ANSM`. Before a consonant the gender is not known, so the name stands alone.
        """
        operator = self.operator_name
        elided = lang == "fr" and operator[:1].upper() in VOWELS
        return {
            "service": self.service_name,
            # What the guide calls the application behind the portal: IMPEX behind IMPEXWEB.
            "application": self.service_name.removesuffix("WEB"),
            "operator": operator,
            "the_operator": f"l'{operator}" if elided else operator,
        }


#: The look and the text of a flash message, by its code and the variables of the page.
FlashMessage = Callable[[web.Request, str, Mapping[str, object]], tuple[str, str] | None]


class Renderer:
    """Renders templates in French and English."""

    def __init__(
        self,
        brand: PageBrand,
        static: Callable[[str], str],
        url: Callable[..., str],
        folders: Sequence[Path],
    ) -> None:
        self.brand = brand
        self._environments = {
            language: Environment(
                loader=FileSystemLoader(folders),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                cache_size=-1,
                bytecode_cache=COMPILED[language],
            )
            for language in LANGUAGES
        }
        for language, environment in self._environments.items():
            add_texts(environment, language)
            environment.globals["main_form"] = _main_form
            environment.globals["fixed"] = _fixed_parts(environment)
            environment.globals.update(brand=brand, **brand.names(language), static=static, url=url)
            for name in FORMATS:
                show = getattr(dates, f"format_{name}")
                environment.globals[f"fmt_{name}"] = partial(show, language=language)

    def render(self, template: str, lang: str, variables: dict[str, Any]) -> str:
        """The page, in one language."""
        return self._environments[lang].get_template(template).render(variables)

    def compile_all(self) -> list[str]:
        """Compile every template now, so that a broken one stops the start; returns their names.

        In one language: a template that compiles in it does in all, and those of a language in
        which nobody reads take no memory. Those that nobody has read yet stay packed.
        """
        environment = self._environments[DEFAULT_LANGUAGE]
        names = environment.list_templates(extensions=["html"])
        for name in names:
            COMPILED[DEFAULT_LANGUAGE].compile(environment, name)
        return names


def _fixed_parts(environment: Environment) -> Callable[[str], Markup]:
    """What renders a template without a value of the page: once, for all pages of the language."""

    @cache
    def fixed(name: str) -> Markup:
        return Markup(environment.get_template(name).render())  # noqa: S704 - escaped already

    return fixed


def _main_form(html: str) -> tuple[str, str] | None:
    """The path that the main form of a page is sent to, and its id; None where it has none."""
    found = MAIN_FORM.search(html)
    return (found[1], found[2]) if found else None


RENDERER = web.AppKey("renderer", Renderer)
#: What every page of a front end has besides, such as a navigation.
PAGE_VARIABLES: web.AppKey[Callable[[web.Request], Mapping[str, Any]]] = web.AppKey(
    "page_variables"
)
FLASH_MESSAGE: web.AppKey[FlashMessage] = web.AppKey("flash_message")


def page(
    request: web.Request,
    template: str,
    *,
    form: Form | None = None,
    status: int | None = None,
    **variables: Any,
) -> web.Response:
    """A page in the language of the request; its status is that of its form unless it is given."""
    state = request[REQUEST_STATE]
    if status is None:
        status = form.status if form else 200
    given: dict[str, Any] = {
        "csrf": PageToken(request),
        "nonce": state.nonce,
        "status": status,
        "switch_url": request.path,
        "form": form,
        "form_id": request.query.get("saisie", ""),
        "reference": None,
        "flash": _flash(request, variables),
        "me": _me(request),
        **_front_end_variables(request),
        **variables,
    }
    html = request.app[RENDERER].render(template, state.lang, given)
    response = web.Response(
        text=html,
        status=status,
        content_type="text/html",
        charset="utf-8",
        zlib_executor_size=LARGE_PAGE,
    )
    response.headers["Content-Language"] = state.lang
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.enable_compression()
    if form is not None and form.retry_after is not None:
        response.headers["Retry-After"] = str(form.retry_after)
    return response


@dataclass(frozen=True, kw_only=True)
class CurrentUser:
    """The signed-in user, as pages show it; `full` once both factors were given, `validated` once
    the account's complementary information is. Of an agent, `role`, and `shortcuts`: whether the
    keyboard shortcuts are on, None where that was not chosen yet.

    `left_seconds` is the time to the end of the session, which activity extends as long as
    `can_extend`; `ends_at` is the absolute end.
    """

    name: str
    address: str
    full: bool
    validated: bool
    idle_seconds: int
    left_seconds: int
    can_extend: bool
    ends_at: datetime
    role: str
    shortcuts: bool | None


def _me(request: web.Request) -> CurrentUser | None:
    session = request[REQUEST_STATE].session
    if session is None:
        return None
    limits, now = request.app[SESSIONS].limits, request.app[CLOCK]()
    until = session.expires_at(limits)
    return CurrentUser(
        name=session.name,
        address=session.address,
        full=session.full,
        validated=session.validated,
        idle_seconds=int(limits.idle.total_seconds()),
        left_seconds=max(0, int((until - now).total_seconds())),
        can_extend=until < session.ends_at,
        ends_at=session.ends_at,
        role=session.role,
        shortcuts=session.shortcuts,
    )


def _front_end_variables(request: web.Request) -> Mapping[str, Any]:
    made = request.app.get(PAGE_VARIABLES)
    return made(request) if made is not None else {}


def _flash(request: web.Request, variables: Mapping[str, object]) -> list[tuple[str, str]]:
    state = request[REQUEST_STATE]
    found = None
    if state.flash is not None:
        found = request.app[FLASH_MESSAGE](request, state.flash, variables)
    if found is None:
        return []
    set_cookie(request, FLASH_COOKIE, "", 0)
    return [] if "{" in found[1] else [found]
