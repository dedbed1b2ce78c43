"""The SQL statements of a service, found in the text of its modules.

A statement is a string, an f-string of constants or a sum of them that begins as one. What a
function puts together when it runs is found too, without its text.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

BEGINNING = re.compile(
    r"\s*(select\s|insert\s+into\s|update\s+\w+\s+(as\s+\w+\s+|\w+\s+)?set\s|delete\s+from\s"
    r"|with\s+(recursive\s+)?\w+\s*(\(|as\b))",
    re.I,
)


@dataclass(frozen=True)
class Statement:
    """`name` is the module with the constant or function that it stands in, and `#2` for a second
    one there; `text` is None where it depends on more than constants."""

    name: str
    text: str | None


def statements_of(package: str) -> Iterator[Statement]:
    """The statements of a package and of what is below, in the order of the text."""
    found = importlib.import_module(package)
    modules = [found]
    for one in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not one.name.endswith("__main__"):
            modules.append(importlib.import_module(one.name))
    for module in modules:
        yield from _of_module(module)


def _of_module(module: ModuleType) -> Iterator[Statement]:
    path = module.__file__
    assert path is not None
    with open(path, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    seen: dict[str, int] = {}
    for top in tree.body:
        for place, node in _strings(top, _name(top)):
            text = _value(node, vars(module))
            known = text is not None
            text = _beginning(node) if text is None else text
            if not BEGINNING.match(text):
                continue
            name = f"{module.__name__}.{place}"
            seen[name] = seen.get(name, 0) + 1
            number = f"#{seen[name]}" if seen[name] > 1 else ""
            yield Statement(name + number, text if known else None)


def _strings(node: ast.AST, place: str) -> Iterator[tuple[str, ast.expr]]:
    """Strings with the name of the constant or function that they stand in; sums of strings, then
    their parts."""
    if _is_string(node) or _is_sum(node):
        assert isinstance(node, ast.expr)
        yield place, node
    if isinstance(node, ast.JoinedStr):
        return
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant):
            continue  # a docstring
        inner = _name(part)
        yield from _strings(part, f"{place}.{inner}" if inner and place else inner or place)


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_sum(node: ast.AST) -> bool:
    """Whether it is a sum of strings and of names that may be strings."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and all(
            _is_string(part) or isinstance(part, ast.Name) or _is_sum(part)
            for part in (node.left, node.right)
        )
    )


def _name(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name if name.isupper() or name.startswith("_") else ""
    return ""


def _value(node: ast.expr, names: dict[str, Any]) -> str | None:
    """The value of a string; None where it depends on more than constants, or is none."""
    try:
        expression = compile(ast.Expression(node), "<statement>", "eval")
        found = eval(expression, dict(names))
    except (NameError, KeyError, AttributeError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _beginning(node: ast.expr) -> str:
    first = node.values[0] if isinstance(node, ast.JoinedStr) else None
    return str(first.value) if isinstance(first, ast.Constant) else ""
