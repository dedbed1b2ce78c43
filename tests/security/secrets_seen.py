"""Secrets that were typed, shown or stored, their encodings, and the search for them.

A secret of some length is looked for as it is and in base64 (also in the middle of something that
was encoded whole), hexadecimal, percent-encoding, and, where it is itself an encoding of bytes, in
those of its bytes. A code of six digits is searched as a whole number: a text of some megabytes
contains a few such numbers by chance, of which one may be a code, but a leak would contain every
code of its kind, so two of one kind are a leak and one is none.
"""

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, quote_plus

#: Shorter texts would be found by chance.
MIN_LENGTH = 8
#: How many codes of one kind are enough to detect a leak.
ENOUGH = 3
ALONE = re.compile(r"(?<![\w.+/-])[0-9]{6}(?![\w+/=-])")
BASE32 = re.compile(r"[A-Z2-7]{16,}")


@dataclass
class Secrets:
    """Secrets that must occur nowhere. Kinds are for the report."""

    long: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, kind: str, *secrets: str) -> None:
        """Texts of some length: passwords, tokens, keys."""
        for secret in secrets:
            if secret:
                assert len(secret) >= MIN_LENGTH, f"too short to look for: a {kind}"
                self.long[kind].add(secret)

    def add_code(self, kind: str, code: str) -> None:
        """Six figures."""
        assert re.fullmatch("[0-9]{6}", code), kind
        self.codes[kind].add(code)

    def found_in(self, texts: Mapping[str, str]) -> set[tuple[str, str]]:
        """(kind, place) of everything that was found."""
        return {*self._long(texts), *self._codes(texts)}

    def _long(self, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for place, text in texts.items():
            folded = text.lower()
            for kind, secrets in self.long.items():
                for secret in secrets:
                    if _occurs_in(secret, text, folded):
                        yield kind, place

    def _codes(self, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for place, text in texts.items():
            alone = set(ALONE.findall(text))
            for kind, codes in self.codes.items():
                written = {code for code in codes if any(e in text for e in _encoded(code))}
                if len(codes & alone) > 1 or written:
                    yield kind, place


def _occurs_in(secret: str, text: str, folded: str) -> bool:
    return any(way in text for way in exact(secret)) or any(
        way in folded for way in folding(secret)
    )


@cache
def exact(secret: str) -> set[str]:
    """Every way to write it in which case matters."""
    plain = secret.encode()
    ways = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    for content in (plain, *_bytes_of(secret)):
        ways |= set(_base64(content))
    return ways


@cache
def folding(secret: str) -> set[str]:
    """Every way in which case does not matter: hexadecimal, and a key in base32 in any grouping."""
    ways = {content.hex() for content in (secret.encode(), *_bytes_of(secret))}
    bare = re.sub(r"[\s-]", "", secret)
    if BASE32.fullmatch(bare):
        groups = [bare[at : at + 4] for at in range(0, len(bare), 4)]
        ways |= {mark.join(groups).lower() for mark in ("", " ", "\u00a0", "-")}
    return ways


def _encoded(code: str) -> Iterator[str]:
    yield base64.b64encode(code.encode()).decode()
    yield code.encode().hex()


def _base64(content: bytes) -> Iterator[str]:
    """Its base64 at the beginning, and what is the same of it at each place within more bytes."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        # The first characters share bits with the preceding bytes, the last one with the following.
        inner = whole[(0, 2, 3)[before] :]
        if (before + len(content)) % 3:
            inner = inner[:-1]
        if len(inner) >= MIN_LENGTH:
            yield inner
            yield inner.translate(str.maketrans("+/", "-_"))


def _bytes_of(secret: str) -> Iterable[bytes]:
    """The bytes that the secret itself encodes, if any."""
    bare = re.sub(r"[\s-]", "", secret)
    if BASE32.fullmatch(bare):
        yield base64.b32decode(bare + "=" * (-len(bare) % 8))
    if re.fullmatch(r"[A-Za-z0-9+/_-]{40,}=*", secret):
        padded = secret.rstrip("=") + "=" * (-len(secret.rstrip("=")) % 4)
        try:
            yield base64.b64decode(padded.translate(str.maketrans("-_", "+/")), validate=True)
        except binascii.Error:
            return
