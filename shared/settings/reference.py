"""What settings there are: the table of the documentation, and the search for misspelt names."""

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from shared.security.sealing import KeyRing
from shared.settings.reading import Spec, specs

PREFIX = "IMPEX_"
#: How alike two names must be for one to be taken for a slip of the other.
ALIKE = 0.8

TYPES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    KeyRing: "keys, `id:base64` each 32 bytes, first is current",
}


def unknown_names(classes: Iterable[type[Any]], environ: Mapping[str, str]) -> list[str]:
    """Variables of ours that none of the classes reads, each with the name it resembles, if any."""
    known: set[str] = set()
    for cls in classes:
        for _, spec in specs(cls):
            known.add(spec.name)
            if spec.secret:
                known.add(f"{spec.name}_FILE")
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return [name + _resembles(name, known - set(environ)) for name in unknown]


def _resembles(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=ALIKE)
    return f" (did you mean {close[0]}?)" if close else ""


def settings_table(classes: Iterable[type[Any]]) -> str:
    """A Markdown table of every setting of the classes, by name, each once."""
    rows: dict[str, str] = {}
    for cls in classes:
        hints = get_type_hints(cls)
        for field, spec in specs(cls):
            rows.setdefault(spec.name, _row(field, spec, hints[field.name]))
    head = ["| setting | value | default | what it does |", "|---|---|---|---|"]
    return "\n".join(head + [rows[name] for name in sorted(rows)]) + "\n"


def _row(field: dataclasses.Field[Any], spec: Spec, hint: Any) -> str:
    name = f"`{spec.name}`"
    if spec.secret:
        name += f"<br>or `{spec.name}_FILE`"
    cells = (name, _value(spec, hint), _default(field, spec), spec.doc)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _value(spec: Spec, hint: Any) -> str:
    if spec.choices is not None:
        return ", ".join(f"`{choice}`" for choice in spec.choices if choice)
    args = [one for one in typing.get_args(hint) if one not in (type(None), Ellipsis)]
    if typing.get_origin(hint) is tuple:
        text = "list, comma between"
    else:
        text = TYPES[args[0] if args else hint]
    if spec.unit:
        text = f"{text}, {spec.unit}"
    if spec.ge is not None and spec.le is not None:
        return f"{text}, {spec.ge:.10g} to {spec.le:.10g}"
    if spec.ge is not None:
        return f"{text}, at least {spec.ge:.10g}"
    if spec.le is not None:
        return f"{text}, at most {spec.le:.10g}"
    return text


def _default(field: dataclasses.Field[Any], spec: Spec) -> str:
    if spec.default_doc is not None:
        return spec.default_doc
    if field.default is dataclasses.MISSING:
        return "required"
    if field.default is None or field.default in ("", ()):
        return "none"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, tuple):
        return f"`{','.join(field.default)}`"
    return f"`{field.default}`"
