"""What the pages of mailed links share: the token in their URL, and the state of the link.

Opening such a page changes nothing, however often a scanner does it; its button does (B-02).
"""

import re
from collections.abc import Callable

from aiohttp import web

from shared.contracts.registration.views import MailedLinkView
from shared.messaging.handlers import Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: The state of the link for each refusal.
STATES = {
    "link_malformed": "malformed",
    "link_used": "used",
    "link_replaced": "replaced",
    "link_expired": "expired",
    "link_gone": "gone",
}
MALFORMED = MailedLinkView(state="malformed")


def token_of(request: web.Request) -> str:
    """The one token in the page's address, or nothing."""
    tokens = request.query.getall("jeton", [])
    return tokens[0] if len(tokens) == 1 else ""


def spent_link(refused: Refused) -> MailedLinkView | None:
    """The state of the link, where that is why it was refused."""
    state = STATES.get(refused.refusal.slug)
    return None if state is None else MailedLinkView(state=state)


def status_of(link: MailedLinkView, posted: bool = False) -> int:
    """The page's status."""
    if link.state == "malformed":
        return 400
    return 422 if posted else 200


def keep_token(token: re.Pattern[str] = TOKEN) -> Callable[[str], str | None]:
    """What the language switch keeps of the query: a token, and nothing else."""

    def keep(query: str) -> str | None:
        name, _, value = query.partition("=")
        return query if name == "jeton" and token.fullmatch(value) else None

    return keep
