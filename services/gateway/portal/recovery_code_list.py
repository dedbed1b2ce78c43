"""The list of recovery codes that a person has not confirmed yet (OT-14, B-13, P-04).

A press makes a list: that of the enrolment, or one in the account. Until the person confirms that
the codes are in a safe place, and for a day at most, its page shows the same list again: it is
saved, sealed, for the account. Opening or reloading the page changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from services.gateway.http.forms import Form
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.saved_forms import SAVED_FORMS
from shared.contracts.mfa.requests import MakeRecoveryCodes
from shared.contracts.mfa.views import RecoveryCodesView
from shared.errors import plain_reason
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

#: What the list is saved as, beside the forms of the account.
SAVED_AS = "list of recovery codes"

log = get_logger("gateway")


@dataclass(frozen=True)
class RecoveryCodes:
    """A list of recovery codes in clear, for one page; `renewed`: one never confirmed ended."""

    codes: list[str]
    made_at: datetime
    renewed: bool = False

    def __repr__(self) -> str:
        return f"<recovery codes of {self.made_at}>"


async def make_list(request: web.Request, account_id: str, key: str) -> None:
    """A new list, under the idempotency key of the form whose press makes it. Raises `Refused`."""
    message = MakeRecoveryCodes(account_id=account_id, device=request[REQUEST_STATE].device)
    view = await ask(request, message, RecoveryCodesView, key)
    codes = open_sealed(request, RecoveryCodesView, "codes", view.codes)
    values = {
        "codes": codes,
        "made_at": view.made_at.isoformat(),
        "renewed": "1" if view.renewed else "",
    }
    await request.app[SAVED_FORMS].save_for_account(Form(values=values), SAVED_AS, account_id)


async def make_first_list(request: web.Request, account_id: str, key: str) -> None:
    """The list of an enrolment; where a server is unavailable its page has a button for it."""
    try:
        await make_list(request, account_id, key)
    except (*UNAVAILABLE_ERRORS, Refused) as error:
        log.warning(
            "No recovery codes are made yet.", action="dependency_away", reason=plain_reason(error)
        )


async def find_list(request: web.Request, account_id: str) -> RecoveryCodes | None:
    """The list to be confirmed; None where none was made, or more than a day ago."""
    form = await request.app[SAVED_FORMS].find_for_account(SAVED_AS, account_id)
    if form is None:
        return None
    values = form.values
    made_at = datetime.fromisoformat(values["made_at"])
    return RecoveryCodes(values["codes"].split(), made_at, bool(values["renewed"]))


async def delete_list(request: web.Request, account_id: str) -> None:
    """The list is confirmed, or another one replaced it."""
    await request.app[SAVED_FORMS].delete_for_account(SAVED_AS, account_id)
