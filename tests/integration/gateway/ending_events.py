"""Events that end an account's sessions, published as their owners do."""

from collections.abc import Callable
from datetime import datetime

import asyncpg

from shared.contracts.base import Event
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    CredentialsRemoved,
    PasswordChanged,
    PasswordResetRequired,
)
from shared.outbox import emit
from tests.support.servers.portal import Portal

#: Owner and event, by the reason that `SessionClosed` then gives.
EVENTS: dict[str, tuple[str, Callable[[datetime], Event]]] = {
    "password_changed": (
        "registration",
        lambda at: PasswordChanged(by="reset", changed_at=at),
    ),
    "address_changed": (
        "registration",
        lambda at: AddressChanged(
            address="new@labo.example.fr",
            former_address="old@labo.example.fr",
            by="desk",
            changed_at=at,
        ),
    ),
    "account_frozen": (
        "registration",
        lambda at: AccountFrozen(by="desk", desk_only=True, frozen_at=at),
    ),
    "account_deactivated": ("registration", lambda at: AccountDeactivated(deactivated_at=at)),
    "credentials_removed": ("registration", lambda at: CredentialsRemoved(removed_at=at)),
    "password_compromised": ("registration", lambda at: PasswordResetRequired(required_at=at)),
    "phone_replaced": ("mfa", lambda at: AuthenticatorReplaced(by="recovery", replaced_at=at)),
    "phone_removed": ("mfa", lambda at: AuthenticatorRemoved(removed_at=at)),
}


async def emit_event(portal: Portal, owner: str, event: Event, subject: str) -> None:
    """Put the event into its owner's outbox, whose relay publishes it."""
    connection = await asyncpg.connect(
        portal.system.database.url(owner), server_settings={"search_path": owner}
    )
    try:
        async with connection.transaction():
            await emit(connection, owner, event, subject=subject, now=portal.clock())
    finally:
        await connection.close()
