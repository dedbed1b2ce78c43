"""Proofs that mfa accepted a code of the second factor, which a front end only carries (SE-09).

A proof names the account, what the code was given for, and a number that its reader keeps, so that
it counts once. mfa signs it and the reader checks it under a key that no front end has: whoever
controls a front end can pass on a code that somebody just typed, but can make no proof.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.security.sealing import KeyRing
from shared.security.signed_tokens import read, sign

PURPOSE = "mfa/accepted code"
#: How long a code counts as fresh.
CODE_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class CodeProof:
    """mfa accepted a code of `account_id` at `accepted_at` (a whole second) for `about`, the digest
    of a request; `nonce` is unique."""

    account_id: str
    about: str
    nonce: str
    accepted_at: datetime


def write_proof(ring: KeyRing, proof: CodeProof) -> str:
    """The proof as text. ValueError where a part is not letters, digits, `-` or `_`."""
    parts = (proof.account_id, proof.about, proof.nonce)
    return sign(ring, PURPOSE, parts, proof.accepted_at + CODE_LIFETIME)


def read_proof(ring: KeyRing, text: str) -> CodeProof | None:
    """The proof, however old; None where mfa did not sign it."""
    signed = read(ring, PURPOSE, text)
    if signed is None or len(signed.parts) != 3:
        return None
    account_id, about, nonce = signed.parts
    return CodeProof(
        account_id=account_id,
        about=about,
        nonce=nonce,
        accepted_at=signed.expires_at - CODE_LIFETIME,
    )
