"""The sealed token of a page with the complementary information: whose it is, and which version of
the terms it shows.
"""

from dataclasses import dataclass

from aiohttp import web

from services.gateway.sessions.sealed_state import SEALED_STATE

PURPOSE = "mark of a page"


@dataclass(frozen=True)
class PageToken:
    """The account of a page, and the version of the terms that it shows."""

    account_id: str
    terms_version: str


def issue_token(request: web.Request, account_id: str, terms_version: str) -> str:
    """A token for a page of this account that shows this version of the terms."""
    return request.app[SEALED_STATE].seal(f"{account_id} {terms_version}", PURPOSE)


def read_token(request: web.Request, token: str) -> PageToken | None:
    """The content of a page's token, or None where it is not ours."""
    text = request.app[SEALED_STATE].open(token, PURPOSE)
    if text is None:
        return None
    account_id, terms_version = text.split(" ", 1)
    return PageToken(account_id, terms_version)
