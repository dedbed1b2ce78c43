"""Key rings of HTTP message signatures: Ed25519 pairs, written `k2:ed25519-private:base64,k1:…`.

A message bears one signature by each key of the ring, so a new key goes in front without an
appointment: a receiver checks the one whose key it knows.
"""

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.security.key_text import decode_key, refuse_repeats, split_ring

PRIVATE = "ed25519-private"
#: More signatures would make headers that receivers refuse as too long.
MAX_KEYS = 4


@dataclass(frozen=True)
class SigningRing:
    """Named private keys, each of which signs."""

    keys: tuple[tuple[str, Ed25519PrivateKey], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "SigningRing":
        """Read a ring; ValueError names the problem without showing a key."""
        ring = cls(tuple((key_id, _read_key(key_id, entry)) for key_id, entry in split_ring(text)))
        if len(ring.keys) > MAX_KEYS:
            raise ValueError(f"has {len(ring.keys)} keys, at most {MAX_KEYS} may sign")
        refuse_repeats(ring.public_keys())
        return ring

    def public_keys(self) -> list[tuple[str, bytes]]:
        """(id, 32 bytes) of the public half of every key."""
        return [(key_id, key.public_key().public_bytes_raw()) for key_id, key in self.keys]

    def __repr__(self) -> str:
        return f"<signing keys {', '.join(key_id for key_id, _ in self.keys)}>"


def new_signing_key(key_id: str = "k1") -> str:
    """A ring of one new pair."""
    raw = Ed25519PrivateKey.generate().private_bytes_raw()
    return f"{key_id}:{PRIVATE}:{base64.b64encode(raw).decode()}"


def _read_key(key_id: str, text: str) -> Ed25519PrivateKey:
    kind, colon, encoded = text.partition(":")
    if not colon or kind != PRIVATE:
        raise ValueError(f"the key {key_id} must be written {PRIVATE}:base64")
    return Ed25519PrivateKey.from_private_bytes(decode_key(key_id, encoded))
