"""Dependencies of the handlers, built once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.profile.directory import Directory
from shared.security.sealing import Opener, Sealer


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Dependencies of the handlers. `directory` is None if lookups are turned off."""

    clock: Callable[[], datetime]
    opener: Opener
    gateway_sealer: Sealer
    registration_sealer: Sealer
    mailer_sealer: Sealer
    support_sealer: Sealer
    directory: Directory | None = None
