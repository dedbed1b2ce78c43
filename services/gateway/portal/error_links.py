"""Where the portal's error pages lead on."""

from services.gateway.http.errors import ErrorLinks
from shared.i18n.catalogue import N_

_HELP = ("help", N_("Aide et contacts"))
LINKS = ErrorLinks(
    home=("welcome", N_("Page d'accueil")),
    others={403: ("register", N_("Reprendre la création du compte")), 500: _HELP, 503: _HELP},
)
