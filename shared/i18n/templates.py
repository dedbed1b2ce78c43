"""The texts of Jinja templates: `_("…")` and `ngettext("…", "…", n)`."""

from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from shared.i18n.catalogue import PLACEHOLDER, translate, translate_plural


class CompiledTemplates(jinja2.BytecodeCache):
    """The code of templates, for environments of the same options: each is compiled once.

    Texts are looked up when a page is rendered, so environments of all languages may share one,
    unless a filter depends on the language: Jinja applies filters to constants when it compiles.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code of the same template with the same source, if there is one."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember a compiled template."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


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
