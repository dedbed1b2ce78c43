"""What events of other services do to sessions: end them, or change what they show.

A credential that is changed within a session ends the others before the response; the event then
finds nothing left. For changes made elsewhere the event does it. Handlers are safe in any order and
twice: sessions proved after the moment stay.
"""

from datetime import datetime

from services.gateway.sessions import session_store
from services.gateway.sessions.model import CLOCK_SKEW
from services.gateway.sessions.sessions import Sessions
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    CredentialsRemoved,
    NameChanged,
    PasswordChanged,
)
from shared.errors import Reject
from shared.messaging.handlers import Context


async def password_changed(event: PasswordChanged, context: Context[Sessions]) -> None:
    """End the sessions opened with the former password."""
    await _end(context, event.changed_at, "password_changed")


async def authenticator_replaced(event: AuthenticatorReplaced, context: Context[Sessions]) -> None:
    """End the sessions opened with the former phone."""
    await _end(context, event.replaced_at, "phone_replaced")


async def authenticator_removed(event: AuthenticatorRemoved, context: Context[Sessions]) -> None:
    """The account has no second factor: end its sessions."""
    await _end(context, event.removed_at, "phone_removed", closed=True)


async def account_frozen(event: AccountFrozen, context: Context[Sessions]) -> None:
    """The account is frozen: end its sessions."""
    await _end(context, event.frozen_at, "account_frozen", closed=True)


async def account_deactivated(event: AccountDeactivated, context: Context[Sessions]) -> None:
    """The account is deactivated: end its sessions."""
    await _end(context, event.deactivated_at, "account_deactivated", closed=True)


async def credentials_removed(event: CredentialsRemoved, context: Context[Sessions]) -> None:
    """The account has no credentials: end its sessions."""
    await _end(context, event.removed_at, "credentials_removed", closed=True)


async def account_validated(event: AccountValidated, context: Context[Sessions]) -> None:
    """The complementary information is validated: pages show it from now on."""
    await session_store.set_validated(context.tx, _account(context), event.validated_at)


async def name_changed(event: NameChanged, context: Context[Sessions]) -> None:
    """Pages show the new name from now on."""
    await session_store.set_name(
        context.tx, _account(context), event.first_name, event.last_name, event.changed_at
    )


async def address_changed(event: AddressChanged, context: Context[Sessions]) -> None:
    """End the sessions opened with the former address, except the one that changed it."""
    await _end(context, event.changed_at, "address_changed")


async def _end(
    context: Context[Sessions], moment: datetime, reason: str, *, closed: bool = False
) -> None:
    """`closed`: nobody can sign in, and no browser stays known for the account."""
    account_id = _account(context)
    until = moment + CLOCK_SKEW if closed else moment
    await context.deps.end_all_in(context.tx, account_id, until, reason)
    if closed:
        await session_store.delete_known_browsers(context.tx, account_id)


def _account(context: Context[Sessions]) -> str:
    account_id = context.envelope.subject
    if account_id is None:
        raise Reject("the envelope does not say which account")
    return account_id
