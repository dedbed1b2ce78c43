"""E-mail addresses: what is accepted, how two compare, and what was probably meant.

No DNS question is asked. An address is kept as typed before the @, in NFC, with its domain in
lower-case ASCII (punycode); two addresses are one where their keys are equal: there the part
before the @ is casefolded too. Dots and plus signs mean what the person's server wants (RE-08).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from shared.contracts.base import FieldError

#: RFC 5321, 4.5.3.1, in octets (EM-01).
MAX_LOCAL = 64
MAX_ADDRESS = 254

_RESERVED_TLDS = frozenset(
    [
        "arpa",
        "invalid",
        "local",
        "localhost",
        "onion",
        "test",
        "example",
        "internal",
        "lan",
        "home",
        "corp",
    ]
)
#: Scripts that one label may mix (Japanese, Korean and Chinese do).
_TOGETHER = frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
#: Cyrillic and Greek letters that look like Latin ones.
_LOOK_ALIKES = frozenset("аеорсухіјѕԛԝһӏґвкмнтαβεικνορτυχϲϳ")


@dataclass(frozen=True, kw_only=True)
class Address:
    """An accepted address: `text` is written to, `key` compares."""

    text: str
    key: str


class BadAddress(Exception):
    """What is wrong with an address; `error` goes to the form's field."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.error = FieldError(field="address", code=code, params=params)


def parse_address(typed: str, *, smtputf8: bool) -> Address:
    """The address to keep. Raises `BadAddress`.

    `smtputf8` says whether the mail relay takes letters outside ASCII before the @.
    """
    text = unicodedata.normalize("NFC", typed).strip(" \u00a0\u202f")
    if not text:
        raise BadAddress("missing")
    _refuse_several(text)
    local, domain = _split(text)
    _refuse_lengths(text, local)
    _refuse_dots(local, domain)
    _refuse_undeliverable(domain)
    _refuse_mixed_scripts(domain)
    if not local.isascii() and not smtputf8:
        raise BadAddress("accents")
    valid = _validate(local, domain, smtputf8=smtputf8)
    _refuse_mixed_scripts(valid.domain)
    return _address(valid)


def address_key(typed: str) -> str:
    """The compare form of whatever was typed at sign-in; of a bad address, something unused."""
    try:
        return parse_address(typed, smtputf8=True).key
    except BadAddress:
        plain = "".join(char for char in typed if unicodedata.category(char)[0] != "C")
        return unicodedata.normalize("NFC", plain).strip().casefold()[:MAX_ADDRESS]


def mask(address: str) -> str:
    """`p***@exemple.fr`: enough for its owner, too little for others."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _address(valid: ValidatedEmail) -> Address:
    domain = (valid.ascii_domain or valid.domain).lower()
    local = unicodedata.normalize("NFC", valid.local_part)
    if len(f"{local}@{domain}".encode()) > MAX_ADDRESS:
        raise BadAddress("too_long", max=MAX_ADDRESS)
    folded = unicodedata.normalize("NFC", local.casefold())
    return Address(text=f"{local}@{domain}", key=f"{folded}@{domain}")


def _refuse_several(text: str) -> None:
    if any(unicodedata.category(char)[0] == "C" for char in text):
        raise BadAddress("format", reason="characters")
    named = "<" in text or ">" in text or any(char.isspace() for char in text)
    if "@" in text and (named or "," in text or ";" in text):
        raise BadAddress("several")


def _split(text: str) -> tuple[str, str]:
    if "@" not in text:
        raise BadAddress("format", reason="no_at")
    local, _, domain = text.rpartition("@")
    if "@" in local:
        raise BadAddress("format", reason="two_at")
    if not local:
        raise BadAddress("format", reason="no_local_part")
    if not domain:
        raise BadAddress("format", reason="no_domain")
    return local, domain


def _refuse_lengths(text: str, local: str) -> None:
    if len(text.encode()) > MAX_ADDRESS:
        raise BadAddress("too_long", max=MAX_ADDRESS)
    if len(local.encode()) > MAX_LOCAL:
        raise BadAddress("local_too_long", max=MAX_LOCAL)


def _refuse_dots(local: str, domain: str) -> None:
    if ".." in local or ".." in domain:
        raise BadAddress("format", reason="two_dots")
    if local[0] == "." or local[-1] == "." or domain[0] == "." or domain[-1] == ".":
        raise BadAddress("format", reason="edge_dot")


def _refuse_undeliverable(domain: str) -> None:
    top = domain.rpartition(".")[2].lower()
    literal = domain.startswith("[") or top.isdigit()
    if literal or "." not in domain or top in _RESERVED_TLDS:
        raise BadAddress("undeliverable_domain")


def _refuse_mixed_scripts(domain: str) -> None:
    *labels, top = unicodedata.normalize("NFKC", domain).lower().split(".")
    for label in [*labels, top]:
        scripts = {_script(char) for char in label if char.isalpha()}
        if len(scripts) > 1 and not scripts <= _TOGETHER:
            raise BadAddress("mixed_scripts")
    for label in labels:
        letters = {char for char in label if char.isalpha()}
        if top.isascii() and letters and letters <= _LOOK_ALIKES:
            raise BadAddress("mixed_scripts")


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split(maxsplit=1)[0]


def _validate(local: str, domain: str, *, smtputf8: bool) -> ValidatedEmail:
    try:
        _ask_validator("a", domain, smtputf8=smtputf8)
    except EmailNotValidError:
        raise BadAddress("format", reason="domain") from None
    try:
        return _ask_validator(local, domain, smtputf8=smtputf8)
    except EmailNotValidError:
        raise BadAddress("format", reason="characters") from None


def _ask_validator(local: str, domain: str, *, smtputf8: bool) -> ValidatedEmail:
    return validate_email(
        f"{local}@{domain}",
        allow_smtputf8=smtputf8,
        allow_quoted_local=False,
        allow_domain_literal=False,
        allow_display_name=False,
        strict=True,
        check_deliverability=False,
    )
