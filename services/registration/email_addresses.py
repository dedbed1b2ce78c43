"""E-mail addresses: syntax, normal form and comparison. Pure, without DNS queries.

An address is stored with its local part as typed, in NFC and with straight apostrophes, and its
domain in lower-case ASCII (punycode). Addresses are equal where their keys are: there the local
part is casefolded too. Dots and plus signs are significant (RE-08).
"""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from services.registration.mixed_scripts import are_mixed
from shared.contracts.base import FieldError
from shared.domain.typed_text import (
    MAX_PARTS,
    UnsafeText,
    clean_email,
    has_long_run_of_marks,
    normal_form,
    visible_sign,
)

#: RFC 5321, 4.5.3.1, in octets (EM-01).
MAX_LOCAL = 64
MAX_ADDRESS = 254

_RESERVED_TLDS = frozenset((
    "arpa", "invalid", "local", "localhost", "onion", "test", "example", "internal", "lan", "home",
    "corp",
))  # fmt: skip
#: Signs of ASCII that stand before @ only between quotation marks (RFC 5322, 3.2.3).
_SPECIAL_SIGNS = frozenset('()<>[]:;@\\,"')
#: What telephones and other keyboards write for the signs of an address.
_READ_AS = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'", "\uff07": "'",
    "\uff20": "@", "\ufe6b": "@", "\uff0e": ".", "\u3002": ".", "\uff61": ".",
})  # fmt: skip
#: Cyrillic and Greek letters that look like Latin ones.
_LOOK_ALIKES = frozenset("аеорсухіјѕԛԝһӏґвкмнтαβεικνορτυχϲϳ")


@dataclass(frozen=True, kw_only=True)
class EmailAddress:
    """A valid address: mail is sent to `text`, comparisons use `key`."""

    text: str
    key: str


class InvalidEmailAddress(Exception):
    """An invalid address; `error` is the error of the form's field."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.error = FieldError(field="address", code=code, params=params)


def parse_email_address(typed: str, *, smtputf8: bool) -> EmailAddress:
    """The address to store. Raises `InvalidEmailAddress`.

    `smtputf8`: the mail relay accepts letters outside ASCII before the @.
    """
    try:
        text = clean_email(typed, MAX_ADDRESS).translate(_READ_AS)
    except UnsafeText as unsafe:
        raise _unsafe(unsafe) from None
    if not text:
        raise InvalidEmailAddress("missing")
    _check_signs(text)
    local, domain = _split(text)
    _check_lengths(text, local)
    _check_dots(local, domain)
    _check_deliverable(domain)
    _check_scripts(domain)
    if not smtputf8:
        _check_ascii(local)
    valid = _validate(local, domain, smtputf8=smtputf8)
    _check_scripts(valid.domain)
    return _normalized(valid)


def address_key(typed: str) -> str:
    """The comparison key of what was typed at sign-in; an invalid address matches nothing."""
    try:
        return parse_email_address(typed, smtputf8=True).key
    except InvalidEmailAddress:
        kept = typed[: MAX_PARTS * MAX_ADDRESS]
        plain = "".join(char for char in kept if unicodedata.category(char)[0] != "C")
        if not has_long_run_of_marks(plain):
            plain = normal_form(plain, MAX_ADDRESS)
        return plain.strip().casefold()[:MAX_ADDRESS]


def mailbox_key(key: str) -> str:
    """The key of the mailbox that an address probably belongs to: what follows + is left out.

    For quotas only: two such addresses are two accounts (RE-08).

    >>> mailbox_key("pierre+douane@labo.fr")
    'pierre@labo.fr'
    """
    local, at, domain = key.rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def mask_email_address(address: str) -> str:
    """`p***@exemple.fr`: the owner recognizes it, others do not."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _normalized(valid: ValidatedEmail) -> EmailAddress:
    domain = (valid.ascii_domain or valid.domain).lower()
    local = normal_form(valid.local_part, MAX_ADDRESS)
    if len(f"{local}@{domain}".encode()) > MAX_ADDRESS:
        raise InvalidEmailAddress("too_long", max=MAX_ADDRESS)
    folded = normal_form(local.casefold(), MAX_ADDRESS)
    return EmailAddress(text=f"{local}@{domain}", key=f"{folded}@{domain}")


def _unsafe(unsafe: UnsafeText) -> InvalidEmailAddress:
    if unsafe.code == "too_long":
        return InvalidEmailAddress("too_long", max=MAX_ADDRESS)
    return InvalidEmailAddress("format", reason="characters")


def _check_signs(text: str) -> None:
    """Signs that no address contains, each with what it probably means."""
    if any(unicodedata.category(char)[0] == "C" for char in text):
        raise InvalidEmailAddress("format", reason="invisible")
    blank = any(char.isspace() for char in text)
    if text.count("@") > 1 and (blank or "," in text or ";" in text):
        raise InvalidEmailAddress("several")
    if "<" in text or ">" in text:
        raise InvalidEmailAddress("display_name")
    if blank:
        raise InvalidEmailAddress("format", reason="space")
    for char in text:
        if char in ",;":
            raise InvalidEmailAddress("format", reason="sign", sign=char)


def _split(text: str) -> tuple[str, str]:
    if "@" not in text:
        raise InvalidEmailAddress("format", reason="no_at")
    local, _, domain = text.rpartition("@")
    if "@" in local:
        raise InvalidEmailAddress("format", reason="two_at")
    if not local:
        raise InvalidEmailAddress("format", reason="no_local_part")
    if not domain:
        raise InvalidEmailAddress("format", reason="no_domain")
    return local, domain


def _check_lengths(text: str, local: str) -> None:
    if len(text.encode()) > MAX_ADDRESS:
        raise InvalidEmailAddress("too_long", max=MAX_ADDRESS)
    if len(local.encode()) > MAX_LOCAL:
        raise InvalidEmailAddress("local_too_long", max=MAX_LOCAL)


def _check_dots(local: str, domain: str) -> None:
    if ".." in local or ".." in domain:
        raise InvalidEmailAddress("format", reason="two_dots")
    if local[0] == "." or local[-1] == "." or domain[0] == "." or domain[-1] == ".":
        raise InvalidEmailAddress("format", reason="edge_dot")


def _check_ascii(local: str) -> None:
    for char in local:
        if not char.isascii():
            raise InvalidEmailAddress("accents", sign=visible_sign(char))


def _check_deliverable(domain: str) -> None:
    top = domain.rpartition(".")[2].lower()
    literal = domain.startswith("[") or top.isdigit()
    if literal or "." not in domain or top in _RESERVED_TLDS:
        raise InvalidEmailAddress("undeliverable_domain")


def _check_scripts(domain: str) -> None:
    *labels, top = normal_form(domain, MAX_ADDRESS, "NFKC").lower().split(".")
    if any(are_mixed(label) for label in [*labels, top]):
        raise InvalidEmailAddress("mixed_scripts")
    for label in labels:
        letters = {char for char in label if char.isalpha()}
        if top.isascii() and letters and letters <= _LOOK_ALIKES:
            raise InvalidEmailAddress("look_alike_letters")


def _validate(local: str, domain: str, *, smtputf8: bool) -> ValidatedEmail:
    try:
        _validate_syntax("a", domain, smtputf8=smtputf8)
    except EmailNotValidError:
        raise InvalidEmailAddress("format", reason="domain") from None
    try:
        return _validate_syntax(local, domain, smtputf8=smtputf8)
    except EmailNotValidError:
        sign = next((char for char in local if char in _SPECIAL_SIGNS), None)
        if sign is not None:
            raise InvalidEmailAddress("format", reason="sign", sign=sign) from None
        raise InvalidEmailAddress("format", reason="characters") from None


def _validate_syntax(local: str, domain: str, *, smtputf8: bool) -> ValidatedEmail:
    return validate_email(
        f"{local}@{domain}",
        allow_smtputf8=smtputf8,
        allow_quoted_local=False,
        allow_domain_literal=False,
        allow_display_name=False,
        strict=True,
        check_deliverability=False,
    )
