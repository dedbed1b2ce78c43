"""`impex mail list`, `show`, `send` and `drop`: the mails that were not accepted.

Addresses are shown, because a person must ask the recipient or read the mail server's log; code and
link are sealed and cannot be shown.
"""

import argparse
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from operations.operate import acts
from operations.operate.endpoints import as_service
from operations.printing import print_json, print_rows, say
from services.mailer import operator_mails
from services.mailer.operator_mails import OperatorMail
from shared.errors import ConfigurationError
from shared.runtime.service import utc_now

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
AGO = re.compile(r"([0-9]{1,4})([mhd])")
#: An id, or its beginning.
BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}")
#: What became of `impex mail send`, and its exit code.
SENT = {
    "sent": ("goes out again.", 0),
    "gone": ("is not there (any more).", 1),
    "done": ("was accepted or given up: nothing is sent.", 1),
    "going_on": ("is on its way already.", 1),
    "secret_gone": (
        "cannot be sent again: its code or link was deleted when it was refused. The person asks "
        "for another one.",
        1,
    ),
    "no_address": ("cannot be sent again: its address was deleted.", 1),
}

REASONS = {
    "unreachable": "the mail server could not be reached",
    "mailbox_full": "the mailbox is full",
    "unknown_mailbox": "there is no such mailbox",
    "refused": "refused by the mail server",
    "expired": "not accepted in time",
    "in_doubt": "it may have arrived",
}


def main_list(options: argparse.Namespace) -> int:
    """List mails; exit code 0 whatever their number."""
    since = None if options.since is None else moment("--since", options.since)
    mails = as_service(
        "mailer",
        lambda connection: operator_mails.list_mails(
            connection, state=options.state, to=options.to, since=since
        ),
    )
    if options.json:
        print_json([_document(mail) for mail in mails])
    elif not mails:
        say("No such mail." if options.state or options.to or since else "No mail waits.")
    else:
        print_rows(
            ("mail", "state", "template", "address", "written", "last answer"),
            [
                (
                    str(one.mail_id)[:8], str(one.state), one.template, one.address,
                    f"{one.written_at:%m-%d %H:%M}", one.answer or _reason(one),
                )
                for one in mails
            ],
            fit=True,
            whole=("mail", "written"),
        )  # fmt: skip
        if len(mails) == operator_mails.MAX_LISTED:
            say(f"\nOnly the latest {operator_mails.MAX_LISTED}.")
        say("\nTimes are UTC. impex mail show ID says what each server said; send ID sends again.")
    return 0


def main_show(options: argparse.Namespace) -> int:
    """Show one mail with its attempts; exit code 1 where there is none."""
    mail_id = _mail_id(options.id)
    if mail_id is None:
        return 1
    found = as_service("mailer", lambda connection: operator_mails.show_mail(connection, mail_id))
    if found is None:
        say(f"Mail {mail_id} is not there (any more).")
        return 1
    mail, attempts = found
    if options.json:
        tried = [{**asdict(one), "began_at": one.began_at.isoformat()} for one in attempts]
        print_json({**_document(mail), "attempts": tried})
        return 0
    for name, value in (
        ("mail", mail.mail_id),
        ("state", mail.state or "accepted or given up"),
        ("template", mail.template),
        ("address", mail.address or "deleted"),
        ("account", mail.account_id),
        ("written", _minute(mail.written_at)),
        ("next try", _minute(mail.next_try_at)),
        ("ended", _minute(mail.ended_at)),
        ("reason", _reason(mail)),
    ):
        if value not in (None, "", "-"):
            say(f"  {name:<10} {value}")
    for one in attempts:
        reply = " ".join(str(part) for part in (one.smtp_code, one.answer) if part)
        say(f"  {one.number:>3}. {_minute(one.began_at)}  {one.outcome:<9} {reply}")
    return 0


def main_send(options: argparse.Namespace) -> int:
    """Send one mail, or all that were refused since a moment; exit code 1 where none was."""
    if (options.id is None) == (options.all_refused_since is None):
        raise ConfigurationError([("ID", "name one mail, or --all-refused-since MOMENT")])
    if options.id is not None:
        mail_id = _mail_id(options.id)
        if mail_id is None:
            return 1
        outcome = as_service("mailer", lambda connection: operator_mails.send(connection, mail_id))
        sentence, code = SENT[outcome]
        say(f"Mail {mail_id} {sentence}")
        if not code:
            acts.log_act("mail_sent_again", "A mail is sent again.", mail_id=str(mail_id))
        return code
    since = moment("--all-refused-since", options.all_refused_since)
    sent, left = as_service(
        "mailer", lambda connection: operator_mails.send_all_refused(connection, since)
    )
    say(f"{sent} {'mail goes' if sent == 1 else 'mails go'} out again.")
    if left:
        say(f"{left} cannot be: their code or link was deleted, and the person asks for another.")
    if sent:
        acts.log_act(
            "mails_sent_again",
            "Refused mails are sent again.",
            since=since.isoformat(),
            count=sent,
        )
    return 0 if sent else 1


def main_drop(options: argparse.Namespace) -> int:
    """Give a held or deferred mail up; exit code 1 if it is neither."""
    reason = acts.reason(options.reason)
    mail_id = _mail_id(options.id)
    if mail_id is None:
        return 1
    found = as_service("mailer", lambda connection: operator_mails.show_mail(connection, mail_id))
    droppable = found is not None and found[0].droppable
    if droppable:
        acts.record("MailDropped", mail_id=str(mail_id), reason=reason, user=acts.who())
    if not droppable or not as_service(
        "mailer", lambda connection: operator_mails.drop(connection, mail_id)
    ):
        say(f"Mail {mail_id} is neither held nor deferred.")
        return 1
    acts.log_act("mail_dropped", "A mail is given up.", mail_id=str(mail_id), reason=reason)
    say(f"Mail {mail_id} is given up.")
    return 0


def moment(name: str, text: str) -> datetime:
    """A moment of UTC such as 2026-01-15 or 2026-01-15T09:30, or how long ago: 90m, 12h, 3d."""
    if ago := AGO.fullmatch(text):
        return utc_now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        sentence = "must be a moment of UTC, such as 2026-01-15T09:30, or 90m, 12h or 3d ago"
        raise ConfigurationError([(name, sentence)]) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _mail_id(text: str) -> UUID | None:
    """The mail whose id begins so; None where there is none (any more)."""
    beginning = text.lower()
    if not BEGINNING.fullmatch(beginning):
        sentence = "must be a mail's id, or its first eight digits, as `impex mail list` shows"
        raise ConfigurationError([("ID", sentence)])
    found = as_service("mailer", lambda tx: operator_mails.find_ids(tx, beginning))
    if len(found) > 1:
        raise ConfigurationError([("ID", "several mails begin so: give more of it")])
    if not found:
        say(f"Mail {text} is not there (any more).")
        return None
    return found[0]


def _reason(mail: OperatorMail) -> str:
    """Why it is where it is; a server that defers a mail has not refused it."""
    deferred = mail.state == "deferred" and mail.reason == "refused"
    return "deferred by the mail server" if deferred else REASONS.get(mail.reason, mail.reason)


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def _document(mail: OperatorMail) -> dict[str, Any]:
    """As JSON; times are ISO texts."""
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(mail).items()
    }
    return {**values, "mail_id": str(mail.mail_id), "sendable": mail.sendable}
