"""Where the sessions of agents lead."""

from aiohttp import web

from services.gateway.sessions.guards import SessionPages
from services.gateway.sessions.model import Session


def next_step(_request: web.Request, _session: Session) -> str:
    """The page of what an agent must give next to be signed in."""
    return "welcome"


async def after_login(_request: web.Request, _session: Session) -> str:
    """The page that both factors lead to."""
    return "welcome"


PAGES = SessionPages(
    sign_in="welcome",
    home="welcome",
    after_change="welcome",
    recovery_codes="",
    new_terms="",
    next_step=next_step,
    after_login=after_login,
    after_lost_answer=after_login,
)
