"""The program and its package bear the same version."""

import tomllib
from pathlib import Path

from shared.version import VERSION


def test_the_version_is_that_of_the_package() -> None:
    project = Path(__file__).parents[3] / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["version"] == VERSION
