"""Asking the other services. Secrets are sealed here, the moment they leave a form.

Whatever asks may raise `Refused`, `RequestTimeout` or `ServiceUnavailable`. A request that changes
something takes the idempotency key of its form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from aiohttp import web

from shared.contracts.base import Reply, Request, Sealed
from shared.security.sealing import Opener, Sealer, seal_context

R = TypeVar("R", bound=Reply)


class RpcSender(Protocol):
    """Sends requests: `shared.messaging`'s RpcClient."""

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> object: ...


@dataclass(frozen=True)
class Services:
    """What sends requests, a sealer for each service that gets secrets, and what opens theirs."""

    sender: RpcSender
    sealers: Mapping[str, Sealer]
    opener: Opener


SERVICES = web.AppKey("services", Services)


async def ask(
    request: web.Request,
    message: Request,
    reply: type[R],
    key: str | None = None,
    *,
    timeout: float = 3.0,
) -> R:
    """Ask the owner of `message`, which answers with `reply`; `timeout` is in seconds."""
    sender = request.app[SERVICES].sender
    answer = await sender.ask(message, idempotency_key=key, timeout=timeout)
    assert isinstance(answer, reply), f"{message.TYPE} is not answered with {reply.__name__}"
    return answer


def front_end(request: web.Request) -> str:
    """The front end that asks, as other services seal for it."""
    return request.app[SERVICES].opener.recipient


def seal(request: web.Request, message: type[Request], field: str, value: str) -> Sealed:
    """The value of a field that only the owner of `message` can open."""
    return request.app[SERVICES].sealers[message.OWNER].seal(value, seal_context(message, field))


def open_sealed(request: web.Request, reply: type[Reply], field: str, sealed: Sealed) -> str:
    """A field of a reply in clear: for one page, never for a log."""
    return request.app[SERVICES].opener.open(sealed, seal_context(reply, field))
