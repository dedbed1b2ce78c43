"""How a setting writes a key ring: `k2:…,k1:…`, 256-bit keys in base64.

Every ValueError names the problem without showing a key.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
#: A random 32-byte key has about 30 different bytes; fewer than this is a pattern, not a key.
MIN_DISTINCT_BYTES = 16


def split_ring(text: str) -> list[tuple[str, str]]:
    """(key id, what is written behind it) of each entry; ValueError for a bad or repeated id."""
    found: dict[str, str] = {}
    for number, entry in enumerate(text.split(","), 1):
        key_id, colon, encoded = entry.strip().partition(":")
        if not colon or not KEY_ID.fullmatch(key_id):
            raise ValueError(
                f"key number {number} must be written id:base64, "
                "the id of 1 to 16 letters, digits, - or _"
            )
        if key_id in found:
            raise ValueError(f"the key id {key_id} is used twice")
        found[key_id] = encoded.strip()
    return list(found.items())


def decode_key(key_id: str, encoded: str) -> bytes:
    """The 32 bytes of a key in either alphabet of base64; ValueError if they are not random."""
    try:
        key = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the key {key_id} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key {key_id} has {len(key)} bytes, {KEY_BYTES} are needed")
    if len(set(key)) < MIN_DISTINCT_BYTES:
        raise ValueError(f"the key {key_id} is not random: it repeats the same few bytes")
    return key


def refuse_repeats(keys: Iterable[tuple[str, bytes]]) -> None:
    """ValueError where two ids have the same key."""
    seen: list[bytes] = []
    for key_id, key in keys:
        if any(hmac.compare_digest(key, other) for other in seen):
            raise ValueError(f"the key {key_id} repeats another key of the ring")
        seen.append(key)
