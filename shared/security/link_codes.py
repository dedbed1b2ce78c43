"""The six digits that a mail shows with a link that takes something away, and that the link's page
asks for (S-04).

A robot follows every link of a mail and presses what it finds; it does not type. The digits follow
from the link's token under a key that the link does not carry, so nothing is stored.
"""

import hmac

from shared.security.sealing import KeyRing, keyed_hash, keyed_hashes

PURPOSE = "mailed link code"
DIGITS = 6


def link_code(ring: KeyRing, token: str) -> str:
    """The digits of a link, for its mail."""
    return _digits(keyed_hash(ring, PURPOSE, token)[1])


def is_link_code(ring: KeyRing, token: str, typed: str) -> bool:
    """Whether these are the digits of a link, under any key of the ring."""
    codes = (_digits(digest) for digest in keyed_hashes(ring, PURPOSE, token))
    return any(hmac.compare_digest(code.encode(), typed.encode()) for code in codes)


def _digits(digest: bytes) -> str:
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"
