"""Templates to pages: one environment per language, made once, every text escaped by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.i18n import dates
from shared.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from shared.i18n.templates import add_texts

VOWELS = frozenset("AEIOUYÀÂÉÈÊËÎÏÔÙÛÜ")


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

    def names(self, lang: str) -> dict[str, str]:
        """What texts call the service and its operator.

        French elides the article before the vowel of an acronym or a name, whatever its gender:
        `l'ANSM`. Before a consonant the gender is not known, so the name stands alone.
        """
        elided = lang == "fr" and self.operator[:1].upper() in VOWELS
        return {
            "service": self.service_name,
            "operator": self.operator,
            "the_operator": f"l'{self.operator}" if elided else self.operator,
        }


class Pages:
    """Renders templates in French and English."""

    def __init__(
        self, brand: PageBrand, static: Callable[[str], str], folders: Sequence[Path]
    ) -> None:
        self.brand = brand
        self._environments = {
            language: _environment(language, folders, brand, static) for language in LANGUAGES
        }

    def names(self, lang: str) -> dict[str, str]:
        """What texts call the service and its operator."""
        return self.brand.names(lang)

    def render(self, template: str, lang: str, variables: dict[str, Any]) -> str:
        """The page, in one language."""
        return self._environments[lang].get_template(template).render(variables)

    def compile_all(self) -> list[str]:
        """Compile every template now, so that a broken one stops the start; returns their names."""
        names = self._environments[DEFAULT_LANGUAGE].list_templates(extensions=["html"])
        for environment in self._environments.values():
            for name in names:
                environment.get_template(name)
        return names


def _environment(
    lang: str, folders: Sequence[Path], brand: PageBrand, static: Callable[[str], str]
) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    add_texts(environment, lang)
    environment.globals.update(
        brand=brand,
        **brand.names(lang),
        static=static,
        fmt_day=partial(dates.format_day, language=lang),
        fmt_date=partial(dates.format_date, language=lang),
        fmt_datetime=partial(dates.format_datetime, language=lang),
        fmt_time=partial(dates.format_time, language=lang),
        fmt_short=partial(dates.format_short, language=lang),
        fmt_number=partial(dates.format_number, language=lang),
    )
    return environment
