"""The texts of Jinja templates: `_("…")` and `ngettext("…", "…", n)`."""

from typing import Any

import jinja2
from jinja2.runtime import Context

from shared.i18n.catalogue import PLACEHOLDER, translate, translate_plural


def add_texts(environment: jinja2.Environment, language: str) -> None:
    """Give templates `lang`, `_` and `ngettext`.

    Placeholders are filled in from the arguments, else from the template's variables.
    """
    environment.globals |= {"lang": language, "_": _text, "ngettext": _plural_text}


@jinja2.pass_context
def _text(context: Context, text: str, /, **values: Any) -> str:
    return translate(text, context["lang"], **_values(context, text, values))


@jinja2.pass_context
def _plural_text(context: Context, one: str, other: str, n: int, /, **values: Any) -> str:
    found = _values(context, one + other, values)
    return translate_plural((one, other), n, context["lang"], **found)


def _values(context: Context, text: str, values: dict[str, Any]) -> dict[str, Any]:
    if "{" not in text:
        return values
    names = PLACEHOLDER.findall(text)
    return {name: context[name] for name in names if name in context} | values
