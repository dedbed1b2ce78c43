"""`impex`: the operator's commands.

The module of a verb is imported only when that verb runs, so that a service started by `impex run`
loads nothing of the others.
"""

import argparse
import importlib
import logging
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from operations.printing import escape, flush_output, tolerate_output
from shared.errors import ConfigurationError, ImpexError, plain_reason

#: Debian's file of public certificate authorities.
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

Verb = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def run(options: argparse.Namespace) -> int:
    """Run services in this process."""
    from operations.service_registry import service
    from shared.runtime.main import run_services

    return run_services([service(name) for name in options.services])


def _call(target: str, options: argparse.Namespace) -> int:
    module, _, function = target.rpartition(".")
    verb: Verb = getattr(importlib.import_module(f"operations.{module}"), function)
    return verb(options)


def _verb(verbs: Verbs, name: str, target: str, text: str) -> argparse.ArgumentParser:
    """A verb that calls `operations.<target>`, a function of the options that returns a code."""
    made = verbs.add_parser(name, help=text, description=text)
    made.set_defaults(do=partial(_call, target), command=made)
    return made


def _group(verbs: Verbs, name: str, text: str) -> Verbs:
    group = verbs.add_parser(name, help=text)
    return group.add_subparsers(dest="action", required=True, metavar="ACTION")


def _switch(verb: argparse.ArgumentParser, name: str, text: str) -> None:
    verb.add_argument(name, action="store_true", help=text)


def _number(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number of an option."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def parser() -> argparse.ArgumentParser:
    """The command line, verb by verb."""
    made = argparse.ArgumentParser(prog="impex", description=(__doc__ or "").splitlines()[0])
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    for add_verbs in (_local, _development, _operation, _installation):
        add_verbs(verbs)
    return made


def _local(verbs: Verbs) -> None:
    services = _verb(verbs, "run", "cli.run", "run one service, or several in one process")
    services.add_argument("services", nargs="+", metavar="SERVICE")
    up = _verb(verbs, "up", "local.up.main", "start everything on this machine, until Ctrl-C")
    text = "do not start this service, print how to start it in a debugger; repeatable"
    up.add_argument("--without", action="append", default=[], metavar="SERVICE", help=text)
    _switch(up, "--watch", "restart a service when its files change")
    text = "the services' log lines, merged by time"
    logs = _verb(verbs, "logs", "local.logs.main", text)
    logs.add_argument("--trace", metavar="ID", help="one trace id, or its beginning")
    text = "one service, launcher, or operator: what was done by commands"
    logs.add_argument("--service", metavar="SERVICE", help=text)
    _switch(logs, "--follow", "print new lines until Ctrl-C")
    text = "open psql on a service's schema, with the service's role"
    psql = _verb(verbs, "psql", "local.psql.main", text)
    psql.add_argument("service", metavar="SERVICE")
    text = "arguments of psql, with or without -- before them"
    rest = psql.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help=text)
    rest.required = False  # so that it is not named where the service is missing
    text = "fill an account's home page with sample dossiers"
    demo = _verb(verbs, "demo", "local.demo.main", text)
    demo.add_argument("address", nargs="?", metavar="ADDRESS", help="default: the newest account")
    text = "delete this machine's data, after asking"
    _switch(_verb(verbs, "reset", "local.reset.main", text), "--yes", "do not ask")


def _development(verbs: Verbs) -> None:
    text = "check the code and run the tests that need no server"
    _verb(verbs, "check", "ci_checks.check", text)
    test = _verb(verbs, "test", "ci_checks.test", "check the code and run every test")
    _switch(test, "--only-lint", "leave the tests out")
    for name, target, text in (
        ("docs", "docs.generate_docs.main", "write the tables of settings and events"),
        ("texts", "texts.main", "collect the texts to translate"),
    ):
        only_check = "only say whether they are up to date"
        _switch(_verb(verbs, name, target, text), "--check", only_check)


def _operation(verbs: Verbs) -> None:
    text = "servers, services, mails and queues: what answers, and what waits"
    status = _verb(verbs, "status", "operate.status.main", text)
    text = "whether the services of this container are ready, for its health check"
    _verb(verbs, "healthy", "operate.healthy.main", text)
    text = "what waits, moves or is dead, live until Ctrl-C on a terminal"
    queues = _verb(verbs, "queues", "operate.queues.main", text)
    _switch(queues, "--all", "also what is at rest")
    _switch(queues, "--once", "print it once")

    _dead_letters(verbs)

    mail = _group(verbs, "mail", "mails that were not accepted, and the DNS of their sender")
    text = "mails that wait, are deferred, were refused, or are held because they may have arrived"
    mails = _verb(mail, "list", "operate.mails.main_list", text)
    mails.add_argument("--state", choices=("waiting", "deferred", "refused", "held"))
    mails.add_argument("--to", metavar="ADDRESS", help="to this address")
    moment = "such as 2026-01-15T09:30 (UTC), or 90m, 12h, 3d for so long ago"
    mails.add_argument("--since", metavar="MOMENT", help=f"written since then: {moment}")
    shown = _verb(mail, "show", "operate.mails.main_show", "one mail, and what each server said")
    send = _verb(mail, "send", "operate.mails.main_send", "send a mail again, with its Message-ID")
    send.add_argument("id", metavar="ID", nargs="?")
    text = f"every mail that was refused since then: {moment}"
    send.add_argument("--all-refused-since", metavar="MOMENT", help=text)
    drop = _verb(mail, "drop", "operate.mails.main_drop", "give a held or deferred mail up")
    drop.add_argument("--reason", required=True, help="why; written to the journal")
    for verb in (shown, drop):
        verb.add_argument("id", metavar="ID")
    text = "what the sender's domain must say in the DNS, and what is missing"
    records = _verb(mail, "records", "operate.mail_dns.main", text)
    records.add_argument("--selector", help="the DKIM selector of the relay")

    agent = _group(verbs, "agent", "who works at the desk")
    text = "invite an agent by a link that is mailed"
    added = _verb(agent, "add", "operate.agents.main_add", text)
    added.add_argument("address", metavar="ADDRESS")
    roles = ("agent", "supervisor", "operator", "auditor")
    added.add_argument("--role", required=True, choices=roles)
    text = "of the mail; default: fr"
    added.add_argument("--language", choices=("fr", "en"), default="fr", help=text)
    text = "let an agent give password and second factor anew, by a link that is mailed"
    reset = _verb(agent, "reset", "operate.agents.main_reset", text)
    reset.add_argument("address", metavar="ADDRESS")
    team = _verb(agent, "list", "operate.agents.main_list", "all agents")

    accounts = _group(verbs, "accounts", "accounts of an agency's existing users")
    text = "check a CSV file of people; with --codes make their accounts, without any mail"
    users = _verb(accounts, "import", "operate.accounts.main_import", text)
    users.add_argument("file", metavar="FILE.csv", help="described in docs/accounts.md")
    text = "make the accounts, and write the code of each person to this new file"
    users.add_argument("--codes", metavar="CODES.csv", help=text)
    text = "how long a code is valid; default: 30"
    users.add_argument("--days", type=int, default=30, metavar="N", help=text)
    _switch(users, "--renew", "another code for accounts that were imported and never joined")

    for listing in (status, queues, mails, shown, team):
        _switch(listing, "--json", "for programs")

    journal = _group(verbs, "journal", "the journal of the desk: its chain, exports, old events")
    text = "check every row against the chain; exit code 1 where one was touched"
    check = _verb(journal, "verify", "operate.journal.main_verify", text)
    check.add_argument("--anchors", metavar="FILE", help="anchors that were copied elsewhere")
    text = "anchor the chain now, and print the anchor or append it to a file"
    anchor = _verb(journal, "anchor", "operate.journal.main_anchor", text)
    anchor.add_argument("--to", metavar="FILE")
    text = "accounts and events between two days, as CSV files; written to the journal"
    export = _verb(journal, "export", "operate.journal.main_export", text)
    export.add_argument("first", metavar="FROM", help="a day, such as 2026-01-15")
    export.add_argument("last", metavar="TO", help="the last day")
    export.add_argument("--to", metavar="FOLDER", default="journal-export")
    text = "take in the events that nobody subscribed to before"
    _verb(journal, "collect", "operate.journal.main_collect", text)
    _switch(check, "--json", "for programs")

    dossiers = _group(verbs, "dossiers", "events of dossiers")
    text = "send the events of a CSV file, as the application that decides dossiers"
    file = _verb(dossiers, "send", "operate.dossiers.main_send", text)
    file.add_argument("file", metavar="FILE.csv", help="described in docs/dossiers.md")
    _switch(file, "--check", "check every line, send nothing")
    text = "what became of each message of a partner about a dossier, the latest first"
    log = _verb(dossiers, "log", "operate.dossier_log.main", text)
    log.add_argument("--message", metavar="ID", help="one message, by its id")
    log.add_argument("--dossier", metavar="NUMBER", help="of a dossier, by its number or id")
    log.add_argument("--partner", metavar="NAME", help="of one partner")
    log.add_argument(
        "--limit", type=_number(1, 10_000), default=50, metavar="N", help="default: 50"
    )
    _switch(log, "--json", "for programs")


def _dead_letters(verbs: Verbs) -> None:
    dead = _group(verbs, "dead", "dead letters: messages that could not be handled")
    text = "by fault: how many, since when, why; never the content"
    listed = _verb(dead, "list", "operate.dead_letters.main_list", text)
    listed.add_argument("service", nargs="?", metavar="SERVICE")
    _switch(listed, "--letters", "one line for each letter")
    _switch(listed, "--json", "for programs")
    text = "one letter: why, since when, who published it; what may be personal is hidden"
    shown = _verb(dead, "show", "operate.dead_letters.main_show", text)
    shown.add_argument("service", metavar="SERVICE")
    shown.add_argument("--id", help="its id or code; without it, the oldest of what is named")
    shown.add_argument("--type", help="a letter of this type")
    shown.add_argument("--fault", help="a letter of this fault, as `impex dead list` shows")
    _switch(shown, "--reveal", "show every value; needs --reason, and is written to the journal")
    shown.add_argument("--reason", help="why it must be read")
    _switch(shown, "--json", "for programs")
    for verb in (listed, shown):
        text = "look elsewhere: what waits to be tried again, what nobody hears, what was discarded"
        places = ("dead", "retry", "unrouted", "discarded")
        verb.add_argument("--in", dest="place", choices=places, default="dead", help=text)
    text = "send to the service again"
    replay = _verb(dead, "replay", "operate.dead_letters.main_replay", text)
    _switch(replay, "--try", "let the service handle one and undo it, and say what happened")
    text = "kept for 30 days, then deleted; the only way for forged ones"
    discard = _verb(dead, "discard", "operate.dead_letters.main_discard", text)
    discard.add_argument("--reason", required=True, help="why; written to the journal")
    for verb in (replay, discard):
        verb.add_argument("service", metavar="SERVICE")
        which = verb.add_mutually_exclusive_group(required=True)
        which.add_argument("--id", help="one letter, by its id or code")
        which.add_argument("--type", help="every letter of a type")
        which.add_argument("--fault", help="every letter of a fault, as `impex dead list` shows")
        which.add_argument("--all", action="store_true", help="every letter")


def _installation(verbs: Verbs) -> None:
    module = "provision.install_commands"
    text = "roles, schemas, users, rights and exchanges, as an administrator"
    provision = _verb(verbs, "provision", f"{module}.provision", text)
    _switch(provision, "--migrate", "also do what `impex migrate` does")
    text = "bring every schema up to date, as the owner"
    migrate = _verb(verbs, "migrate", f"{module}.migrate", text)
    for verb in (provision, migrate):
        text = "seconds to wait for a server; default: 30"
        verb.add_argument("--wait", type=_number(0, 3_600), default=30, metavar="N", help=text)
    text = "the database, the partners and the secrets, in a new folder; services may run meanwhile"
    backup = _verb(verbs, "backup", "provision.backup.main", text)
    backup.add_argument("folder", metavar="FOLDER", help="where the backups are")
    which = backup.add_mutually_exclusive_group()
    text = "the folder that `impex secrets` made; not needed beside `impex up`"
    which.add_argument("--secrets", metavar="FOLDER", help=text)
    text = "not the secrets: the keys are kept elsewhere"
    which.add_argument("--without-secrets", action="store_true", help=text)
    text = "then delete all backups in FOLDER but the newest N"
    backup.add_argument("--keep", type=int, metavar="N", help=text)
    restore = _group(verbs, "restore", "the database, the secrets or the partners of a backup")
    text = "put the database of a backup in place, as an administrator; services are stopped"
    database = _verb(restore, "database", "provision.restore.main_database", text)
    database.add_argument("backup", metavar="BACKUP", help="a folder that `impex backup` made")
    text = "the database that holds data now; it is kept under another name"
    database.add_argument("--replace", metavar="NAME", help=text)
    text = "put the secrets of a backup into a folder for `impex secrets`"
    kept = _verb(restore, "secrets", "provision.restore.main_secrets", text)
    kept.add_argument("backup", metavar="BACKUP", help="a folder that `impex backup` made")
    kept.add_argument("folder", metavar="FOLDER")
    text = "put the partners' files of a backup into the folder of IMPEX_PARTNERS_DIR"
    partners = _verb(restore, "partners", "provision.restore.main_partners", text)
    partners.add_argument("backup", metavar="BACKUP", help="a folder that `impex backup` made")
    _partners(verbs)
    text = "make the keys, passwords and addresses of an installation"
    made = _verb(verbs, "secrets", "provision.secret_folders.make_secrets", text)
    made.add_argument("folder", metavar="FOLDER")
    for option, place, default in (
        ("--database", "HOST:PORT/NAME", "127.0.0.1:5432/impex"),
        ("--broker", "HOST:PORT/VHOST", "127.0.0.1:5672/impex"),
        ("--management", "HOST:PORT", "127.0.0.1:15672"),
    ):
        made.add_argument(option, metavar=place, help=f"default: {default}")
    made.add_argument("--smtp", help="the value of IMPEX_SMTP_URL")
    text = "authority of the certificates of servers elsewhere; default: the system's"
    made.add_argument("--ca-file", default=SYSTEM_AUTHORITIES, metavar="FILE", help=text)
    _switch(made, "--without-tls", "also to servers elsewhere, in a try-out on a closed network")
    only = made.add_mutually_exclusive_group()
    text = "only put a new key in front of this ring, a setting's name, in every folder"
    only.add_argument("--rotate", metavar="RING", help=text)
    text = "only give a role, user or administrator a new password, in every folder"
    only.add_argument("--new-password", metavar="NAME", help=text)
    for option in ("owner", "group"):
        text = f"{option} of the folders and files, or of one reader's; repeatable"
        made.add_argument(
            f"--{option}", action="append", default=[], metavar="[READER=]NAME", help=text
        )


def _partners(verbs: Verbs) -> None:
    module = "provision.partner_commands"
    group = _group(verbs, "partner", "other applications that publish and hear events")
    text = "make its login, rights and queues, and print how it connects"
    add = _verb(group, "add", f"{module}.main_add", text)
    kinds = (("--hears", "that it receives"), ("--emits", "that it may publish"))
    for option, meaning in kinds:
        text = f"types of events {meaning}, as in docs/events.md; repeatable"
        add.add_argument(option, nargs="+", action="extend", default=[], metavar="TYPE", help=text)
    text = "post what it hears to this address (https) instead, signed"
    add.add_argument("--push", metavar="URL", help=text)
    text = "every partner: what it hears and emits, and what waits for it"
    listed = _verb(group, "list", f"{module}.main_list", text)
    text = "another password; the former one opens nothing any more"
    rotate = _verb(group, "rotate", f"{module}.main_rotate", text)
    text = "its login, its rights and its queues, after a list of what is lost"
    remove = _verb(group, "remove", f"{module}.main_remove", text)
    _switch(remove, "--yes", "do not ask")
    module = "provision.push_commands"
    text = "what is pushed to a partner, the latest first, and what became of it"
    deliveries = _verb(group, "deliveries", f"{module}.main_deliveries", text)
    deliveries.add_argument("--state", choices=("waiting", "delivered", "failed"))
    which = deliveries.add_mutually_exclusive_group()
    which.add_argument("--replay", metavar="ID", help="post one event again")
    text = "post again whatever was given up"
    which.add_argument("--all-failed", action="store_true", help=text)
    text = "the public keys of the signatures of what is pushed"
    keys = _verb(group, "keys", f"{module}.main_keys", text)
    for verb in (add, rotate, remove, deliveries):
        verb.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
    for verb in (add, listed, rotate, deliveries, keys):
        _switch(verb, "--json", "for programs")


def _without_edges(word: str) -> str:
    """A word without the blanks and invisible signs at its edges."""
    if word.isascii() and word.isprintable() and word == word.strip():
        return word
    # Reading its tables takes longer than `impex healthy`, which runs every few seconds.
    from shared.domain.typed_text import clean_edges

    return clean_edges(word)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code: 0 done, 1 failed, 2 wrong settings or command line.

    130 after Ctrl-C.
    """
    tolerate_output()
    try:
        code = _carry_out(sys.argv[1:] if argv is None else argv)
    except SystemExit as wrong:  # the command line, or --help
        code = int(wrong.code or 0)
    if (failure := flush_output()) is not None:
        reason = plain_reason(failure)
        print(escape(f"impex: what it prints cannot be written: {reason}"), file=sys.stderr)
        code = code or 1
    sys.exit(code)


def _options(words: Sequence[str]) -> argparse.Namespace:
    """The options of the command line; SystemExit after the usage, or ConfigurationError."""
    made, clean = parser(), list(map(_without_edges, words))
    for word in clean:
        if not word.isascii() and any("\ud800" <= char <= "\udfff" for char in word):
            made.error(f"an argument is not UTF-8: {word!a}")
    options, unknown = made.parse_known_args(clean)
    command: argparse.ArgumentParser = options.command
    if unknown:  # `parse_args` would show the usage of `impex`, not of the command
        command.error(escape(f"unrecognized arguments: {' '.join(unknown)}"))
    for option, word in pairwise(["", *clean]):
        # Such as a variable of the shell that is not set: never the same as no option.
        if options.verb != "psql" and (not word or re.fullmatch("--[a-z-]+=", word)):
            name = word[:-1] or (
                option if option.startswith("--") else command.prog.partition(" ")[2]
            )
            raise ConfigurationError([(name, "must not be given an empty argument")])
    return options


def _carry_out(words: Sequence[str]) -> int:
    """The code of a command line."""
    # What the library logs about a broker that is away is said below, in one line.
    logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)
    try:
        options = _options(words)
        do: Verb = options.do
        return do(options)
    except ConfigurationError as error:
        for name, sentence in error.problems:
            print(escape(f"impex: {name}: {sentence}"), file=sys.stderr)
        return 2
    except (ImpexError, OSError) as error:
        print(escape(f"impex: {plain_reason(error)}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
