"""`impex check`: what holds before each commit. `impex test`: before a change is accepted.

`check` needs no servers: style, types, the tests of units, architecture and contracts. `test` adds
the tests that need servers and a browser. Both stop at the first step that fails.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping

from operations.install.paths import ROOT
from operations.printing import done, say

Steps = Mapping[str, tuple[str, ...]]

LINT: Steps = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy --strict": ("mypy",),
    "generated documents": ("operations", "docs", "--check"),
}
#: The daemon keeps the syntax trees of the last check and reads only what changed; it ends by
#: itself an hour after the last check.
QUICK_LINT: Steps = {**LINT, "mypy --strict": ("mypy.dmypy", "run", "--timeout", "3600", "--")}
LOCAL = ("tests/unit", "tests/architecture", "tests/contract")
#: For two cores. Unit tests keep both busy; the others wait for servers and browsers at times, when
#: two more workers continue. Files that share an installation stay in one worker, and
#: `tests/support/scheduling.py` orders them.
LOCAL_TESTS: Steps = {"unit, architecture and contract tests": ("pytest", "-q", "-n", "2", *LOCAL)}
OTHERS = tuple(f"--ignore={folder}" for folder in LOCAL)
#: A module that cannot be imported fails at once, and the workers of the last step find all modules
#: compiled. The tests that need no server come next and need no collection before.
COLLECTION: Steps = {"collection of other tests": ("pytest", "--collect-only", "-qq", *OTHERS)}
SERVER_TESTS: Steps = {
    "other tests": (
        *("pytest", "-q", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"),
        *OTHERS,
    ),
}


def check(_options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    return _run_steps(QUICK_LINT, quiet=True) or _run_steps(LOCAL_TESTS)


def test(options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    code = _run_steps(LINT, quiet=True)
    if code or options.only_lint:
        return code
    # In continuous integration a missing server is a failure, not a reason to skip.
    return _run_steps(COLLECTION, quiet=True) or _run_steps(
        {**LOCAL_TESTS, **SERVER_TESTS}, CI="true"
    )


def _run_steps(steps: Steps, *, quiet: bool = False, **defaults: str) -> int:
    """Exit code of the first step that failed, else 0; `quiet` ones print only when they fail.

    `defaults` are variables for the steps, unless the environment has others.
    """

    def run(module: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *module]
        environment = {**defaults, **os.environ}
        # Dozens of processes import the same modules, which are compiled for all of them once.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=quiet, text=True, check=False
        )

    for name, module in steps.items():
        begun = time.monotonic()
        result = run(module)
        if result.returncode > 1 and module != LINT.get(name, module):
            result = run(LINT[name])  # moves of modules crash the daemon at times
        if result.returncode:
            output = f"{result.stdout}{result.stderr}\n" if quiet else ""
            say(f"{output}{name} failed")
            return result.returncode
        done(name, time.monotonic() - begun)
    return 0
