"""The messages of pages by code: alerts, the state of the mail and of the creation."""

from collections.abc import Mapping
from datetime import datetime

from services.gateway.portal.alert_texts import ALERTS, ATTEMPTS_LEFT, COUNTED, MINUTES
from services.gateway.portal.field_texts import UNKNOWN
from shared.contracts.registration.views import MailView, RequestView
from shared.i18n.catalogue import N_, translate, translate_plural
from shared.i18n.dates import format_date, format_datetime, format_time

STEPS: dict[str, str] = {
    "validation": N_("vérifier votre adresse"),
    "terms": N_("lire les conditions d'utilisation"),
    "resumption": N_("retrouver votre compte"),
    "resumption_check": N_("retrouver votre compte"),
    "created": N_("protéger votre compte"),
}

MAIL: dict[str, str] = {
    "waiting": N_("Le message part dans un instant."),
    "accepted": N_(
        "Message remis au serveur de messagerie à {time}. S'il n'apparaît pas dans quelques "
        "minutes, regardez dans les courriers indésirables et la quarantaine de votre anti-spam."
    ),
    "deferred": N_(
        "Le serveur de messagerie demande d'attendre : nouvel essai à {next}. Vous n'avez rien à "
        "faire."
    ),
    "refused": N_(
        "Le serveur de messagerie a refusé le message : {reason}. Envoyez un autre message plus "
        "tard."
    ),
    "doubtful": N_(
        "Le serveur de messagerie n'a pas confirmé la remise du message. S'il n'apparaît pas dans "
        "quelques minutes, envoyez un autre message."
    ),
}
UNKNOWN_MAILBOX = N_("Le serveur de messagerie a refusé le message : {reason}. Corrigez l'adresse.")
CODE_VOID = N_("Trop d'essais : ce code n'est plus valable. Envoyez un autre message.")
MAIL_REASONS: dict[str, str] = {
    "unknown_mailbox": N_("boîte inconnue"),
    "mailbox_full": N_("boîte pleine"),
    "refused": N_("message non accepté"),
    "unreachable": N_("serveur injoignable"),
}

CREATION: dict[str, str] = {
    "creating": N_("Nous créons votre compte : cela prend quelques secondes."),
    "created": N_("Votre compte existe. Étape suivante, le protéger avec votre téléphone."),
}


def alert_text(slug: str, lang: str, **values: object) -> str:
    """The alert of the portal for a refusal."""
    return alert_of(ALERTS, slug, lang, **values)


def alert_of(alerts: Mapping[str, str], slug: str, lang: str, **values: object) -> str:
    """The alert of `alerts` for a refusal; `limit`, `tries_left` and `minutes` select its form.

    A refusal that also locks (`wait`) may have a message of its own.
    """
    closer = values.get("limit") or ("wait" if "wait" in values else None)
    text = alerts.get(f"{slug}_{closer}") or alerts.get(slug, UNKNOWN)
    left, minutes = values.get("tries_left"), values.get("minutes")
    if isinstance(minutes, int):
        values["minutes"] = translate_plural(MINUTES, minutes, lang)
    shown = translate(text, lang, **values)
    if slug in COUNTED and isinstance(left, int) and left > 0:
        return f"{shown} {translate_plural(ATTEMPTS_LEFT, left, lang)}"
    return shown


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
    text = MAIL.get(mail.state, MAIL["waiting"])
    if mail.state == "refused" and mail.reason == "unknown_mailbox":
        text = UNKNOWN_MAILBOX
    reason = MAIL_REASONS.get(mail.reason or "", MAIL_REASONS["refused"])
    return translate(
        text,
        lang,
        time=_time(mail.at, lang),
        next=_time(mail.next_try_at, lang),
        reason=translate(reason, lang),
    )


def validation_text(view: RequestView, lang: str) -> str:
    """What became of the latest message, or of its code where that was tried too often."""
    if view.mail.state != "refused" and not view.tries_left:
        return translate(CODE_VOID, lang)
    return mail_text(view.mail, lang)


def date_text(value: object, lang: str) -> str:
    """A date given as ISO text by a refusal; as it is where it is not one."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return format_date(at, lang) if at.tzinfo is None else format_datetime(at, lang)


def _time(at: datetime | None, lang: str) -> str:
    return format_time(at, lang) if at else "…"
