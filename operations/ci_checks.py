"""`impex check`: what holds before each commit. `impex test`: before a change is accepted.

`check` needs no servers: style, types, the tests of units, architecture and contracts. `test` adds
the tests that need servers and a browser. Both stop at the first step that fails.
"""

import argparse
import os
import subprocess
import sys
import time

from operations.install.paths import ROOT
from operations.install.progress import done, say

LINT = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy --strict": ["-m", "mypy"],
}
#: The daemon keeps the syntax trees of the last check and reads only what changed; it ends by
#: itself an hour after the last check.
QUICK_LINT = LINT | {"mypy --strict": ["-m", "mypy.dmypy", "run", "--timeout", "3600", "--"]}
LOCAL = ("tests/unit", "tests/architecture", "tests/contract")
#: We count on two cores. Unit tests leave none idle; the others wait for servers and browsers at
#: times, when a third worker goes on. A file stays in one worker, because its tests may share an
#: installation; `tests/conftest.py` orders the files.
PYTEST = ("-m", "pytest", "-q")
LOCAL_TESTS = {"unit, architecture and contract tests": [*PYTEST, "-n", "2", *LOCAL]}
SERVER_TESTS = {
    "other tests": [
        *PYTEST,
        *("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
        *(f"--ignore={folder}" for folder in LOCAL),
    ],
}


def check(_options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    return _lint(QUICK_LINT) or _tests(LOCAL_TESTS, dict(os.environ))


def test(options: argparse.Namespace) -> int:
    """Exit code of the first step that failed, else 0."""
    code = _lint(LINT)
    if code or options.only_lint:
        return code
    # Where checks run for everybody, a missing server is a failure and not a reason to skip.
    return _tests(LOCAL_TESTS | SERVER_TESTS, {"CI": "true", **os.environ})


def _lint(steps: dict[str, list[str]]) -> int:
    for name, command in steps.items():
        begun = time.monotonic()
        result = _run(command)
        if result.returncode > 1 and command != LINT[name]:
            result = _run(LINT[name])  # the daemon crashed: some moves of modules confuse it
        if result.returncode:
            say(f"{result.stdout}{result.stderr}\n{name} failed")
            return result.returncode
        done(name, time.monotonic() - begun)
    return 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def _tests(steps: dict[str, list[str]], environment: dict[str, str]) -> int:
    for name, command in steps.items():
        begun = time.monotonic()
        code = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, check=False
        ).returncode
        if code:
            say(f"{name} failed")
            return code
        done(name, time.monotonic() - begun)
    return 0
