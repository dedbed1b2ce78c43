"""Dependencies of the handlers, built once by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.mfa.settings import MfaSettings
from shared.contracts.base import Reply, Request, Sealed
from shared.security.sealing import KeyRing, Opener, Sealer, seal_context

#: The agents' front end, and what their entry in an application is called after the service.
DESK = "desk"
DESK_LABEL = "Assistance"


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Dependencies of the handlers. `random` is the system's secure source; `sealers` are those of
    the front ends.
    """

    settings: MfaSettings
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    opener: Opener
    sealers: Mapping[str, Sealer]
    key_sealer: Sealer
    key_opener: Opener
    recovery_keys: KeyRing

    def open(self, request: Request, field: str) -> str:
        """Open a sealed field of a request. Raises `DecryptionError`, which is logged."""
        sealed: Sealed = getattr(request, field)
        return self.opener.open(sealed, seal_context(type(request), field))

    def seal(self, front_end: str, reply: type[Reply], field: str, plain: str) -> Sealed:
        """Seal a secret of a reply; only that front end can open it."""
        return self.sealers[front_end].seal(plain, seal_context(reply, field))

    def issuer(self, front_end: str) -> str:
        """What authenticator applications call the entry of a front end's accounts."""
        name = self.settings.service_name
        return f"{name} {DESK_LABEL}" if front_end == DESK else name

    def encrypt_key(self, key: str, account_id: str) -> Sealed:
        """Encrypt an authenticator's key for storage, bound to the account (OT-10)."""
        return self.key_sealer.seal(key, account_id)

    def decrypt_key(self, sealed: Sealed, account_id: str) -> str:
        """Decrypt a stored key. Raises `DecryptionError`, which is logged, if it was altered or is
        another account's."""
        return self.key_opener.open(sealed, account_id)

    def reencrypted(self, sealed: Sealed, key: str, account_id: str) -> Sealed:
        """The stored key, encrypted anew if it is under a former key of the ring."""
        if sealed.key_id == self.key_sealer.ring.current[0]:
            return sealed
        return self.encrypt_key(key, account_id)
