"""The texts of Jinja templates: `_("…")` and `ngettext("…", "…", n)`.

A text without a placeholder is translated when its template is compiled, and is then a part of the
page like the HTML around it.
"""

import zlib
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context

from shared.i18n.catalogue import PLACEHOLDER, translate, translate_plural, translations


class CompiledTemplates(jinja2.BytecodeCache):
    """The code of templates, for environments of the same options and language: each is compiled
    once, and kept packed in this process's memory, since most pages are rarely read.
    """

    def __init__(self) -> None:
        self._packed: dict[tuple[str, str], bytes] = {}

    def compile(self, environment: jinja2.Environment, name: str) -> None:
        """Compile a template of the environment before it is read. Raises what jinja2 raises."""
        assert environment.loader is not None
        source, file, _ = environment.loader.get_source(environment, name)
        bucket = self.get_bucket(environment, name, file, source)
        if bucket.code is None:
            bucket.code = environment.compile(source, name, file)
            self.set_bucket(bucket)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code of the same template with the same source, if there is one."""
        packed = self._packed.get((bucket.key, bucket.checksum))
        if packed is not None:
            bucket.bytecode_from_string(zlib.decompress(packed))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember a compiled template."""
        packed = zlib.compress(bucket.bytecode_to_string())
        self._packed[bucket.key, bucket.checksum] = packed


def add_texts(environment: jinja2.Environment, language: str) -> None:
    """Give templates `lang`, `_` and `ngettext`.

    Placeholders are filled in from the arguments, else from the template's variables.
    """
    environment.globals |= {"lang": language, "_": _text, "ngettext": _plural_text}
    environment.code_generator_class = _TextsWrittenIn


class _TextsWrittenIn(CodeGenerator):
    """Writes constant texts into the code of a template, in the language of its environment."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """A text that is a value, such as a macro's argument."""
        text = self._constant_text(node)
        if text is None:
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            self.write(repr(text))

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        """A text that is shown, which Jinja escapes and joins with the HTML around it."""
        text = self._constant_text(node)
        shown = node if text is None else nodes.Const(text)
        return super()._output_child_to_const(shown, frame, finalize)

    def _constant_text(self, node: nodes.Expr) -> str | None:
        """The translation where `node` is `_("…")` without a placeholder, else None."""
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text))]):
                if "{" not in text:
                    return translations(str(self.environment.globals["lang"])).gettext(text)
        return None


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
