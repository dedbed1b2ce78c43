"""Keys, sealed fields, keyed hashes and random tokens.

A field is sealed for one receiving service by HPKE under that service's public key (see
`seal_keys`), and bound to the service, the key and the field it was made for. What a service keeps
for itself is sealed by AES-256-GCM under a ring of its own. What was sealed under a former key
still opens while that key is in the ring; new secrets always use the first key. Nothing here reads
the environment or keeps a secret longer than the call.
"""

import base64
import binascii
import hmac
import os
import secrets as random
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.contracts.base import Event, Reply, Request, Sealed
from shared.errors import DecryptionError
from shared.runtime.telemetry import get_logger
from shared.security.key_text import KEY_BYTES, decode_key, refuse_repeats, split_ring
from shared.security.seal_keys import HPKE, SealKey, SealRing, public_half

NONCE_BYTES = 12
TOKEN_BYTES = 32

log = get_logger("secrets")


@dataclass(frozen=True)
class KeyRing:
    """Named 256-bit keys; the first one is current, the others are kept for what they made."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `k2:base64,k1:base64`. ValueError names the problem without showing a key."""
        keys = tuple((key_id, decode_key(key_id, encoded)) for key_id, encoded in split_ring(text))
        refuse_repeats(keys)
        return cls(keys)

    @property
    def current(self) -> tuple[str, bytes]:
        """The (id, key) that makes new secrets."""
        return self.keys[0]

    def get(self, key_id: str) -> bytes | None:
        """The key of that id, or None."""
        return dict(self.keys).get(key_id)

    def derived(self, purpose: str) -> "KeyRing":
        """Keys for one purpose, by HKDF-SHA-256 (RFC 5869), before those that they come from.

        A key that makes keyed hashes must not also encrypt. The keys themselves stay behind, for
        what they encrypted before; their ids differ.
        """
        new = (
            (f"{key_id}/{purpose}", HKDF(SHA256(), KEY_BYTES, None, purpose.encode()).derive(key))
            for key_id, key in self.keys
        )
        return KeyRing((*new, *self.keys))

    def __repr__(self) -> str:
        return f"<key ring {', '.join(key_id for key_id, _ in self.keys)}>"


def new_key(key_id: str = "k1") -> str:
    """A key ring of one new random key, as written in a setting."""
    return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def seal_context(message: type[Event] | type[Request] | type[Reply], field_name: str) -> str:
    """What a sealed field is bound to: the message's type (a reply's name) and the field's name."""
    kind: str = getattr(message, "TYPE", message.__name__)
    if field_name not in message.__struct_fields__:
        raise ValueError(f"{kind} has no field {field_name}")
    return f"{kind}/{field_name}"


def _aad(recipient: str, key_id: str, context: str) -> bytes:
    return "|".join((recipient, key_id, context)).encode()


@dataclass(frozen=True)
class Sealer:
    """Seals secrets that only `recipient` can open."""

    recipient: str
    ring: KeyRing | SealRing

    def seal(self, plain: str, context: str) -> Sealed:
        """Seal `plain` for one field (`context`, see `seal_context`)."""
        key_id, key = self.ring.current
        box = _seal(key, plain.encode(), _aad(self.recipient, key_id, context))
        return Sealed(
            recipient=self.recipient, key_id=key_id, box=base64.urlsafe_b64encode(box).decode()
        )


def _seal(key: SealKey, plain: bytes, aad: bytes) -> bytes:
    half = public_half(key)
    if not isinstance(half, bytes):
        return HPKE.encrypt(plain, half, info=aad)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(half).encrypt(nonce, plain, aad)


@dataclass(frozen=True)
class Opener:
    """Opens what was sealed for `recipient`, under any key of the ring."""

    recipient: str
    ring: KeyRing | SealRing

    def open(self, sealed: Sealed, context: str) -> str:
        """The secret, or `DecryptionError`; the failure is logged as `crypto_decrypt_fail`
        (CR-11).
        """
        try:
            return self._open(sealed, context)
        except DecryptionError as error:
            log.warning(
                "A sealed secret could not be opened.",
                action="crypto_decrypt_fail",
                reason=str(error),
                context=context,
                key_id=sealed.key_id,
            )
            raise

    def _open(self, sealed: Sealed, context: str) -> str:
        if sealed.recipient != self.recipient:
            raise DecryptionError("it was sealed for another service")
        key = self.ring.get(sealed.key_id)
        if key is None:
            raise DecryptionError("its key is not in the ring")
        if isinstance(key, X25519PublicKey):
            raise DecryptionError("only its public key is here")
        try:
            box = base64.b64decode(sealed.box.encode(), altchars=b"-_", validate=True)
            aad = _aad(self.recipient, sealed.key_id, context)
            if not isinstance(key, bytes):
                return HPKE.decrypt(box, key, info=aad).decode()
            return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], aad).decode()
        except (InvalidTag, ValueError):
            raise DecryptionError("it was altered, or made for another field") from None


def keyed_hash(ring: KeyRing, purpose: str, value: str) -> tuple[str, bytes]:
    """(key id, HMAC-SHA-256) of a value for one purpose, under the current key."""
    key_id, key = ring.current
    return key_id, _hash(key, purpose, value)


def keyed_hashes(ring: KeyRing, purpose: str, value: str) -> list[bytes]:
    """The hashes of a value under every key of the ring, to look a token up in a table."""
    return [_hash(key, purpose, value) for _, key in ring.keys]


def matches(ring: KeyRing, purpose: str, value: str, key_id: str, expected: bytes) -> bool:
    """Whether `expected` is the hash of `value`, in constant time; False for an unknown key."""
    key = ring.get(key_id)
    if key is None:
        return False
    return hmac.compare_digest(_hash(key, purpose, value), expected)


def _hash(key: bytes, purpose: str, value: str) -> bytes:
    # The length keeps (purpose "ab", value "c") apart from (purpose "a", value "bc").
    name = purpose.encode()
    return hmac.digest(key, len(name).to_bytes(2, "big") + name + value.encode(), "sha256")


def signature_text(digest: bytes) -> str:
    """A keyed hash as base64url without padding."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def signature_bytes(text: str) -> bytes:
    """The bytes of a signature; none where it is not written in the one way of `signature_text`."""
    try:
        digest = base64.urlsafe_b64decode(f"{text}=")
    except (binascii.Error, ValueError):
        return b""
    return digest if signature_text(digest) == text else b""


def new_token() -> str:
    """256 random bits as 43 characters of base64url."""
    return random.token_urlsafe(TOKEN_BYTES)


def new_code(digits: int = 6) -> str:
    """A random decimal code, leading zeros kept."""
    return f"{random.randbelow(10**digits):0{digits}d}"
