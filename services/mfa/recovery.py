"""Recovery codes: ten on a sheet of paper, each good once instead of the phone (OT-14, B-13).

Of 80 bits, so that a keyed hash is enough to keep them; the hash is bound to the account. Pure:
random bytes and key ring are passed in.
"""

from __future__ import annotations

import base64
import re

from shared.security.sealing import KeyRing, keyed_hash, keyed_hashes

CODES = 10
CODE_BYTES = 10
GROUP = 4

CODE = re.compile(r"[A-Z2-7]{16}")
#: What people and their programs put between the groups.
BETWEEN = re.compile("[ \u00a0\u2009\u202f\t\u2010\u2011\u2013-]")
PURPOSE = "mfa/recovery"


def make_code(random_bytes: bytes) -> str:
    """The sixteen characters of a code. ValueError where there are not 80 bits."""
    if len(random_bytes) != CODE_BYTES:
        raise ValueError(f"a recovery code is made of {CODE_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode()


def grouped(code: str) -> str:
    """A code as it is shown: `ABCD-EFGH-2345-MNOP`."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def clean(typed: str) -> str | None:
    """The sixteen characters of what was typed, or None where it cannot be a recovery code."""
    text = BETWEEN.sub("", typed)
    # Letters outside ASCII have capitals inside it, such as the long s.
    return text.upper() if text.isascii() and CODE.fullmatch(text.upper()) else None


def hash_code(ring: KeyRing, account_id: str, code: str) -> tuple[str, bytes]:
    """(key id, hash) of sixteen characters, to be kept."""
    return keyed_hash(ring, PURPOSE, _bound(account_id, code))


def hashes_of(ring: KeyRing, account_id: str, code: str) -> list[bytes]:
    """What a good code's kept hash may be, one per key of the ring."""
    return keyed_hashes(ring, PURPOSE, _bound(account_id, code))


def _bound(account_id: str, code: str) -> str:
    return f"{account_id}/{code}"
