"""The programs of `examples/node`, as a newcomer runs them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "node"


def require_node_packages() -> None:
    """Skip without Node.js and the packages of its lock on a laptop; fail in CI."""
    if not (shutil.which("node") and (FOLDER / "node_modules").is_dir()):
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("Node.js or the packages of examples/node are not installed")


def run_node(
    *arguments: str, variables: dict[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """One program with its arguments, in its folder; `variables` are added to the environment."""
    require_node_packages()
    return subprocess.run(
        ["node", *arguments],
        cwd=FOLDER,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
