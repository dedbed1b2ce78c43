"""Requests to the support desk: their kinds, and their numbers.

A number is derived from what identifies the request where it is first known, so that page, mail and
desk show the same one without asking each other: a form by its idempotency key, a mailed link by
its token, an event without a number by its id.
"""

import base64
import hashlib
import re

#: Prefixes of the numbers, by kind.
PREFIXES = {
    "lost_phone": "TEL",
    "correction": "COR",
    "departure": "DEP",
    "mailbox": "BOI",
    "message": "MSG",
}
KINDS = tuple(PREFIXES)
#: 50 bits: a number identifies a request and opens nothing.
NUMBER_CHARACTERS = 10
HALF = NUMBER_CHARACTERS // 2
NUMBER = re.compile(rf"(?:{'|'.join(PREFIXES.values())})(?:-[A-Z2-7]{{{HALF}}}){{2}}")
_TYPED = re.compile(rf"({'|'.join(PREFIXES.values())})([A-Z2-7]{{{HALF}}})([A-Z2-7]{{{HALF}}})")
#: Digits that no number contains, and the letters that they are taken for.
_LOOK_ALIKES = str.maketrans("0189", "OIBG")
_LEFT_OUT = re.compile(r"[^A-Z0-9]")
#: A number within a sentence or a link, its parts kept apart by hyphens.
_WITHIN = re.compile(
    rf"(?:{'|'.join(PREFIXES.values())})(?:[-\u2010-\u2015\u2212][A-Z0-9]{{{HALF}}}){{2}}(?![A-Z0-9])"
)


def request_number(kind: str, seed: bytes) -> str:
    """The number of the request of `kind` that `seed`, unique to it, identifies.

    >>> request_number("correction", b"form")
    'COR-A44X2-YZ7EW'
    """
    letters = base64.b32encode(hashlib.sha256(seed).digest()).decode()[:NUMBER_CHARACTERS]
    return f"{PREFIXES[kind]}-{letters[:HALF]}-{letters[HALF:]}"


def read_number(typed: str) -> str | None:
    """The number in what somebody typed, whatever case, blanks and hyphens; None for anything else.

    A number is also read in a sentence or a link that was pasted whole.

    >>> read_number(" cor a44x2 yz7ew "), read_number("Demande n° COR-A44X2-YZ7EW.")
    ('COR-A44X2-YZ7EW', 'COR-A44X2-YZ7EW')
    """
    text = typed.upper()
    within = _WITHIN.search(text)
    signs = _LEFT_OUT.sub("", within.group() if within else text)
    found = _TYPED.fullmatch(signs[:3] + signs[3:].translate(_LOOK_ALIKES))
    return "-".join(found.groups()) if found else None


def kind_of(number: str) -> str:
    """The kind that a number begins with. Raises `KeyError` for another beginning."""
    return {prefix: kind for kind, prefix in PREFIXES.items()}[number.partition("-")[0]]
