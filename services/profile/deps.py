"""Dependencies of the handlers, built once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.profile.directory import Directory
from services.profile.settings import ProfileSettings
from shared.contracts.base import Event, Reply, Request, Sealed
from shared.security.sealing import Opener, Sealer, seal_context


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Dependencies of the handlers. `directory` is None if lookups are turned off."""

    settings: ProfileSettings
    clock: Callable[[], datetime]
    opener: Opener
    gateway_sealer: Sealer
    registration_sealer: Sealer
    directory: Directory | None = None

    def open(self, request: Request, field: str) -> str:
        """Open a sealed field of a request. Raises `DecryptionError`, which is logged."""
        sealed: Sealed = getattr(request, field)
        return self.opener.open(sealed, seal_context(type(request), field))

    def seal_for_gateway(self, reply: type[Reply], field: str, text: str) -> Sealed:
        """Seal personal data of a reply; only the gateway can open it."""
        return self.gateway_sealer.seal(text, seal_context(reply, field))

    def seal_for_registration(self, event: type[Event], field: str, text: str) -> Sealed:
        """Seal personal data of an event; only registration can open it."""
        return self.registration_sealer.seal(text, seal_context(event, field))
