"""Views of requests, links, codes and terms for replies. Pure.

A name is shown only once the address is verified; a decoy looks like any other request.
"""

from datetime import datetime

from services.registration.account_requests import AccountRequest, ValidationLink, resend_at
from services.registration.accounts import AddressChange, AddressCode
from services.registration.email_addresses import mask_email_address
from services.registration.settings import RegistrationSettings
from shared.contracts.registration.views import (
    AddressChangeView,
    AddressCodeView,
    LinkView,
    MailView,
    RequestView,
)

#: The step that comes next, by the state of a request.
NEXT_STEPS = {"pending": "validation", "verified": "terms", "created": "created"}


def next_step(request: AccountRequest) -> str:
    """The step that comes next; an account that is joined again needs a code told by the desk."""
    if request.state == "verified" and request.accepted_at is not None:
        return "resumption" if request.held_at is None else "resumption_check"
    return NEXT_STEPS[request.state]


def show_request(
    request: AccountRequest, settings: RegistrationSettings, sends_left: int, now: datetime
) -> RequestView:
    """A request as its owner sees it."""
    verified = request.state != "pending"
    return RequestView(
        request_id=request.id,
        due=next_step(request),
        address=request.address,
        language=request.language,
        code_sent_at=request.sent_at,
        expires_at=request.expires_at,
        resend_at=resend_at(request.sent_at, settings.resend_seconds),
        resends_left=sends_left,
        tries_left=max(0, settings.verify_tries - request.tries),
        mail=MailView(
            state=request.mail_state,
            at=request.mail_at,
            next_try_at=request.mail_next_try_at,
            reason=request.mail_reason,
        ),
        verified_at=request.verified_at,
        created_at=request.created_at,
        resumed=request.state == "created" and request.accepted_at is not None,
        first_name=request.first_name if verified else None,
        last_name=request.last_name if verified else None,
        described_at=now,
    )


def show_link(
    link: ValidationLink, *, same_browser: bool, max_tries: int, now: datetime
) -> LinkView:
    """The state of a link, for the browser that made the request or for another."""
    state = link.state(now)
    return LinkView(
        state=state,
        masked_address=mask_email_address(link.request.address),
        needs_password=state == "valid" and not same_browser,
        tries_left=max(0, max_tries - link.wrong_passwords),
        at=link.expires_at,
    )


def show_address_code(
    code: AddressCode, address: str, settings: RegistrationSettings
) -> AddressCodeView:
    """The code that verifies an account's address again, without its digits."""
    return AddressCodeView(
        address=address,
        code_sent_at=code.sent_at,
        expires_at=code.expires_at,
        resend_at=resend_at(code.sent_at, settings.resend_seconds),
        tries_left=max(0, settings.verify_tries - code.tries),
    )


def show_address_change(
    change: AddressChange, settings: RegistrationSettings, resends_left: int
) -> AddressChangeView:
    """A requested change of address, without its code."""
    return AddressChangeView(
        address=change.address,
        code_sent_at=change.sent_at,
        expires_at=change.expires_at,
        resend_at=resend_at(change.sent_at, settings.resend_seconds),
        resends_left=resends_left,
        tries_left=max(0, settings.verify_tries - change.tries),
    )
