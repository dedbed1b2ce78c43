"""Every page of the gateway in every state, rendered without the gateway, for tests and for a look
in a browser.

`states()` names each state with its template and variables; `render` gives its HTML; `site` puts
all of them with their style sheets and scripts into a folder that any file server shows. `python -m
tests.support.pages.render_pages FOLDER` fills one. It does not use the routes.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from services.gateway.http import design_system
from services.gateway.http.rendering import Renderer
from services.gateway.http.static_files import data_modules
from services.gateway.portal.resources import GATEWAY, STATIC, TEMPLATES
from tests.support.pages.dossier_states import ROUTES
from tests.support.pages.page_basis import BRAND, State
from tests.support.pages.page_states import STATES

PROJECT = GATEWAY.parents[1]
DSFR = PROJECT / "node_modules/@gouvfr/dsfr/dist"
LANGUAGES = ("fr", "en")
THEMES = ("dsfr", "neutral")


@dataclass(frozen=True)
class Page:
    """One state in one language and one brand."""

    state: State
    language: str = "fr"
    theme: str = "dsfr"

    @property
    def name(self) -> str:
        """Its file name in a folder of pages."""
        suffix = "" if self.theme == "dsfr" else f".{self.theme}"
        return f"{self.state.name}.{self.language}{suffix}.html"


@cache
def templates(theme: str) -> Renderer:
    """Templates as the gateway loads them; addresses of static files are relative."""
    return Renderer(replace(BRAND, theme=theme), "static/{}".format, ROUTES.url, TEMPLATES)


def render(page: Page, environment: Renderer | None = None) -> str:
    """The page's HTML; `environment` replaces the one of the test brand."""
    state = page.state
    common: dict[str, Any] = {
        "switch_url": state.path,
        "path": state.path,
        "csrf": "c" * 43,
        "nonce": "n" * 22,
        "step": state.step,
        "flash": [],
        "form": None,
        "form_id": "",
        "reference": None,
        "due_url": None,
        "me": state.me,
    }
    localized = state.localized(page.language) if state.localized else {}
    variables = {**common, **state.variables, **localized}
    pages_of = environment or templates(page.theme)
    return pages_of.render(state.template, page.language, variables)


def pages(themes: tuple[str, ...] = THEMES) -> Iterator[Page]:
    """Every state, in both languages and the brands asked for."""
    return (
        Page(state, language, theme)
        for state in STATES
        for language in LANGUAGES
        for theme in themes
    )


def write_static(folder: Path, sources: Sequence[Path]) -> None:
    """Write the static files of a front end below `folder`."""
    static = folder / "static"
    for source in sources:
        shutil.copytree(source, static, dirs_exist_ok=True)
    for name, module in data_modules().items():
        (static / name).write_bytes(module)
    (static / "dsfr.css").write_text(design_system.bundle_css(DSFR, "dsfr/{}".format), "utf-8")
    (static / "dsfr.mjs").write_text(design_system.bundle_js(DSFR), "utf-8")
    for name in design_system.dsfr_files(DSFR):
        target = static / "dsfr" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DSFR / name, target)


def site(folder: Path) -> list[str]:
    """Write every page and static file below `folder`; the pages' file names."""
    write_static(folder, STATIC)
    names = []
    for page in pages():
        (folder / page.name).write_text(render(page), "utf-8")
        names.append(page.name)
    return names


if __name__ == "__main__":
    print(*site(Path(sys.argv[1])), sep="\n")
