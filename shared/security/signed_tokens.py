"""Signed tokens: what a link carries that no table keeps.

A token names what it is about and until when, and proves that we wrote it, for one purpose (CR-04:
one algorithm, an expiry, and a purpose that no other kind of token shares). It hides nothing: put
identifiers into it, never a secret. Whether it was used already is for its reader to know.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.security.sealing import KeyRing, keyed_hash, matches, signature_bytes, signature_text

PART = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Longer than any token of ours.
MAX_TOKEN_LENGTH = 400


@dataclass(frozen=True)
class Signed:
    """The content of a token: its parts and its expiry (a whole second, UTC)."""

    parts: tuple[str, ...]
    expires_at: datetime


def sign(ring: KeyRing, purpose: str, parts: tuple[str, ...], expires_at: datetime) -> str:
    """A token for `purpose`; ValueError for a part that is not letters, digits, `-` or `_`."""
    if not all(PART.fullmatch(part) for part in parts):
        raise ValueError("a signed token holds identifiers only")
    content = ".".join((str(int(expires_at.timestamp())), *parts))
    key_id, digest = keyed_hash(ring, purpose, content)
    return f"{content}.{key_id}.{signature_text(digest)}"


def read(ring: KeyRing, purpose: str, token: str) -> Signed | None:
    """The content of a token, expired or not; None if it was not signed here for this purpose."""
    pieces = token.split(".") if len(token) <= MAX_TOKEN_LENGTH and token.isascii() else []
    if len(pieces) < 3 or not pieces[0].isdigit() or len(pieces[0]) > 12:
        return None
    *content, key_id, signature = pieces
    if not matches(ring, purpose, ".".join(content), key_id, signature_bytes(signature)):
        return None
    return Signed(tuple(content[1:]), datetime.fromtimestamp(int(content[0]), UTC))
