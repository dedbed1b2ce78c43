"""Checks of the password and of a code within a session, before something is changed."""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.site import CLOCK
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import CheckCode, DescribeFactor
from shared.contracts.mfa.views import CodeView, FactorView
from shared.contracts.registration.requests import CheckPassword
from shared.contracts.registration.views import Done


async def describe_factor(request: web.Request, account_id: str) -> FactorView:
    """What an account has as its second factor."""
    return await ask(request, DescribeFactor(account_id=account_id), FactorView)


def code_is_fresh(request: web.Request, found: Session) -> bool:
    """Whether the last code is recent enough for a sensitive action (SE-09)."""
    return found.code_is_fresh(request.app[SESSIONS].limits, request.app[CLOCK]())


async def check_password(
    request: web.Request, found: Session, fields: dict[str, str], purpose: str
) -> None:
    """Check the password of a form. Raises `Refused`."""
    message = CheckPassword(
        account_id=found.account_id,
        password=seal(request, CheckPassword, "password", fields["password"]),
    )
    await ask(request, message, Done, idempotency_key(request, purpose, fields))


async def check_code(
    request: web.Request, found: Session, fields: dict[str, str], purpose: str, about: str = ""
) -> CodeView:
    """Check the code of a form; `about` as in `CheckCode`. Raises `Refused`."""
    message = CheckCode(
        account_id=found.account_id,
        code=seal(request, CheckCode, "code", fields["code"]),
        device=request[REQUEST_STATE].device,
        about=about,
    )
    return await ask(request, message, CodeView, idempotency_key(request, purpose, fields))
