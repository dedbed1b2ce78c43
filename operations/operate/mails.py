"""`impex mail held`, `send` and `drop`: the mails that wait for a person.

A mail is held when nobody can tell whether it arrived. Addresses are shown, because the recipient
or the mail server's log must be asked; code and link are not, and cannot be.
"""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeVar
from uuid import UUID

from operations.install.progress import say
from operations.operate.endpoints import as_service
from operations.printing import print_json, print_rows
from operations.provision.database_admin import run_blocking
from services.mailer import held_mails
from shared.database import Connection
from shared.errors import ConfigurationError

T = TypeVar("T")


def main_held(options: argparse.Namespace) -> int:
    """List the held mails; exit code 0 whatever their number."""
    mails = _ask(held_mails.list_held)
    if options.json:
        print_json([{name: str(each) for name, each in asdict(mail).items()} for mail in mails])
    elif not mails:
        say("No mail waits for a person.")
    else:
        print_rows(
            ("mail", "template", "address", "written", "last known"),
            [
                (str(m.mail_id), m.template, m.address, f"{m.written_at:%Y-%m-%d %H:%M}", m.answer)
                for m in mails
            ],
        )
        say("\nimpex mail send ID sends one again, impex mail drop ID gives it up.")
    return 0


def main_send(options: argparse.Namespace) -> int:
    """Send a held mail again, with the same Message-ID; exit code 1 if it is not held."""
    return _change(held_mails.send, options.id, "goes out again")


def main_drop(options: argparse.Namespace) -> int:
    """Give a held mail up; exit code 1 if it is not held."""
    return _change(held_mails.drop, options.id, "is given up")


def _change(work: Callable[[Connection, UUID], Awaitable[bool]], text: str, done: str) -> int:
    try:
        mail_id = UUID(text)
    except ValueError:
        raise ConfigurationError(
            [("ID", "must be a mail's id, as `impex mail held` shows")]
        ) from None
    changed = _ask(lambda connection: work(connection, mail_id))
    say(f"Mail {mail_id} {done}." if changed else f"Mail {mail_id} is not held.")
    return 0 if changed else 1


def _ask(work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do `work` on the mailer's schema, as the mailer."""
    return run_blocking(as_service("mailer", work))
