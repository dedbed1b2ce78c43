"""Examples know the documents only, so that they can be copied away and read as a pattern."""

import ast
import re
from pathlib import Path

from shared.messaging.topology import OPERATORS
from tests.support.readme_commands import blocks

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
#: The packages of the project itself.
OURS = {"benchmarks", "operations", "services", "shared", "tests"}
#: Packages that a page names by another name than the module has.
INSTALLED_AS = {"aio_pika": "aio-pika"}
MAX_GATEWAY_LINES = 300


def python_files() -> list[Path]:
    """Every module of the examples."""
    return [one for one in EXAMPLES.rglob("*.py") if "node_modules" not in one.parts]


def test_b_10_no_example_imports_the_project() -> None:
    for path in python_files():
        tree = ast.parse(path.read_text("utf-8"))
        names = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or "."] if isinstance(node, ast.ImportFrom) else
                [one.name for one in node.names]
            )
        }  # fmt: skip
        assert names.isdisjoint(OURS), path
        assert "." not in names, path
    for path in EXAMPLES.glob("*/*.mjs"):
        imported = re.findall(r'from "([^"]+)"', path.read_text("utf-8"))
        assert imported
        assert not [one for one in imported if ".." in one], path


def test_b_10_partners_accept_what_an_operator_sends_again() -> None:
    """By the command line or on the desk's page, which have a broker user each."""
    texts = [
        EXAMPLES / "python/partner.py",
        EXAMPLES / "node/partner.mjs",
        ROOT / "docs/partners.md",
    ]
    for path in texts:
        text = path.read_text("utf-8").replace("`", '"')
        assert [name for name in OPERATORS if f'"{name}"' not in text] == [], path


def test_b_10_the_second_gateway_is_short() -> None:
    text = (EXAMPLES / "gateway" / "gateway.py").read_text("utf-8")
    assert len(text.splitlines()) < MAX_GATEWAY_LINES


def test_b_10_pages_of_examples_name_every_package_that_is_imported() -> None:
    import sys

    for path in python_files():
        (command,) = [
            one for one in blocks(path.with_name("README.md")) if one.startswith("pip install ")
        ]
        named = set(command.split()[2:])
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                module = (
                    node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                ) or ""
                first = module.partition(".")[0]
                if first not in sys.stdlib_module_names:
                    assert INSTALLED_AS.get(first, first) in named, (path, first)
