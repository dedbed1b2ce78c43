"""What the second factor's handlers work with, made once by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.mfa import recovery, totp
from services.mfa.settings import MfaSettings
from shared.contracts.base import Reply, Request, Sealed
from shared.security.sealing import KeyRing, Opener, Sealer, seal_context


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The service's own things. `random` is the system's source, never another."""

    settings: MfaSettings
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    opener: Opener
    gateway: Sealer
    safe: Sealer
    safe_opener: Opener
    recovery_ring: KeyRing

    def open(self, request: Request, field: str) -> str:
        """The secret in a sealed field, or `DecryptionError`, which is logged."""
        sealed: Sealed = getattr(request, field)
        return self.opener.open(sealed, seal_context(type(request), field))

    def show(self, reply: type[Reply], field: str, secret: str) -> Sealed:
        """A secret of a reply, which only the gateway can read."""
        return self.gateway.seal(secret, seal_context(reply, field))

    def new_key(self) -> str:
        """A key for one authenticator, in base32 (OT-01)."""
        return totp.make_key(self.random(totp.KEY_BYTES))

    def new_recovery_codes(self) -> list[str]:
        """A list of recovery codes."""
        return [recovery.make_code(self.random(recovery.CODE_BYTES)) for _ in range(recovery.CODES)]

    def put_away(self, key: str, account_id: str) -> Sealed:
        """An authenticator's key as it is kept: it opens for this account only (OT-10)."""
        return self.safe.seal(key, account_id)

    def take_out(self, kept: Sealed, account_id: str) -> str:
        """The key, or `DecryptionError`, which is logged: altered, or of another account."""
        return self.safe_opener.open(kept, account_id)

    def renewed(self, kept: Sealed, key: str, account_id: str) -> Sealed:
        """As it was kept; under the current key of the ring where it was kept under a former."""
        if kept.key_id == self.safe.ring.current[0]:
            return kept
        return self.put_away(key, account_id)
