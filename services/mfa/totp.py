"""Codes that a phone computes (RFC 6238), and the key it is given for that.

SHA-1, six digits, thirty seconds and nothing else: what every version of the usual applications
reads (OT-03). A code is computed from the number of its step, never from a date: a library's notion
of local time cannot come in (OT-07). Pure: moments and random bytes are passed in.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import datetime
from urllib.parse import quote

import pyotp

STEP_SECONDS = 30
DIGITS = 6
#: 160 bits, as RFC 4226 advises (OT-01).
KEY_BYTES = 20

CODE = re.compile(rf"[0-9]{{{DIGITS}}}")
#: Spaces that applications show and keyboards make: plain, no-break, thin, narrow no-break.
SPACES = " \u00a0\u2009\u202f"
#: Two groups of three; nothing else that holds a hyphen is a code.
GROUPED = re.compile(r"([0-9]{3})-([0-9]{3})")


def step_at(moment: datetime) -> int:
    """The number of the step that `moment` lies in. ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a step needs a moment with its zone")
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(key: str, step: int) -> str:
    """The code of `key` in one step."""
    return pyotp.HOTP(key, digits=DIGITS).at(step)


def is_code_of(key: str, step: int, code: str) -> bool:
    """Whether `code` is that of the step, in constant time."""
    return hmac.compare_digest(code_at(key, step), code)


def clean(typed: str) -> str | None:
    """The six digits of what was typed, or None where it is not a code (OT-08)."""
    text = typed.translate({ord(space): None for space in SPACES})
    text = GROUPED.sub(r"\1\2", text)
    return text if CODE.fullmatch(text) else None


def make_key(random_bytes: bytes) -> str:
    """A key in base32, 32 characters. ValueError where there are not 160 bits."""
    if len(random_bytes) != KEY_BYTES:
        raise ValueError(f"a key is made of {KEY_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode()


def key_uri(key: str, label: str, issuer: str) -> str:
    """The key as applications read it from a QR code or a link (OT-03).

    The colon parts issuer and label, so one in the label is shown as a hyphen; one in the issuer is
    refused with ValueError.
    """
    if ":" in issuer or not issuer.strip():
        raise ValueError("the issuer has a name, without a colon")
    name = quote(label.replace(":", "-").strip(), safe="")
    by = quote(issuer, safe="")
    return (
        f"otpauth://totp/{by}:{name}?secret={key}&issuer={by}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
