"""Asking another service: what every client of the gateway shares.

Secrets are sealed here, the moment they leave a form. Every method of a client may raise `Refused`,
`RequestTimeout` or `ServiceUnavailable`; what changes something takes the idempotency key of its
form.
"""

from typing import Protocol, TypeVar, cast

from shared.contracts.base import Reply, Request, Sealed
from shared.security.sealing import Sealer, seal_context

R = TypeVar("R", bound=Reply)


class RpcSender(Protocol):
    """Sends requests: `shared.messaging`'s RpcClient."""

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> object: ...


class Client:
    """One service."""

    def __init__(self, sender: RpcSender, sealer: Sealer) -> None:
        self._sender = sender
        self._sealer = sealer

    async def _ask(
        self, request: Request, reply: type[R], key: str | None = None, timeout: float = 3.0
    ) -> R:
        return cast(R, await self._sender.ask(request, idempotency_key=key, timeout=timeout))

    def _seal(self, message: type[Request], field: str, value: str) -> Sealed:
        return self._sealer.seal(value, seal_context(message, field))
