"""Errors and their texts; each front end passes in the link that a page of an error offers.

`HttpError` names the status and, for a possible attack, the event to log. The texts need nothing
but the catalogue.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from aiohttp import web

from shared.errors import DependencyDown
from shared.i18n.catalogue import N_
from shared.messaging.errors import RequestTimeout, ServiceUnavailable

#: Another service, the broker or the database is unavailable, or a statement took too long.
UNAVAILABLE_ERRORS = (ServiceUnavailable, RequestTimeout, DependencyDown, TimeoutError)
#: Seconds until a retry makes sense.
UNAVAILABLE_RETRY_SECONDS = 30


@dataclass(eq=False)
class HttpError(Exception):
    """Answer with the error page of `status`; `event` and `reason` go to the log only. `field`: a
    form that comes back is wrong in that field, as a whole too large without it. `texts` replace
    those of the status.
    """

    status: int
    _: KW_ONLY
    event: str | None = None
    reason: str | None = None
    retry_after: int | None = None
    allow: str | None = None
    field: str | None = None
    texts: "ErrorText | None" = None

    def __str__(self) -> str:
        return f"{self.status} {self.reason or ''}".strip()


class Redirect(Exception):
    """Answer with 303 to the page `name`."""

    def __init__(self, name: str, **query: object) -> None:
        super().__init__(name)
        self.name = name
        self.query = query


@dataclass(frozen=True)
class ErrorText:
    """Heading and text of one error page, what to do, as a list, and what a form says instead that
    comes back; `name` is what they are about, in place of `{name}`."""

    heading: str
    text: str
    steps: tuple[str, ...] = ()
    alert: str = ""
    name: str = ""


@dataclass(frozen=True)
class ErrorLinks:
    """Where error pages lead on, by status: the name of a page, and the link's text."""

    home: tuple[str, str]
    others: Mapping[int, tuple[str, str]]

    def of(self, status: int) -> tuple[str, str]:
        """The link of a status."""
        return self.others.get(_page_status(status), self.home)


ERROR_LINKS = web.AppKey("error_links", ErrorLinks)
RELOAD = N_("Recharger la page")

TEXTS: dict[int, ErrorText] = {
    400: ErrorText(
        N_("Demande non valable"),
        N_(
            "La demande n'a pas pu être lue : cet envoi n'a pas été pris en compte. Revenez au "
            "formulaire et recommencez."
        ),
    ),
    403: ErrorText(
        N_("Formulaire expiré"),
        N_(
            "Ce formulaire a expiré. Rechargez la page et recommencez. Si cela se répète, "
            "autorisez nos cookies dans votre navigateur."
        ),
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
        N_("L'envoi a pris trop de temps : il n'a pas été pris en compte. Réessayez."),
    ),
    413: ErrorText(
        N_("Envoi trop volumineux"),
        N_(
            "Le formulaire dépasse 64 ko : cet envoi n'a pas été pris en compte. Raccourcissez vos "
            "réponses."
        ),
    ),
    415: ErrorText(
        N_("Format non accepté"),
        N_(
            "Cette adresse n'accepte que les formulaires de nos pages : cet envoi n'a pas été pris "
            "en compte."
        ),
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
    ),
    503: ErrorText(
        N_("Service momentanément indisponible"),
        N_(
            "Ce service ne répond pas : réessayez dans quelques minutes. Ce que vous avez validé "
            "est gardé. L'aide reste ouverte."
        ),
    ),
}


#: To a client whose network a setting leaves out.
OTHER_NETWORK = ErrorText(
    N_("Accès refusé depuis ce réseau"),
    N_("Ces pages ne s'ouvrent que depuis les réseaux de l'agence."),
)


def _page_status(status: int) -> int:
    """The status whose text and link serve: its own, else 400 for a client error and 500."""
    return status if status in TEXTS else 400 if 400 <= status < 500 else 500


def error_text(status: int) -> ErrorText:
    """The text of a status."""
    return TEXTS[_page_status(status)]
