"""`impex check`: what holds before each commit. `impex test`: before a change is accepted.

`check` needs no servers: style, types, the tests of units, architecture and contracts. `test` adds
the tests that need servers and a browser. What looks at the code runs at the same time: one of the
two cores would have little to do while types are checked, so `test` runs the tests that need no
server beside it. The others follow unless something failed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory

from operations.install.paths import ROOT
from operations.printing import done, say

Steps = Mapping[str, tuple[str, ...]]
#: Steps that run at the same time.
CORES = 2

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
#: compiled and the order of the pages known.
COLLECTION: Steps = {"collection of other tests": ("pytest", "--collect-only", "-qq", *OTHERS)}
SERVER_TESTS: Steps = {
    "other tests": (
        *("pytest", "-q", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"),
        *OTHERS,
    ),
}


def check(_options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    return _run_at_once(QUICK_LINT, {}) or _run_steps(LOCAL_TESTS, {})


def test(options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    if options.only_lint:
        return _run_at_once(LINT, {})
    with TemporaryDirectory(prefix="impex-test-results-") as results:
        # In continuous integration a missing server is a failure, not a reason to skip.
        defaults = {"CI": "true", "IMPEX_TEST_RESULTS": results}
        return _run_at_once({**LINT, **COLLECTION, **LOCAL_TESTS}, defaults) or _run_steps(
            SERVER_TESTS, defaults
        )


def _run_at_once(steps: Steps, defaults: Mapping[str, str]) -> int:
    """Exit code of the first step that failed, else 0; the output of steps that fail is shown.

    `defaults` are variables for the steps, unless the environment has others.
    """

    def run_quietly(name: str, module: tuple[str, ...]) -> tuple[int, float, str]:
        begun = time.monotonic()
        result = _run(module, defaults, capture_output=True)
        if result.returncode > 1 and module != LINT.get(name, module):
            # Moves of modules crash the daemon.
            result = _run(LINT[name], defaults, capture_output=True)
        return result.returncode, time.monotonic() - begun, f"{result.stdout}{result.stderr}\n"

    with ThreadPoolExecutor(CORES) as pool:
        running = {name: pool.submit(run_quietly, name, module) for name, module in steps.items()}
        codes = [_report(name, *ended.result()) for name, ended in running.items()]
    return next(filter(None, codes), 0)


def _run_steps(steps: Steps, defaults: Mapping[str, str]) -> int:
    """Exit code of the first step that failed, else 0.

    `defaults` are variables for the steps, unless the environment has others.
    """
    for name, module in steps.items():
        begun = time.monotonic()
        result = _run(module, defaults)
        if _report(name, result.returncode, time.monotonic() - begun):
            return result.returncode
    return 0


def _run(
    module: tuple[str, ...], defaults: Mapping[str, str], *, capture_output: bool = False
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *module]
    environment = {**defaults, **os.environ}
    # Dozens of processes import the same modules, which are compiled for all of them once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=capture_output, text=True, check=False
    )


def _report(name: str, code: int, seconds: float, output: str = "") -> int:
    if code:
        say(f"{output}{name} failed")
    else:
        done(name, seconds)
    return code
