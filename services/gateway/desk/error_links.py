"""Where the desk's error pages lead on."""

from services.gateway.http.errors import ErrorLinks
from shared.i18n.catalogue import N_

_HELP = ("help", N_("Aide et contacts"))
LINKS = ErrorLinks(home=("welcome", N_("Page d'accueil")), others={500: _HELP, 503: _HELP})
