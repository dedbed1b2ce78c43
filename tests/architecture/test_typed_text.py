"""Typed text has one module that normalizes it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ONLY = "shared/domain/typed_text.py"


def test_s_03_nothing_else_normalizes() -> None:
    for top in ("services", "shared", "operations"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == ONLY or "normalize" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Attribute) and node.attr == "normalize":
                    assert ast.unparse(node.value) != "unicodedata", name
                if isinstance(node, ast.ImportFrom) and node.module == "unicodedata":
                    assert "normalize" not in {alias.name for alias in node.names}, name
