"""TOTP codes (RFC 6238) and the keys they are computed from.

SHA-1, six digits and thirty seconds only: every usual application supports these
(OT-03). A code is computed from a step number, never from a date, so that no local time can slip
in (OT-07). Pure: times and random bytes are passed in.
"""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

import pyotp

STEP_SECONDS = 30
DIGITS = 6
#: 160 bits, as RFC 4226 advises (OT-01).
KEY_BYTES = 20


def step_at(moment: datetime) -> int:
    """The number of the step at `moment`. Raises ValueError without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a step needs a moment with its zone")
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(key: str, step: int) -> str:
    """The code of `key` in one step."""
    return pyotp.HOTP(key, digits=DIGITS).at(step)


def is_code_of(key: str, step: int, code: str) -> bool:
    """Whether `code` is the code of the step; compares in constant time."""
    return hmac.compare_digest(code_at(key, step), code)


def make_key(random_bytes: bytes) -> str:
    """A key of 32 base32 characters. Raises ValueError unless given 160 bits."""
    if len(random_bytes) != KEY_BYTES:
        raise ValueError(f"a key is made of {KEY_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode()


def key_uri(key: str, label: str, issuer: str) -> str:
    """The key URI that applications read from a QR code or a link (OT-03).

    A colon separates issuer and label: one in the label becomes a hyphen, one in the issuer raises
    ValueError.
    """
    if ":" in issuer or not issuer.strip():
        raise ValueError("the issuer has a name, without a colon")
    account = quote(label.replace(":", "-").strip(), safe="")
    encoded_issuer = quote(issuer, safe="")
    return (
        f"otpauth://totp/{encoded_issuer}:{account}?secret={key}&issuer={encoded_issuer}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
