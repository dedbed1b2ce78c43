"""The pages that mails lead to: settings, so that another gateway may have them elsewhere.

Each is a path below `IMPEX_BASE_URL`, the portal's by default. The desk's pages are its own.
"""

import re
from dataclasses import dataclass
from typing import Any

from shared.domain.brand import BrandSettings
from shared.settings import setting, specs

PREFIX = "IMPEX_PAGE_"
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
#: What a page does that is given the token of a link.
_LINK = "The mail's token is in `?jeton=`; opening the page changes nothing."


def validate_page(path: str) -> str | None:
    """Why this cannot be the path of a page, or None."""
    if path.startswith("/") and _PATH.fullmatch(path):
        return None
    return "must be a path such as /connexion, of letters, digits and . _ ~ -, without ? and #"


def _page(name: str, default: str, doc: str) -> Any:
    return setting(f"{PREFIX}{name}", default=default, doc=doc, valid=validate_page)


@dataclass(frozen=True, kw_only=True)
class PageSettings(BrandSettings):
    """The path of each page. What it asks the services is in `docs/integration.md`."""

    page_sign_up: str = _page(
        "SIGN_UP", "/inscription", "Page where an account is requested, also again."
    )
    page_validation: str = _page(
        "VALIDATION",
        "/inscription/lien",
        f"Page of the link that verifies an address. {_LINK}",
    )
    page_sign_in: str = _page("SIGN_IN", "/connexion", "Page where one signs in.")
    page_home: str = _page("HOME", "/accueil", "Page of the signed-in holder's dossiers.")
    page_forgotten_password: str = _page(
        "FORGOTTEN_PASSWORD", "/mot-de-passe-oublie", "Page where a new password is requested."
    )
    page_new_password: str = _page(
        "NEW_PASSWORD", "/mot-de-passe", f"Page of the link to a new password. {_LINK}"
    )
    page_lost_phone: str = _page(
        "LOST_PHONE",
        "/telephone-perdu/confirmer",
        f"Page that confirms a lost phone; it asks for the digits of the mail. {_LINK}",
    )
    page_unlock: str = _page(
        "UNLOCK",
        "/debloquer",
        f"Page that lifts the limits of an address; it asks for the digits of the mail. {_LINK}",
    )
    page_not_me: str = _page(
        "NOT_ME",
        "/ce-n-est-pas-moi",
        f"Page « ce n'est pas moi »; it asks for the digits of the mail. {_LINK}",
    )
    page_follow_up: str = _page(
        "FOLLOW_UP", "/suivi/demande", f"Page of a request to the desk. {_LINK}"
    )
    page_objection: str = _page(
        "OBJECTION", "/opposition", f"Page that stops a planned change. {_LINK}"
    )
    page_correction: str = _page(
        "CORRECTION",
        "/compte/correction",
        "Page where the signed-in holder asks for a correction of their data.",
    )

    @property
    def moved_pages(self) -> tuple[tuple[str, str], ...]:
        """(default path, path) of every page that is elsewhere."""
        paths = [
            (str(field.default), str(getattr(self, field.name)))
            for field, spec in specs(PageSettings)
            if spec.name.startswith(PREFIX)
        ]
        return tuple((default, path) for default, path in paths if default != path)
