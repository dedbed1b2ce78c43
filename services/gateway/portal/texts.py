"""Every sentence that the views say beside fields' errors, by code, in French and English.

Page alerts by the owner's refusal, the state of the mail and of the creation, and the notices after
a redirect.
"""

from __future__ import annotations

from datetime import datetime

from services.gateway.i18n.localized_text import Pair, fill, pick
from services.gateway.portal.alert_texts import ALERTS, LEFT
from services.gateway.portal.field_texts import UNKNOWN
from services.gateway.portal.flash_texts import FLASHES
from shared.contracts.registration import MailView
from shared.i18n.dates import format_date, format_datetime, format_time

__all__ = ["ALERTS", "FLASHES", "alert_text", "date_text", "mail_text", "wait_text"]

STEPS: dict[str, Pair] = {
    "validation": ("valider votre adresse", "confirming your address"),
    "terms": ("les conditions d'utilisation", "the terms of use"),
    "created": ("protéger votre compte", "protecting your account"),
}

MAIL: dict[str, Pair] = {
    "waiting": ("Le message part dans un instant.", "The message leaves in a moment."),
    "accepted": (
        "Message remis au serveur de messagerie à {time}. S'il ne paraît pas dans quelques "
        "minutes, regardez les courriers indésirables et la quarantaine de votre anti-spam.",
        "Message handed to the mail server at {time}. If it does not show within minutes, look in "
        "the junk folder and in your anti-spam's quarantine.",
    ),
    "deferred": (
        "Le serveur de messagerie demande de patienter ; nouvel essai à {next}. Rien à faire.",
        "The mail server asks us to wait; next try at {next}. Nothing to do.",
    ),
    "refused": (
        "Adresse refusée par votre messagerie. Le serveur a refusé le message : {reason}.",
        "Address refused by your mail system. The server refused the message: {reason}.",
    ),
    "doubtful": (
        "Le serveur de messagerie n'a pas confirmé la remise du message. S'il ne paraît pas dans "
        "quelques minutes, envoyez un autre message.",
        "The mail server did not confirm that it took the message. If it does not show within "
        "minutes, send another message.",
    ),
}
MAIL_REASONS: dict[str, Pair] = {
    "unknown_mailbox": ("boîte inconnue", "unknown mailbox"),
    "mailbox_full": ("boîte pleine", "mailbox full"),
    "refused": ("message non accepté", "message not accepted"),
    "unreachable": ("serveur injoignable", "server out of reach"),
}

MINUTES: Pair = ("minute", "minutes")

CREATION: dict[str, Pair] = {
    "creating": (
        "Création de votre compte en cours : quelques secondes.",
        "Your account is being created: a few seconds.",
    ),
    "created": (
        "Votre compte existe. Étape suivante, le protéger avec votre téléphone.",
        "Your account exists. Next, protect it with your phone.",
    ),
}


def alert_text(slug: str, lang: str, **values: object) -> str:
    """What a page says of a refusal as a whole; `limit`, `tries_left` and `minutes` are its own.

    A refusal that also closed the door (`wait`) may have a sentence of its own.
    """
    closer = values.get("limit") or ("wait" if "wait" in values else None)
    text = pick(ALERTS.get(f"{slug}_{closer}") or ALERTS.get(slug, UNKNOWN), lang)
    left, minutes = values.get("tries_left"), values.get("minutes")
    if isinstance(left, int) and left > 0:
        values["left"] = _counted(left, lang, ("essai", "essais"), ("try", "tries"))
    else:
        text = text.replace(pick(LEFT, lang), "")
    if isinstance(minutes, int):
        values["minutes"] = _counted(minutes, lang, MINUTES, MINUTES)
    return fill(text, values)


def _counted(number: int, lang: str, french: Pair, english: Pair) -> str:
    one, more = english if lang == "en" else french
    return f"{number} {one if number < 2 else more}"


def wait_text(seconds: int, lang: str) -> str:
    """How long to wait, in words that stay true: rounded up."""
    if seconds < 60:
        return f"{max(seconds, 1)} s"
    minutes = -(-seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = -(-minutes // 60)
    return f"{hours} h"


def mail_text(mail: MailView, lang: str) -> str:
    """What became of the latest message (B-01)."""
    reason = MAIL_REASONS.get(mail.reason or "", MAIL_REASONS["refused"])
    return fill(
        pick(MAIL.get(mail.state, MAIL["waiting"]), lang),
        {
            "time": _time(mail.at, lang),
            "next": _time(mail.next_try_at, lang),
            "reason": pick(reason, lang),
        },
    )


def date_text(value: object, lang: str) -> str:
    """A date given as ISO text by a refusal; as it is where it is not one."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return format_date(at, lang) if at.tzinfo is None else format_datetime(at, lang)


def _time(at: datetime | None, lang: str) -> str:
    return format_time(at, lang) if at else "…"
