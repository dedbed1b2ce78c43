"""Templates to pages: one environment per language, made once, every text escaped by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.web import i18n

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class PageBrand:
    """What pages say of the operator."""

    service_name: str
    operator: str
    logo_lines: tuple[str, ...]
    theme: str
    phone: str
    phone_international: str
    import_address: str
    export_address: str
    dpo: str
    dpo_postal: str
    sender: str
    try_out: bool
    recovery_codes: bool


class Pages:
    """Renders templates in French and English."""

    def __init__(
        self, brand: PageBrand, static: Callable[[str], str], folder: Path = TEMPLATES
    ) -> None:
        self.brand = brand
        self._environments = {
            language: _environment(language, folder, brand, static) for language in i18n.LANGUAGES
        }

    def render(self, template: str, lang: str, variables: dict[str, Any]) -> str:
        """The page, in one language."""
        return self._environments[lang].get_template(template).render(variables)

    def compile_all(self) -> list[str]:
        """Compile every template now, so that a broken one stops the start; returns their names."""
        names = self._environments[i18n.DEFAULT].list_templates(extensions=["html"])
        for environment in self._environments.values():
            for name in names:
                environment.get_template(name)
        return names


def _environment(
    lang: str, folder: Path, brand: PageBrand, static: Callable[[str], str]
) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    translations = i18n.load_translations(lang)
    environment.globals.update(
        _=translations.gettext,
        ngettext=translations.ngettext,
        lang=lang,
        brand=brand,
        static=static,
        fmt_day=lambda iso: i18n.format_day(iso, lang),
        fmt_date=partial(_on, i18n.format_date, lang),
        fmt_datetime=partial(_on, i18n.format_datetime, lang),
        fmt_time=i18n.format_time,
        fmt_short=lambda day: i18n.format_short(day, lang),
        fmt_number=lambda number: i18n.format_number(number, lang),
    )
    return environment


def _on(form: Callable[[datetime, str], str], lang: str, at: datetime) -> str:
    return form(at, lang)
