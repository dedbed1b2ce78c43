"""Every sentence that the views say beside fields' errors, by code, in French and English.

Page alerts by the owner's refusal, the state of the mail and of the creation, and the notices after
a redirect.
"""

from __future__ import annotations

from datetime import datetime

from services.gateway.web.field_texts import UNKNOWN
from services.gateway.web.i18n import format_date, format_datetime, format_time
from services.gateway.web.sayings import Pair, fill, pick
from shared.contracts.registration import MailView

ALERTS: dict[str, Pair] = {
    "away": (
        "Ce service ne répond pas pour l'instant. Votre saisie est encore sur cette page, mot de "
        "passe à part : réessayez dans un moment.",
        "This service does not answer for the moment. What you typed is still on this page, the "
        "password aside: try again shortly.",
    ),
    "wrong_credentials": (
        "Adresse ou mot de passe incorrect. Vérifiez l'adresse et les majuscules, ou choisissez "
        "« Mot de passe oublié ». Pas encore de compte ? « Première connexion - Créer un compte »",
        "Wrong address or password. Check the address and the capital letters, or choose "
        "“Forgotten password”. No account yet? “First time here - Create an account”",
    ),
    "too_many_tries": (
        "Trop d'essais. Réessayez dans {wait}, à {time}. D'ici là, il n'y a rien à faire ; "
        "« Mot de passe oublié » reste possible.",
        "Too many tries. Try again in {wait}, at {time}. Nothing to do until then; "
        "“Forgotten password” still works.",
    ),
    "too_many_requests": (
        "Trop de demandes pour aujourd'hui. Réessayez dans {wait}, à {time}. Ce qui est déjà "
        "parti reste valable.",
        "Too many requests for today. Try again in {wait}, at {time}. What was already sent stays "
        "good.",
    ),
    "too_many_requests_network": (
        "Trop de demandes viennent de votre réseau. Réessayez dans {wait}, à {time}. Ce qui est "
        "déjà parti reste valable.",
        "Too many requests come from your network. Try again in {wait}, at {time}. What was "
        "already sent stays good.",
    ),
    "too_soon": (
        "Un message vient de partir. Un autre pourra partir dans {wait}, à {time}.",
        "A message has just left. Another may leave in {wait}, at {time}.",
    ),
    "wrong_code": (
        "Ce code n'est pas celui du dernier message ({time}). Encore {left}.",
        "This is not the code of the latest message ({time}). {left} left.",
    ),
    "code_void": (
        "Code invalidé, demandez-en un nouveau. Ce code ne sert plus ({tries} essais).",
        "Code void, ask for a new one. This code is no longer usable ({tries} tries).",
    ),
    "code_expired": (
        "Ce code a expiré le {date}. Renvoyer un code : « Envoyer un autre message ».",
        "This code ran out on {date}. To get a new code: “Send another message”.",
    ),
    "password_needed": (
        "Vous avez commencé sur un autre appareil. Donnez le mot de passe choisi ce jour-là.",
        "You began on another device. Give the password you chose then.",
    ),
    "wrong_password": (
        "Ce n'est pas le mot de passe choisi pour cette demande. Encore {left}.",
        "This is not the password chosen for this request. {left} left.",
    ),
    "link_password_void": (
        "Trop d'essais avec ce lien : copiez plutôt le code du message sur le premier appareil.",
        "Too many tries with this link: copy the code of the message on the first device instead.",
    ),
    "terms_changed": (
        "Les CGU ont changé le {date} : merci de les relire. Vos informations et vos dossiers "
        "restent.",
        "The terms changed on {date}: please read them again. Your information and files stay.",
    ),
}

FLASHES: dict[str, tuple[str, Pair]] = {
    "resent": (
        "success",
        (
            "Nouveau message à {sent}. Seul son code compte : les précédents ne servent plus.",
            "New message at {sent}. Only its code counts: earlier ones are now useless.",
        ),
    ),
    "corrected": (
        "success",
        (
            "Adresse corrigée : un message part vers {address}.",
            "Address corrected: a message is on its way to {address}.",
        ),
    ),
    "back": (
        "info",
        (
            "Bon retour. Ce qui est fait est gardé ; prochaine étape : {step}.",
            "Welcome back. What is done is kept; next step: {step}.",
        ),
    ),
    "verified": (
        "info",
        ("Votre adresse est déjà vérifiée.", "Your address is already confirmed."),
    ),
    "gone": (
        "warning",
        (
            "Cette demande n'existe plus : elle a expiré ou a été annulée. Recommencez si vous "
            "le voulez.",
            "This request no longer exists: it ran out or was cancelled. You may begin again.",
        ),
    ),
    "exists": (
        "info",
        (
            "Votre compte existe déjà : il n'y a plus rien à annuler.",
            "Your account already exists: there is nothing left to cancel.",
        ),
    ),
    "cancelled": (
        "success",
        (
            "C'est annulé, rien n'est gardé. Vous pourrez recommencer quand vous voudrez.",
            "Cancelled, nothing is kept. Begin again whenever you like.",
        ),
    ),
}

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
    """What a page says of a refusal as a whole; `limit` and `tries_left` are a refusal's own."""
    pair = ALERTS.get(f"{slug}_{values.get('limit')}") or ALERTS.get(slug, UNKNOWN)
    left = values.get("tries_left")
    if isinstance(left, int):
        values["left"] = _tries(left, lang)
    return fill(pick(pair, lang), values)


def _tries(number: int, lang: str) -> str:
    one, more = ("try", "tries") if lang == "en" else ("essai", "essais")
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
            "time": _time(mail.at),
            "next": _time(mail.next_try_at),
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


def _time(at: datetime | None) -> str:
    return format_time(at) if at else "…"
