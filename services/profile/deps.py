"""What the complementary information's handlers work with, made once by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.profile.directory import Directory
from services.profile.settings import ProfileSettings
from shared.contracts.base import Event, Reply, Request, Sealed
from shared.security.sealing import Opener, Sealer, seal_context


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The service's own things. `directory` is None where none is asked."""

    settings: ProfileSettings
    clock: Callable[[], datetime]
    opener: Opener
    gateway: Sealer
    registration: Sealer
    directory: Directory | None = None

    def open(self, request: Request, field: str) -> str:
        """What is in a sealed field, or `DecryptionError`, which is logged."""
        sealed: Sealed = getattr(request, field)
        return self.opener.open(sealed, seal_context(type(request), field))

    def show(self, reply: type[Reply], field: str, text: str) -> Sealed:
        """Personal data of a reply, which only the gateway can read."""
        return self.gateway.seal(text, seal_context(reply, field))

    def tell(self, event: type[Event], field: str, text: str) -> Sealed:
        """Personal data of an event, which only registration can read."""
        return self.registration.seal(text, seal_context(event, field))
