"""`impex`: the operator's commands.

Each verb lives in a module of its own, imported when it is asked for, so that a service started by
`impex run` carries nothing of the others.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from operations.printing import ignore_broken_pipe
from shared.errors import ConfigurationError, ImpexError

Verb = Callable[[argparse.Namespace], int]


def _run(options: argparse.Namespace) -> int:
    from operations.service_registry import service
    from shared.runtime.main import run_services

    return run_services([service(name) for name in options.services])


def _module(name: str, function: str = "main") -> Verb:
    """A verb whose module `operations.<name>` offers `function(options) -> int`."""

    def do(options: argparse.Namespace) -> int:
        verb: Verb = getattr(importlib.import_module(f"operations.{name}"), function)
        return verb(options)

    return do


Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """The command line, verb by verb."""
    made = argparse.ArgumentParser(prog="impex", description=(__doc__ or "").splitlines()[0])
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    _local(verbs)
    _queues(verbs)
    _mails(verbs)
    _dossiers(verbs)
    _installation(verbs)
    return made


def _verb(verbs: Verbs, name: str, do: Verb, text: str) -> argparse.ArgumentParser:
    made = verbs.add_parser(name, help=text, description=text)
    made.set_defaults(do=do)
    return made


def _json(made: argparse.ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help="for programs")


def _local(verbs: Verbs) -> None:
    run = _verb(verbs, "run", _run, "run one service, or several in one process")
    run.add_argument("services", nargs="+", metavar="SERVICE")
    up = _verb(verbs, "up", _module("local.up"), "start everything on this machine, until Ctrl-C")
    text = "do not start this service, print how to start it in a debugger; repeatable"
    up.add_argument("--without", action="append", default=[], metavar="SERVICE", help=text)
    text = "restart a service when its files change"
    up.add_argument("--watch", action="store_true", help=text)
    _inspection(verbs)
    _json(_verb(verbs, "status", _module("operate.status"), "services, addresses and queues"))
    reset = _verb(
        verbs, "reset", _module("local.reset"), "delete this machine's data, after asking"
    )
    reset.add_argument("--yes", action="store_true", help="do not ask")
    quick = "check the code and run the tests that need no server"
    _verb(verbs, "check", _module("ci_checks", "check"), quick)
    test = _verb(verbs, "test", _module("ci_checks", "test"), "check the code and run every test")
    test.add_argument("--only-lint", action="store_true", help="leave the tests out")
    docs = _verb(
        verbs, "docs", _module("docs.generate_docs"), "write the tables of settings and events"
    )
    docs.add_argument("--check", action="store_true", help="only say whether they are up to date")
    texts = _verb(verbs, "texts", _module("texts"), "collect the texts to translate")
    texts.add_argument("--check", action="store_true", help="only say whether they are up to date")


def _inspection(verbs: Verbs) -> None:
    logs = _verb(verbs, "logs", _module("local.logs"), "the services' log lines, merged by time")
    logs.add_argument("--trace", metavar="ID", help="one trace id, or its beginning")
    logs.add_argument("--service", metavar="SERVICE", help="one service, or launcher")
    logs.add_argument("--follow", action="store_true", help="print new lines until Ctrl-C")
    text = "open psql on a service's schema, with the service's role"
    psql = _verb(verbs, "psql", _module("local.psql"), text)
    psql.add_argument("service", metavar="SERVICE")
    psql.add_argument("arguments", nargs="*", metavar="ARG", help="after --: arguments of psql")


def _queues(verbs: Verbs) -> None:
    _json(_verb(verbs, "queues", _module("operate.queues"), "every queue and its depth"))
    dead = verbs.add_parser("dead", help="dead letters: messages that could not be handled")
    actions = dead.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "why and since when, without the content"
    listing = _verb(actions, "list", _module("operate.dead_letters", "main_list"), text)
    listing.add_argument("service", nargs="?", metavar="SERVICE")
    _json(listing)
    again = _verb(
        actions,
        "replay",
        _module("operate.dead_letters", "main_replay"),
        "send to the service again",
    )
    again.add_argument("service", metavar="SERVICE")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", help="one message")
    which.add_argument("--type", help="every message of a type")
    which.add_argument("--all", action="store_true", help="every message")


def _mails(verbs: Verbs) -> None:
    mail = verbs.add_parser("mail", help="mails in doubt, and the DNS of their sender")
    actions = mail.add_subparsers(dest="action", required=True, metavar="ACTION")
    _json(
        _verb(actions, "held", _module("operate.mails", "main_held"), "mails that may have arrived")
    )
    again = _verb(actions, "send", _module("operate.mails", "main_send"), "send a held mail again")
    again.add_argument("id", metavar="ID")
    drop = _verb(actions, "drop", _module("operate.mails", "main_drop"), "give a held mail up")
    drop.add_argument("id", metavar="ID")
    text = "what the sender's domain must say in the DNS, and what is missing"
    records = _verb(actions, "records", _module("operate.mail_dns"), text)
    records.add_argument("--selector", help="the DKIM selector of the relay")


def _dossiers(verbs: Verbs) -> None:
    dossiers = verbs.add_parser("dossiers", help="events of dossiers")
    actions = dossiers.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "send the events of a CSV file, as the application that decides dossiers"
    send = _verb(actions, "send", _module("operate.dossiers", "main_send"), text)
    send.add_argument("file", metavar="FILE.csv", help="described in docs/dossiers.md")
    send.add_argument("--check", action="store_true", help="judge every line, send nothing")
    text = "fill an account's home page with sample dossiers"
    demo = _verb(verbs, "demo", _module("local.demo"), text)
    demo.add_argument("address", nargs="?", metavar="ADDRESS", help="default: the newest account")


def _installation(verbs: Verbs) -> None:
    text = "roles, schemas, users, rights and exchanges, as an administrator"
    _verb(verbs, "provision", _module("provision.install_commands", "provision"), text)
    text = "bring every schema up to date, as the owner"
    migrate = _verb(verbs, "migrate", _module("provision.install_commands", "migrate"), text)
    migrate.add_argument("--wait", type=float, default=30, help="seconds to wait for the server")
    text = "make the keys, passwords and addresses of an installation"
    made = _verb(verbs, "secrets", _module("provision.install_commands", "make_secrets"), text)
    made.add_argument("folder", metavar="FOLDER")
    made.add_argument("--database", default="127.0.0.1:5432/impex", metavar="HOST:PORT/NAME")
    made.add_argument("--broker", default="127.0.0.1:5672/impex", metavar="HOST:PORT/VHOST")
    made.add_argument("--management", default="127.0.0.1:15672", metavar="HOST:PORT")
    made.add_argument("--smtp", help="the value of IMPEX_SMTP_URL")


def main(argv: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code: 0 done, 1 failed, 2 wrong settings or command line."""
    ignore_broken_pipe()
    options = parser().parse_args(argv)
    do: Verb = options.do
    try:
        code = do(options)
    except ConfigurationError as error:
        for name, sentence in error.problems:
            print(f"impex: {name}: {sentence}", file=sys.stderr)
        code = 2
    except (ImpexError, OSError) as error:
        print(f"impex: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)
