"""Every page of the gateway in every state, rendered without the gateway: for tests and for eyes.

`states()` names each state with its template and variables; `render` gives its HTML; `site` puts
all of them with their style sheets and scripts into a folder that any file server shows.
`python -m tests.support.render_pages FOLDER` fills one. It promises nothing about routes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.web import static_files
from services.gateway.web.i18n import (
    format_date,
    format_datetime,
    format_time,
    load_translations,
    other_language,
)
from tests.support.page_states import BRAND, STATES, State

WEB = Path(static_files.__file__).parent
PROJECT = WEB.parents[2]
DSFR = PROJECT / "node_modules/@gouvfr/dsfr/dist"
LANGUAGES = ("fr", "en")
THEMES = ("dsfr", "neutral")


@dataclass(frozen=True)
class Page:
    """One state in one language and one brand."""

    state: State
    language: str = "fr"
    theme: str = "dsfr"
    brand: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its file name in a folder of pages."""
        suffix = "" if self.theme == "dsfr" else f".{self.theme}"
        return f"{self.state.name}.{self.language}{suffix}.html"


def environment() -> Environment:
    """Templates as the gateway loads them; an unknown variable is an error."""
    loader = FileSystemLoader(WEB / "templates")
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(page: Page, env: Environment | None = None) -> str:
    """The page's HTML; addresses of static files are relative to the folder of pages."""
    translations = load_translations(page.language)
    brand = SimpleNamespace(**{**BRAND, "theme": page.theme, **page.brand})
    lang = page.language
    common: dict[str, Any] = {
        "_": translations.gettext,
        "ngettext": translations.ngettext,
        "lang": lang,
        "other_lang": other_language(lang),
        "switch_url": page.state.path,
        "path": page.state.path,
        "brand": brand,
        "csrf": "c" * 43,
        "nonce": "n" * 22,
        "static": lambda name: f"static/{name}",
        "step": page.state.step,
        "flash": [],
        "fmt_datetime": lambda at: format_datetime(at, lang),
        "fmt_time": format_time,
        "fmt_date": lambda at: format_date(at, lang),
    }
    template = (env or environment()).get_template(page.state.template)
    return template.render({**common, **page.state.variables(translations)})


def pages(themes: tuple[str, ...] = THEMES) -> Iterator[Page]:
    """Every state, in both languages and the brands asked for."""
    return (
        Page(state, language, theme)
        for state in STATES
        for language in LANGUAGES
        for theme in themes
    )


def site(folder: Path) -> list[str]:
    """Write every page and static file below `folder`; the pages' file names."""
    static = folder / "static"
    shutil.copytree(WEB / "static", static, dirs_exist_ok=True)
    (static / "dsfr.css").write_text(static_files.bundle_css(DSFR, "dsfr/{}".format), "utf-8")
    (static / "dsfr.mjs").write_text(static_files.bundle_js(DSFR), "utf-8")
    for name in static_files.dsfr_files(DSFR):
        target = static / "dsfr" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DSFR / name, target)
    env = environment()
    names = []
    for page in pages():
        (folder / page.name).write_text(render(page, env), "utf-8")
        names.append(page.name)
    return names


if __name__ == "__main__":
    print(*site(Path(sys.argv[1])), sep="\n")
