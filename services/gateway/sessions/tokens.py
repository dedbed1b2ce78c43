"""Tokens of a browser before sign-in: its cookie, form tokens, idempotency keys.

A browser without a request has a signed cookie and no row; one that requested an account has a
random token that is looked up by its hash. Form tokens and idempotency keys are bound to that
cookie. Pure: time and randomness are passed in or come from `shared.security.sealing`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.security.sealing import (
    KeyRing,
    keyed_hash,
    matches,
    new_token,
    signature_bytes,
    signature_text,
)

#: Lifetime of a signed cookie, and so of an open form.
ANONYMOUS_LIFETIME = timedelta(hours=24)
#: Clocks of two gateways may differ by this much.
CLOCK_SKEW = timedelta(minutes=2)

REFERENCE = re.compile(r"[A-Za-z0-9_-]{43}")
ANONYMOUS = re.compile(r"a\.(\d{1,12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{1,16})\.([\w-]{43})")
CSRF = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{1,16})\.([\w-]{43})", re.ASCII)
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{43}")

COOKIE_PURPOSE = "presession cookie"
CSRF_PURPOSE = "form token"
IDEMPOTENCY_PURPOSE = "idempotency key"


@dataclass(frozen=True)
class AnonymousCookie:
    """A browser without a request; we signed its cookie, which is not too old."""

    cookie: str


@dataclass(frozen=True)
class PresessionCookie:
    """A browser that seems bound to a request; the token is still to be looked up."""

    cookie: str


def new_anonymous(ring: KeyRing, now: datetime) -> str:
    """A signed cookie for a browser that is about to see a form."""
    issued, random = str(int(now.timestamp())), new_token()
    key_id, digest = keyed_hash(ring, COOKIE_PURPOSE, f"{issued}.{random}")
    return f"a.{issued}.{random}.{key_id}.{signature_text(digest)}"


def read_cookie(
    ring: KeyRing, value: str, now: datetime
) -> AnonymousCookie | PresessionCookie | None:
    """What a cookie is, or None where it is not one of ours or too old (SE-01)."""
    if REFERENCE.fullmatch(value):
        return PresessionCookie(value)
    found = ANONYMOUS.fullmatch(value) if value.isascii() else None
    if found is None:
        return None
    issued, random, key_id, signature = found.groups()
    if not matches(ring, COOKIE_PURPOSE, f"{issued}.{random}", key_id, signature_bytes(signature)):
        return None
    age = now - datetime.fromtimestamp(int(issued), UTC)
    return AnonymousCookie(value) if -CLOCK_SKEW <= age < ANONYMOUS_LIFETIME else None


def token_hash(token: str) -> bytes:
    """The stored hash of a token. The token has 256 random bits, so no key is needed."""
    return hashlib.sha256(token.encode()).digest()


def form_token(ring: KeyRing, cookie: str) -> str:
    """A token for the forms of one page, bound to the cookie; never the same text twice, so that a
    compressed page does not disclose it.
    """
    random = new_token()
    key_id, digest = keyed_hash(ring, CSRF_PURPOSE, f"{random}.{cookie}")
    return f"{random}.{key_id}.{signature_text(digest)}"


def is_valid_form_token(ring: KeyRing, cookie: str, token: str) -> bool:
    """Whether a form's token was made for this cookie, in constant time (WF-05)."""
    found = CSRF.fullmatch(token)
    if found is None:
        return False
    random, key_id, signature = found.groups()
    return matches(ring, CSRF_PURPOSE, f"{random}.{cookie}", key_id, signature_bytes(signature))


def idempotency_key(
    ring: KeyRing, cookie: str, form: str, form_key: str, fields: Mapping[str, str]
) -> str:
    """The same for the same form, filled in alike, posted again by the same browser."""
    content = json.dumps([cookie, form, form_key, sorted(fields.items())])
    return keyed_hash(ring, IDEMPOTENCY_PURPOSE, content)[1].hex()
