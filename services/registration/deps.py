"""The dependencies of registration's handlers, built once by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.registration.common_words import WordList
from services.registration.email_addresses import mailbox_key
from services.registration.passwords import PasswordRules
from services.registration.settings import RegistrationSettings
from services.registration.spraying import SprayingWatch
from services.registration.terms import Terms
from shared.contracts.base import Event, Request, Sealed
from shared.domain.typed_text import has_long_run_of_marks
from shared.errors import DecryptionError
from shared.security.password_hashing import MAX_PASSWORD_BYTES, Hasher
from shared.security.sealing import KeyRing, Opener, Sealer, keyed_hashes, seal_context

RATE_LIMIT_KEY = "registration/counter"


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Settings, rules, keys and word lists."""

    settings: RegistrationSettings
    clock: Callable[[], datetime]
    rules: PasswordRules
    common_words: WordList
    hasher: Hasher
    opener: Opener
    mailer_sealer: Sealer
    gateway_sealer: Sealer
    support_sealer: Sealer
    token_keys: KeyRing
    terms: Mapping[str, Terms]
    disavowal_keys: KeyRing
    spraying: SprayingWatch

    def rate_limit_keys(self, address_key: str) -> tuple[str, ...]:
        """The keys an address may be counted under, one per key of the ring, newest first.

        Keyed hashes: a counter shows neither an address nor a password typed in its place.
        """
        hashes = keyed_hashes(self.token_keys, RATE_LIMIT_KEY, address_key)
        return tuple(each.hex() for each in hashes)

    def quota_keys(self, address_key: str) -> tuple[str, ...]:
        """The same for what limits mails: addresses of one mailbox count together."""
        return self.rate_limit_keys(mailbox_key(address_key))

    def open(self, message: Request | Event, field: str) -> str | None:
        """The secret in a sealed field; None where it cannot be decrypted, is too long, or stacks
        marks upon marks."""
        sealed: Sealed = getattr(message, field)
        try:
            plain = self.opener.open(sealed, seal_context(type(message), field))
        except DecryptionError:
            return None
        too_long = len(plain.encode()) > MAX_PASSWORD_BYTES
        return None if too_long or has_long_run_of_marks(plain) else plain
