"""The services of the house as tests know them: their own definitions.

Where a service's definition is not there yet, what the contracts say of it stands in.
"""

from __future__ import annotations

import contextlib

from operations import house
from operations.rights import Party
from shared.contracts import mailer, registration
from shared.contracts.base import EVENTS, REQUESTS
from shared.service import Service

STATED = (mailer, registration)  # imported so that their messages are in the tables below


def _events(owner: str) -> tuple:  # type: ignore[type-arg]
    return tuple(cls for cls in EVENTS.values() if owner == cls.OWNER)


_REQUESTS = tuple(cls for cls in REQUESTS.values() if cls.OWNER == "registration")
_FROM_CONTRACTS = {
    "registration": Party(
        "registration",
        hears=_events("mailer"),
        emits=_events("registration"),
        answers=_REQUESTS,
    ),
    "mailer": Party("mailer", hears=_events("registration"), emits=_events("mailer")),
    "gateway": Party("gateway", asks=_REQUESTS),
}


def services() -> list[Service]:
    """The definitions that are there."""
    found = []
    for name in house.service_names():
        with contextlib.suppress(ImportError):
            found.append(house.service(name))
    return found


def parties() -> tuple[Party, ...]:
    """One party per service."""
    return tuple((_FROM_CONTRACTS | {one.name: house.party(one) for one in services()}).values())
