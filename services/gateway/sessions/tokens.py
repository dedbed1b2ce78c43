"""The tokens of a browser's forms: its cookie, the tokens of its pages, idempotency keys.

Every browser that sees a form has a signed cookie, which stays the same as long as the browser is
open, whatever is signed in or begun meanwhile: its forms stay valid together. The token of a page
holds, sealed, the account that the page was made for. Pure: time and randomness are passed in or
come from `shared.security.sealing`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.gateway.sessions.sealed_state import SealedState
from shared.security.sealing import (
    KeyRing,
    keyed_hash,
    matches,
    new_token,
    signature_bytes,
    signature_text,
)

#: How long a page may be open before its form has expired.
FORM_LIFETIME = timedelta(hours=24)
#: Clocks of two gateways may differ by this much.
CLOCK_SKEW = timedelta(minutes=2)

REFERENCE = re.compile(r"[A-Za-z0-9_-]{43}")
COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{1,16})\.([\w-]{43})", re.ASCII)
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{43}")

COOKIE_PURPOSE = "form cookie"
IDEMPOTENCY_PURPOSE = "idempotency key"


@dataclass(frozen=True)
class FormToken:
    """A token that we made for this browser: for the account of its page (empty where nobody was
    signed in), and whether it is too old.
    """

    account_id: str
    expired: bool


def new_cookie(ring: KeyRing) -> tuple[str, str]:
    """A browser that is about to see a form: its random id, and the cookie that carries it."""
    browser = new_token()
    key_id, digest = keyed_hash(ring, COOKIE_PURPOSE, browser)
    return browser, f"{browser}.{key_id}.{signature_text(digest)}"


def read_cookie(ring: KeyRing, value: str) -> str | None:
    """The browser of a cookie, or None where the cookie is not one of ours (SE-01)."""
    found = COOKIE.fullmatch(value)
    if found is None:
        return None
    browser, key_id, signature = found.groups()
    known = matches(ring, COOKIE_PURPOSE, browser, key_id, signature_bytes(signature))
    return browser if known else None


def token_hash(token: str) -> bytes:
    """The stored hash of a token. The token has 256 random bits, so no key is needed."""
    return hashlib.sha256(token.encode()).digest()


def form_token(sealed: SealedState, browser: str, account_id: str, now: datetime) -> str:
    """A token for the forms of one page; never the same text twice, so that a compressed page does
    not disclose it.
    """
    return sealed.seal(f"{int(now.timestamp())} {account_id}", f"form token of {browser}")


def read_form_token(
    sealed: SealedState, browser: str, token: str, now: datetime
) -> FormToken | None:
    """What a form's token says; None where it was not made for this browser (WF-05)."""
    text = sealed.open(token, f"form token of {browser}") if token else None
    if text is None:
        return None
    issued, account_id = text.split(" ")
    age = now - datetime.fromtimestamp(int(issued), UTC)
    return FormToken(account_id, expired=not -CLOCK_SKEW <= age < FORM_LIFETIME)


def press_hash(token: str, fields: Mapping[str, str]) -> str:
    """One press of a button: the form's token and everything that it sent."""
    return hashlib.sha256(json.dumps([token, sorted(fields.items())]).encode()).hexdigest()


def idempotency_key(
    ring: KeyRing, bound: str, form: str, form_key: str, fields: Mapping[str, str]
) -> str:
    """The same for the same form, filled in alike, posted again by the same browser."""
    content = json.dumps([bound, form, form_key, sorted(fields.items())])
    return keyed_hash(ring, IDEMPOTENCY_PURPOSE, content)[1].hex()
