"""Errors are pages too: what went wrong, what is kept, and a way on.

`PageError` says which one and, where it may be an attack, which event is logged. The texts are
here in both languages because they must be there when nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import DependencyDown
from shared.messaging.errors import RequestTimeout, ServiceUnavailable

Pair = tuple[str, str]

#: What says that a form cannot be dealt with now: another service, the broker, the database.
AWAY = (ServiceUnavailable, RequestTimeout, DependencyDown)
#: When to try again then, in seconds.
AWAY_SECONDS = 30


class PageError(Exception):
    """Answer with the error page of `status`; `event` and `reason` go to the log only."""

    def __init__(
        self,
        status: int,
        *,
        event: str | None = None,
        reason: str | None = None,
        retry_after: int | None = None,
        text: str | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(f"{status} {reason or ''}".strip())
        self.status = status
        self.event = event
        self.reason = reason
        self.retry_after = retry_after
        self.text = text
        self.allow = allow


class Elsewhere(Exception):
    """Answer with 303 to another page of ours."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True)
class ErrorText:
    """Heading, text and the way on of one error page, in French and English."""

    heading: Pair
    text: Pair
    way_on: tuple[str, Pair] = ("/", ("Page d'accueil", "Home page"))


RELOAD = ("Recharger la page", "Reload the page")
HELP = ("/aide", ("Aide et contacts", "Help and contacts"))
FORM = ("/inscription", ("Reprendre la création du compte", "Go on with the account"))

TEXTS: dict[int, ErrorText] = {
    400: ErrorText(
        ("Demande incomprise", "Request not understood"),
        (
            "Votre navigateur a envoyé quelque chose que cette page n'attend pas. "
            "Rien n'a été enregistré. Revenez au formulaire et recommencez.",
            "Your browser sent something that this page does not expect. "
            "Nothing was recorded. Go back to the form and try again.",
        ),
    ),
    403: ErrorText(
        ("Formulaire expiré", "Form expired"),
        (
            "Formulaire expiré, rechargez la page. Il était ouvert depuis longtemps, ou votre "
            "navigateur n'accepte pas nos cookies. Rien n'a été enregistré.",
            "Form expired, reload the page. It had been open for long, or your browser does not "
            "accept our cookies. Nothing was recorded.",
        ),
        FORM,
    ),
    404: ErrorText(
        ("Page non trouvée", "Page not found"),
        (
            "La page que vous cherchez n'existe pas ou n'existe plus. Vérifiez l'adresse, "
            "ou repartez de la page d'accueil.",
            "The page you are looking for does not exist, or no longer does. Check the address, "
            "or start again from the home page.",
        ),
    ),
    405: ErrorText(
        ("Cette page ne s'ouvre pas ainsi", "This page is not opened like that"),
        (
            "Cette adresse ne sert qu'à envoyer un formulaire. Repartez de la page où il est.",
            "This address only receives a form. Start again from the page that holds it.",
        ),
    ),
    408: ErrorText(
        ("Envoi trop lent", "Sending took too long"),
        (
            "Votre demande n'est pas arrivée à temps. Rien n'a été enregistré : réessayez.",
            "Your request did not arrive in time. Nothing was recorded: try again.",
        ),
    ),
    413: ErrorText(
        ("Envoi trop volumineux", "Too much was sent"),
        (
            "Ce formulaire accepte au plus 64 kilo-octets. Rien n'a été enregistré.",
            "This form takes at most 64 kilobytes. Nothing was recorded.",
        ),
    ),
    415: ErrorText(
        ("Format non accepté", "Format not accepted"),
        (
            "Cette adresse n'accepte que les formulaires de nos pages. Rien n'a été enregistré.",
            "This address takes only the forms of our pages. Nothing was recorded.",
        ),
    ),
    429: ErrorText(
        ("Trop de demandes", "Too many requests"),
        (
            "Trop de demandes sont arrivées en peu de temps. Rien n'est perdu : réessayez après "
            "le délai indiqué.",
            "Too many requests came within a short time. Nothing is lost: try again after the "
            "delay shown.",
        ),
    ),
    500: ErrorText(
        ("Une erreur est survenue", "Something failed"),
        (
            "Une erreur est survenue de notre côté. Référence {reference} : donnez-la au {phone}.",
            "Something failed on our side. Reference {reference}: give it on {phone}.",
        ),
        HELP,
    ),
    503: ErrorText(
        ("Service momentanément indisponible", "Service not available for the moment"),
        (
            "Ce service ne répond pas pour l'instant : réessayez dans un moment. Ce que vous avez "
            "déjà validé est gardé. L'aide et les pages d'information restent ouvertes.",
            "This service does not answer for the moment: try again shortly. What you have already "
            "completed is kept. Help and information pages stay open.",
        ),
        HELP,
    ),
}


def error_text(status: int) -> ErrorText:
    """The page of a status; 400's for another one that blames the asker, else 500's."""
    return TEXTS.get(status) or TEXTS[400 if 400 <= status < 500 else 500]
