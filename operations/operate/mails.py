"""`impex mail held`, `send` and `drop`: the mails that wait for a person.

A mail is held when its delivery is uncertain. Addresses are shown, because a person must ask the
recipient or read the mail server's log; code and link are sealed and cannot be shown.
"""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from uuid import UUID

from operations.operate.endpoints import as_service
from operations.printing import print_json, print_rows, say
from services.mailer import held_mails
from shared.database import Connection
from shared.errors import ConfigurationError


def main_held(options: argparse.Namespace) -> int:
    """List the held mails; exit code 0 whatever their number."""
    mails = as_service("mailer", held_mails.list_held)
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
        sentence = "must be a mail's id, as `impex mail held` shows"
        raise ConfigurationError([("ID", sentence)]) from None
    changed = as_service("mailer", lambda connection: work(connection, mail_id))
    say(f"Mail {mail_id} {done}." if changed else f"Mail {mail_id} is not held.")
    return 0 if changed else 1
