"""The services of the house as tests know them."""

from __future__ import annotations

from operations.rights import Party

PARTIES = (
    Party(
        "registration",
        hears=("mailer.MailAccepted.v1", "mailer.MailDeferred.v1", "mailer.MailRefused.v1"),
        answers=True,
    ),
    Party(
        "mailer",
        hears=tuple(
            f"registration.{name}.v1"
            for name in (
                "AccountRequested",
                "ValidationResent",
                "KnownAddressRequested",
                "RequestCancelled",
                "RequestExpired",
                "AccountCreated",
            )
        ),
    ),
    Party("gateway", asks=True),
)
