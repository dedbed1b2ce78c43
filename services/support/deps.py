"""The dependencies of support's handlers, built once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.support.journal import Journal
from services.support.owners import Owners
from services.support.settings import SupportSettings
from shared.contracts.base import Event, Request
from shared.errors import DecryptionError
from shared.security.password_hashing import MAX_PASSWORD_BYTES, Hasher
from shared.security.sealing import KeyRing, Opener, Sealer, seal_context


class RpcSender(Protocol):
    """Sends requests to other services: `shared.messaging`'s RpcClient."""

    async def ask(self, request: Request, *, timeout: float = 3.0) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Settings, keys, the hasher of agents' passwords."""

    settings: SupportSettings
    clock: Callable[[], datetime]
    hasher: Hasher
    opener: Opener
    own_sealer: Sealer
    mailer_sealer: Sealer
    gateway_sealer: Sealer
    registration_sealer: Sealer
    profile_sealer: Sealer
    desk_sealer: Sealer
    token_keys: KeyRing
    journal: Journal
    owners: Owners
    #: None in a process without a broker.
    requests: RpcSender | None = None

    def open_text(self, message: Request | Event, field: str) -> str:
        """What is in a sealed field, however long; empty where it cannot be opened."""
        try:
            return self.opener.open(getattr(message, field), seal_context(type(message), field))
        except DecryptionError:
            return ""

    def open(self, message: Request | Event, field: str) -> str:
        """What is in a sealed field; empty where it cannot be opened or is longer than a password
        may be."""
        plain = self.open_text(message, field)
        return plain if len(plain.encode()) <= MAX_PASSWORD_BYTES else ""
