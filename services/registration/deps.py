"""What registration's handlers work with, made once by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.registration.common_words import Lexicon
from services.registration.hashing import Hasher
from services.registration.network_quotas import Network
from services.registration.passwords import MAX_PASSWORD_BYTES, Rules
from services.registration.settings import RegistrationSettings
from services.registration.terms import Terms
from shared.contracts.base import Event, Request, Sealed
from shared.errors import DecryptionError
from shared.security.sealing import KeyRing, Opener, Sealer, keyed_hash, keyed_hashes, seal_context

COUNTER = "registration/counter"


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The service's own things."""

    settings: RegistrationSettings
    clock: Callable[[], datetime]
    rules: Rules
    lexicon: Lexicon
    hasher: Hasher
    opener: Opener
    sealer: Sealer
    gateway: Sealer
    tokens: KeyRing
    terms: Mapping[str, Terms]
    raised_networks: Mapping[Network, int]
    disavowals: KeyRing

    def counter(self, address_key: str) -> str:
        """The name an address is counted under: nobody can read an address, or a password typed in
        its place, in a counter."""
        return keyed_hash(self.tokens, COUNTER, address_key)[1].hex()

    def counters(self, address_key: str) -> list[str]:
        """The names an address may be kept under, one per key of the ring, the newest first."""
        return [each.hex() for each in keyed_hashes(self.tokens, COUNTER, address_key)]

    def open(self, message: Request | Event, field: str) -> str | None:
        """The secret in a sealed field; None where it cannot be opened or is absurdly long."""
        sealed: Sealed = getattr(message, field)
        try:
            plain = self.opener.open(sealed, seal_context(type(message), field))
        except DecryptionError:
            return None
        return plain if len(plain.encode()) <= MAX_PASSWORD_BYTES else None
