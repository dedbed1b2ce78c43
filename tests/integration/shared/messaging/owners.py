"""An owner that answers, and the gateway as its client."""

from typing import Any

import pytest

from shared.contracts.base import Reply
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.views import Done, TermsView
from shared.messaging import RequestContext, answers
from shared.messaging.service_bus import ServiceBus
from tests.support.servers.bus_fixture import BusFixture

#: Requests over the broker, and between services of one process.
both_ways = pytest.mark.parametrize(
    "in_process", [False, True], ids=["over the broker", "in one process"], indirect=True
)
TERMS = TermsView(version="1", date="2026-01-01", sha256="0" * 64, text="…", model=True)


class Owner:
    """Answers with `act` and records its requests."""

    def __init__(self, act: Any = None) -> None:
        self.requests: list[Any] = []
        self.prepared: list[Any] = []
        self._act = act

    async def __call__(self, request: Any, context: RequestContext[Any]) -> Reply:
        """Called inside the transaction."""
        self.requests.append(request)
        self.prepared.append(context.prepared)
        if self._act is not None:
            return await self._act(request, context)  # type: ignore[no-any-return]
        return Done()


async def both(bus: BusFixture, request: Any, owner: Owner, before: Any = None) -> ServiceBus:
    """The owner, and the gateway as its client."""
    await bus.node(
        "registration",
        answers=(answers(request, owner, before),),
        emits=(RequestCancelled,),
    )
    return await bus.node("gateway", asks=(request,))
