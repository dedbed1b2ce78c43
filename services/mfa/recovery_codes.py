"""Recovery codes: ten, each usable once instead of the phone (OT-14, B-13).

They have 80 bits, so a keyed hash, bound to the account, is enough to store them. Pure: random
bytes and key ring are passed in.
"""

import base64

from shared.security.sealing import KeyRing, keyed_hash, keyed_hashes

CODE_COUNT = 10
CODE_BYTES = 10
GROUP = 4

PURPOSE = "mfa/recovery"


def make_code(random_bytes: bytes) -> str:
    """A code of sixteen characters. Raises ValueError unless given 80 bits."""
    if len(random_bytes) != CODE_BYTES:
        raise ValueError(f"a recovery code is made of {CODE_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode()


def grouped(code: str) -> str:
    """A code as shown to the user: `ABCD-EFGH-2345-MNOP`."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def hash_code(ring: KeyRing, account_id: str, code: str) -> tuple[str, bytes]:
    """(key id, hash) of a code, to be stored."""
    return keyed_hash(ring, PURPOSE, _with_account(account_id, code))


def hashes_of(ring: KeyRing, account_id: str, code: str) -> list[bytes]:
    """The hashes a code may be stored under, one per key of the ring."""
    return keyed_hashes(ring, PURPOSE, _with_account(account_id, code))


def _with_account(account_id: str, code: str) -> str:
    return f"{account_id}/{code}"
