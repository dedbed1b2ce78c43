"""What the pages behind mailed links share: the token in their address, and what it is worth.

Opening such a page changes nothing, however often a scanner does it; its button does (B-02).
"""

from __future__ import annotations

import re

from aiohttp import web

from shared.contracts.registration import MailedLinkView
from shared.messaging.handlers import Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: Refusals that say what the link is worth now.
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


def spent(refused: Refused) -> MailedLinkView | None:
    """What the link is worth, where that is why it was refused."""
    state = STATES.get(refused.refusal.slug)
    return None if state is None else MailedLinkView(state=state)


def status_of(link: MailedLinkView, posted: bool = False) -> int:
    """The page's status."""
    if link.state == "malformed":
        return 400
    return 422 if posted else 200
