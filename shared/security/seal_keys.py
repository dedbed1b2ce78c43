"""Key rings of sealed fields: a service that seals for another holds its public keys only.

A seal is HPKE in base mode (RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM). Earlier versions sealed
with AES-256-GCM under a key that senders and reader shared; such a key stays in the reader's ring
until it is rotated out, to open what was sealed with it.
"""

import base64
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shared.security.key_text import decode_key, refuse_repeats, split_ring

PRIVATE = "x25519-private"
PUBLIC = "x25519-public"
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

#: What is behind a key id: a pair, the public half of one, or a former key that both sides share.
SealKey: TypeAlias = X25519PrivateKey | X25519PublicKey | bytes
R = TypeVar("R", bound="SealRing")


@dataclass(frozen=True)
class SealRing:
    """Named keys of one receiving service; the first one seals, every one may open."""

    keys: tuple[tuple[str, SealKey], ...] = field(repr=False)

    @classmethod
    def parse(cls: type[R], text: str) -> R:
        """Read `k2:x25519-private:base64,k1:base64`, the latter a former shared key.

        ValueError names the problem without showing a key.
        """
        ring = cls(tuple((key_id, _read_key(key_id, entry)) for key_id, entry in split_ring(text)))
        refuse_repeats(ring.fingerprints())
        ring.check()
        return ring

    def check(self) -> None:
        """Raise ValueError where these keys cannot do what the ring is for."""

    @property
    def current(self) -> tuple[str, SealKey]:
        """The (id, key) that seals."""
        return self.keys[0]

    def get(self, key_id: str) -> SealKey | None:
        """The key of that id, or None."""
        return dict(self.keys).get(key_id)

    def fingerprints(self) -> list[tuple[str, bytes]]:
        """(id, bytes) of every key, the same for both halves of a pair."""
        return [(key_id, _fingerprint(key)) for key_id, key in self.keys]

    def for_senders(self) -> str:
        """This ring as those who seal are given it: the public half of every pair."""
        # A shared key opens too, so senders have one only while it is the one that seals.
        return ",".join(
            _entry(key_id, public_half(key))
            for number, (key_id, key) in enumerate(self.keys)
            if number == 0 or not isinstance(key, bytes)
        )

    def __repr__(self) -> str:
        return f"<seal keys {', '.join(key_id for key_id, _ in self.keys)}>"


class OpeningRing(SealRing):
    """The ring of the service that opens: private keys."""

    def check(self) -> None:
        """A public key opens nothing."""
        for key_id, key in self.keys:
            if isinstance(key, X25519PublicKey):
                raise ValueError(f"the key {key_id} is public: it seals and cannot open")


class SealingRing(SealRing):
    """The ring of a service that seals for another one: public keys are enough."""


def new_seal_key(key_id: str = "k1") -> str:
    """A ring of one new pair, as written in the setting of the service that opens."""
    return _entry(key_id, X25519PrivateKey.generate())


def public_half(key: SealKey) -> X25519PublicKey | bytes:
    """What seals: the public key of a pair; a public or shared key itself."""
    return key.public_key() if isinstance(key, X25519PrivateKey) else key


def _fingerprint(key: SealKey) -> bytes:
    half = public_half(key)
    return half if isinstance(half, bytes) else half.public_bytes_raw()


def _read_key(key_id: str, text: str) -> SealKey:
    kind, colon, encoded = text.partition(":")
    if not colon:
        return decode_key(key_id, text)
    if kind not in (PRIVATE, PUBLIC):
        raise ValueError(f"the key {key_id} must be {PRIVATE}, {PUBLIC} or a former shared key")
    raw = decode_key(key_id, encoded)
    if kind == PRIVATE:
        return X25519PrivateKey.from_private_bytes(raw)
    return X25519PublicKey.from_public_bytes(raw)


def _entry(key_id: str, key: SealKey) -> str:
    if isinstance(key, X25519PrivateKey):
        kind, raw = f"{PRIVATE}:", key.private_bytes_raw()
    elif isinstance(key, X25519PublicKey):
        kind, raw = f"{PUBLIC}:", key.public_bytes_raw()
    else:
        kind, raw = "", key
    return f"{key_id}:{kind}{base64.b64encode(raw).decode()}"
