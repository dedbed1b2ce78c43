"""Examples in docstrings are what the code does."""

import doctest
import importlib
from pathlib import Path

import pytest

from operations.install.paths import ROOT

PACKAGES = ("shared", "services", "operations")


def _modules() -> list[str]:
    """Every module with an example."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(_name(path) for path in paths if ">>> " in path.read_text("utf-8"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("name", _modules())
def test_the_examples_of_a_module_are_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
