"""Requests of one type intercepted on their way, in services that run in the test's process."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.contracts.base import Request
from shared.messaging.errors import ServiceUnavailable
from shared.messaging.rpc_client import RpcClient

#: Sends the request; what the owner answers.
Send = Callable[[], Awaitable[Any]]


def intercept(
    patch: pytest.MonkeyPatch,
    message: type[Request],
    effect: Callable[[Any, Send], Awaitable[Any]],
) -> None:
    """Let `effect` answer every request of the type `message`, in place of its owner."""
    ask = RpcClient.ask

    async def intercepted(self: RpcClient, request: Request, **named: Any) -> Any:
        if not isinstance(request, message):
            return await ask(self, request, **named)
        return await effect(request, lambda: ask(self, request, **named))

    patch.setattr(RpcClient, "ask", intercepted)


def make_unavailable(patch: pytest.MonkeyPatch, *messages: type[Request]) -> None:
    """Nobody answers requests of these types."""

    async def nobody(_request: Request, _send: Send) -> None:
        raise ServiceUnavailable("nobody answers")

    for message in messages:
        intercept(patch, message, nobody)
