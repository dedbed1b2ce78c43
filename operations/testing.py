"""`impex test`: everything that must hold before a change is accepted.

Style, types, unit tests, then the tests that need servers and a browser. Stops at the first that
fails, and ends with the closing lines of each run of tests.
"""

from __future__ import annotations

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
#: We count on two cores. Unit tests leave none idle; the others wait for servers and browsers at
#: times, when a third worker goes on. A file stays in one worker, because its tests may share an
#: installation. In the order of their names: sorted by the number of tests, as they would be else,
#: the files that take longest came last and one worker waited for the other.
TESTS = {
    "unit tests": ["-m", "pytest", "-q", "-n", "2", "tests/unit"],
    "other tests": [
        *("-m", "pytest", "-q", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
        "--ignore=tests/unit",
    ],
}


def main(options: argparse.Namespace) -> int:
    """Exit code of the first check that failed, else 0."""
    for name, command in LINT.items():
        begun = time.monotonic()
        result = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if result.returncode:
            say(f"{result.stdout}{result.stderr}\n{name} failed")
            return result.returncode
        done(name, time.monotonic() - begun)
    if options.only_lint:
        return 0
    # Where checks run for everybody, a missing server is a failure and not a reason to skip.
    environment = {"CI": "true", **os.environ}
    for name, command in TESTS.items():
        begun = time.monotonic()
        code = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, check=False
        ).returncode
        if code:
            say(f"{name} failed")
            return code
        done(name, time.monotonic() - begun)
    return 0
