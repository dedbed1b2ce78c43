"""`impex`: the operator's commands.

Each verb lives in a module of its own, imported when it is asked for, so that a service started by
`impex run` carries nothing of the others.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

Verb = Callable[[argparse.Namespace], int]


def _run(options: argparse.Namespace) -> int:
    from operations.house import service
    from shared.service import run_services

    return run_services([service(name) for name in options.services])


def _module(name: str) -> Verb:
    """A verb whose module `operations.<name>` offers `main(options) -> int`."""

    def do(options: argparse.Namespace) -> int:
        verb: Verb = importlib.import_module(f"operations.{name}").main
        return verb(options)

    return do


def parser() -> argparse.ArgumentParser:
    """The command line, verb by verb."""
    made = argparse.ArgumentParser(prog="impex", description=__doc__.splitlines()[0])
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="run one service, or several in one process")
    run.add_argument("services", nargs="+", metavar="SERVICE")
    run.set_defaults(do=_run)
    up = verbs.add_parser("up", help="start everything on this machine, until Ctrl-C")
    up.set_defaults(do=_module("up"))
    test = verbs.add_parser("test", help="check the code and run every test")
    test.add_argument("--only-lint", action="store_true", help="leave the tests out")
    test.set_defaults(do=_module("testing"))
    return made


def main(argv: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code: 0 done, 1 failed, 2 wrong settings or command line."""
    options = parser().parse_args(argv)
    do: Verb = options.do
    sys.exit(do(options))
