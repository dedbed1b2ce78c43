"""Errors are pages too: what went wrong, what is kept, and a way on.

`PageError` says which one and, where it may be an attack, which event is logged. The texts
need nothing but the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import DependencyDown
from shared.i18n.catalogue import N_
from shared.messaging.errors import RequestTimeout, ServiceUnavailable

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
    """Heading, text and the way on of one error page."""

    heading: str
    text: str
    way_on: tuple[str, str] = ("/", N_("Page d'accueil"))


RELOAD = N_("Recharger la page")
HELP = ("/aide", N_("Aide et contacts"))
FORM = ("/inscription", N_("Reprendre la création du compte"))

TEXTS: dict[int, ErrorText] = {
    400: ErrorText(
        N_("Demande non valable"),
        N_(
            "La demande n'a pas pu être lue. Rien n'est enregistré. Revenez au formulaire et "
            "recommencez."
        ),
    ),
    403: ErrorText(
        N_("Formulaire expiré"),
        N_(
            "Ce formulaire a expiré. Rechargez la page et recommencez. Si cela se répète, "
            "autorisez nos cookies dans votre navigateur."
        ),
        FORM,
    ),
    404: ErrorText(
        N_("Page non trouvée"),
        N_(
            "La page que vous cherchez n'existe pas ou n'existe plus. Vérifiez l'adresse, ou "
            "repartez de la page d'accueil."
        ),
    ),
    405: ErrorText(
        N_("Page à ouvrir depuis un formulaire"),
        N_("Revenez à la page du formulaire et envoyez-le de nouveau."),
    ),
    408: ErrorText(
        N_("Envoi trop lent"),
        N_("L'envoi a pris trop de temps. Rien n'est enregistré : réessayez."),
    ),
    413: ErrorText(
        N_("Envoi trop volumineux"),
        N_("Le formulaire dépasse 64 ko. Rien n'est enregistré : raccourcissez vos réponses."),
    ),
    415: ErrorText(
        N_("Format non accepté"),
        N_("Cette adresse n'accepte que les formulaires de nos pages. Rien n'est enregistré."),
    ),
    429: ErrorText(
        N_("Trop de demandes"),
        N_(
            "Trop de demandes sont arrivées en peu de temps. Rien n'est perdu : réessayez après le "
            "délai indiqué."
        ),
    ),
    500: ErrorText(
        N_("Une erreur est survenue"),
        N_(
            "Une erreur est survenue de notre côté. Appelez le {phone} et donnez la référence "
            "{reference}."
        ),
        HELP,
    ),
    503: ErrorText(
        N_("Service momentanément indisponible"),
        N_(
            "Ce service ne répond pas : réessayez dans quelques minutes. Ce que vous avez validé "
            "est gardé. L'aide reste ouverte."
        ),
        HELP,
    ),
}


def error_text(status: int) -> ErrorText:
    """The page of a status; 400's for another one that blames the asker, else 500's."""
    return TEXTS.get(status) or TEXTS[400 if 400 <= status < 500 else 500]
