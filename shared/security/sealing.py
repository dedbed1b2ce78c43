"""Keys, sealed fields, keyed hashes and random tokens.

Sealing is AES-256-GCM under the key ring of one receiving service, bound to that service, the key
and the field it was made for. What is sealed under a former key still opens while that key is in
the ring; new secrets always use the first key. Nothing here reads the environment or keeps a
secret longer than the call.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets as random
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.base import Event, Reply, Request, Sealed
from shared.errors import DecryptionError
from shared.runtime.telemetry import get_logger

KEY_BYTES = 32
NONCE_BYTES = 12
TOKEN_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
#: A random 32-byte key has about 30 different bytes; fewer than this is a pattern, not a key.
MIN_DISTINCT_BYTES = 16

log = get_logger("secrets")


@dataclass(frozen=True)
class KeyRing:
    """Named 256-bit keys; the first one is current, the others are kept for what they made."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `k2:base64,k1:base64`. ValueError names the problem without showing a key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(text.split(","), 1):
            key_id, colon, encoded = entry.strip().partition(":")
            if not colon or not KEY_ID.fullmatch(key_id):
                raise ValueError(
                    f"key number {number} must be written id:base64, "
                    "the id of 1 to 16 letters, digits, - or _"
                )
            if key_id in keys:
                raise ValueError(f"the key id {key_id} is used twice")
            key = _decode_key(key_id, encoded.strip())
            if any(hmac.compare_digest(key, other) for other in keys.values()):
                raise ValueError(f"the key {key_id} repeats another key of the ring")
            keys[key_id] = key
        return cls(tuple(keys.items()))

    @property
    def current(self) -> tuple[str, bytes]:
        """The (id, key) that makes new secrets."""
        return self.keys[0]

    def get(self, key_id: str) -> bytes | None:
        """The key of that id, or None."""
        return dict(self.keys).get(key_id)

    def __repr__(self) -> str:
        return f"<key ring {', '.join(key_id for key_id, _ in self.keys)}>"


def _decode_key(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the key {key_id} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key {key_id} has {len(key)} bytes, {KEY_BYTES} are needed")
    if len(set(key)) < MIN_DISTINCT_BYTES:
        raise ValueError(f"the key {key_id} is not random: it repeats the same few bytes")
    return key


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
    ring: KeyRing

    def seal(self, plain: str, context: str) -> Sealed:
        """Seal `plain` for one field (`context`, see `seal_context`)."""
        key_id, key = self.ring.current
        nonce = os.urandom(NONCE_BYTES)
        box = nonce + AESGCM(key).encrypt(
            nonce, plain.encode(), _aad(self.recipient, key_id, context)
        )
        return Sealed(
            recipient=self.recipient, key_id=key_id, box=base64.urlsafe_b64encode(box).decode()
        )


@dataclass(frozen=True)
class Opener:
    """Opens what was sealed for `recipient`, under any key of the ring."""

    recipient: str
    ring: KeyRing

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
        try:
            box = base64.b64decode(sealed.box.encode(), altchars=b"-_", validate=True)
            nonce, body = box[:NONCE_BYTES], box[NONCE_BYTES:]
            aad = _aad(self.recipient, sealed.key_id, context)
            return AESGCM(key).decrypt(nonce, body, aad).decode()
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
    return hmac.new(
        key, len(name).to_bytes(2, "big") + name + value.encode(), hashlib.sha256
    ).digest()


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
