"""The server's interpreter of the password rules; `password-rules.mjs` is the page's. Pure.

The rules are data (`data/password_rules.json`): both interpreters read the same document and return
the same results, which one table of passwords tests. Word lists are separate: see `common_words`.
"""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field

import msgspec

from shared.domain.typed_text import MAX_PARTS, Form, has_long_run_of_marks, normal_form
from shared.security.password_hashing import MAX_PASSWORD_BYTES, normalize

#: Code and parameters of a rule that is not met.
Broken = tuple[str, Mapping[str, str | int]]


class Identity(msgspec.Struct, frozen=True):
    """Parts of a name or an address count from `min_part` letters."""

    min_part: int


class Fold(msgspec.Struct, frozen=True):
    """Characters that compare equal, besides case and accents."""

    letters: dict[str, str]
    look_alikes: dict[str, str]


class Sequences(msgspec.Struct, frozen=True):
    """Rows of keys; `min_run` neighbours in a row are refused."""

    min_run: int
    rows: tuple[str, ...]


class Strength(msgspec.Struct, frozen=True):
    """Parameters of the strength estimate that the page shows."""

    pools: dict[str, int]
    predictable_share: float
    medium_bits: float
    strong_bits: float


class RulesDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document with the rules, which both interpreters read."""

    version: int
    min_length: int
    max_length: int
    mixed_case: bool
    forbidden_words: tuple[str, ...]
    identity: Identity
    fold: Fold
    sequences: Sequences
    strength: Strength
    shown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A password, and the identity that it must not contain."""

    password: str = field(repr=False)
    first_name: str = ""
    last_name: str = ""
    address: str = ""


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule; `code` and `params` where it is not met."""

    rule: str
    code: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the rule is met."""
        return self.code is None


@dataclass(frozen=True)
class _Row:
    """A row of keys in one direction: as it is named, plain and folded, all of one length."""

    keys: str
    plain: str
    folded: str

    def common_part(self, at: int, plain: str, folded: str, start: int) -> str:
        """The keys from `at` on that a typed text, in both forms, follows from `start` on."""
        end, last = at, start + len(self.keys)
        for sign, typed in zip(plain[start:last], folded[start:last], strict=True):
            # Look-alikes stand only for letters: @zer is azer, but elo is not 310.
            same = end < len(self.keys) and typed == self.folded[end]
            if not same or (sign != self.plain[end] and not _is_letter(self.plain[end])):
                break
            end += 1
        return self.keys[at:end]


class PasswordRules:
    """The rules of one document, ready to check passwords."""

    def __init__(self, document: RulesDocument) -> None:
        self.document = document
        size = document.sequences.min_run
        self._rows = [
            _Row(keys, self.plain(keys), self.fold(keys))
            for row in document.sequences.rows
            for keys in (row, row[::-1])
        ]
        self._starts: dict[str, list[tuple[_Row, int]]] = {}
        for row in self._rows:
            for at in range(len(row.folded) - size + 1):
                self._starts.setdefault(row.folded[at : at + size], []).append((row, at))

    @classmethod
    def parse(cls, text: str | bytes) -> "PasswordRules":
        """Read a document. Raises msgspec.DecodeError or ValidationError."""
        return cls(msgspec.json.decode(text, type=RulesDocument))

    def to_json(self) -> str:
        """The document for the page."""
        return msgspec.json.encode(self.document).decode()

    def with_policy(self, *, min_length: int, max_length: int, mixed_case: bool) -> "PasswordRules":
        """The same rules under an operator's policy (B-12)."""
        shown = [rule for rule in self.document.shown if mixed_case or rule != "mixed_case"]
        made = copy(self)
        made.document = msgspec.structs.replace(
            self.document,
            min_length=min_length,
            max_length=max_length,
            mixed_case=mixed_case,
            shown=tuple(shown),
        )
        return made

    def fold(self, text: str) -> str:
        """The form for comparisons: without case, accents, invisible characters and look-alikes."""
        look_alikes = self.document.fold.look_alikes
        return "".join(look_alikes.get(char, char) for char in self.plain(text))

    def spell(self, text: str) -> str:
        """As `plain`, with a letter for each digit or sign that stands for one."""
        look_alikes = self.document.fold.look_alikes
        return "".join(
            char if _is_letter(char) else look_alikes.get(char, char) for char in self.plain(text)
        )

    def plain(self, text: str) -> str:
        """As `fold`, but look-alikes stay distinct; all three forms have the same length."""
        lowered = _normal_form(text, "NFKD").lower()
        letters = self.document.fold.letters
        kept = (
            letters.get(char, char)
            for char in _normal_form(lowered, "NFKD")
            if unicodedata.category(char)[0] != "M" and unicodedata.category(char) != "Cf"
        )
        return "".join(kept)

    def check(self, candidate: Candidate) -> list[RuleResult]:
        """One result for each rule shown, in the order shown."""
        password = normalize(candidate.password)
        folded, plain = self.fold(password), self.plain(password)
        broken = {
            "mixed_case": _mixed_case(password),
            "min_length": self._min_length(password),
            "max_length": self._max_length(password),
            "forbidden_words": self._forbidden_words(folded),
            "identity": self._identity(plain, folded, candidate),
            "common": self._common(plain, folded),
        }
        return [RuleResult(rule, *(broken[rule] or ())) for rule in self.document.shown]

    def strength(self, candidate: Candidate) -> str:
        """`weak`, `medium` or `strong`: a hint, never a reason to refuse."""
        if not all(result.ok for result in self.check(candidate)):
            return "weak"
        bits = self._bits(normalize(candidate.password))
        strength = self.document.strength
        if bits < strength.medium_bits:
            return "weak"
        return "medium" if bits < strength.strong_bits else "strong"

    def _min_length(self, password: str) -> Broken | None:
        if len(password) >= self.document.min_length:
            return None
        return "too_short", {"min": self.document.min_length, "length": len(password)}

    def _max_length(self, password: str) -> Broken | None:
        if len(password) <= self.document.max_length:
            return None
        return "too_long", {"max": self.document.max_length, "length": len(password)}

    def _forbidden_words(self, folded: str) -> Broken | None:
        for word in self.document.forbidden_words:
            if self.fold(word) in folded:
                return "forbidden_word", {"word": word}
        return None

    def _identity(self, plain: str, folded: str, candidate: Candidate) -> Broken | None:
        for part, word in self._identity_words(candidate):
            if _is_disguised(self.fold(word), plain, folded):
                return "identity", {"part": part, "word": word}
        return None

    def _identity_words(self, candidate: Candidate) -> Iterator[tuple[str, str]]:
        local, _, domain = candidate.address.rpartition("@")
        labels = domain.split(".")
        known = " ".join([local, *(labels[:-1] if len(labels) > 1 else labels)])
        texts = (
            ("first_name", candidate.first_name),
            ("last_name", candidate.last_name),
            ("address", known),
        )
        for part, text in texts:
            if has_long_run_of_marks(text):
                continue  # refused by the rule of its own field
            for word in _words(_normal_form(text, "NFC")):
                if len(word) >= self.document.identity.min_part:
                    yield part, word

    def _common(self, plain: str, folded: str) -> Broken | None:
        run = self._longest_run(plain, folded)
        if run:
            return "sequence", {"run": run}
        start, end = _longest_repeat(folded)
        if end - start < self.document.sequences.min_run:
            return None
        return "repeated", {"run": plain[start:end], "count": end - start}

    def _longest_run(self, plain: str, folded: str) -> str:
        """The keys of the longest part that follows a row, or an empty text."""
        size, longest = self.document.sequences.min_run, ""
        for start in range(len(folded) - size + 1):
            for row, at in self._starts.get(folded[start : start + size], ()):
                run = row.common_part(at, plain, folded, start)
                longest = max(longest, run, key=len)
        return longest if len(longest) >= size else ""

    def _bits(self, password: str) -> float:
        pools = self.document.strength.pools
        share = self.document.strength.predictable_share
        pool = sum(pools[kind] for kind in {_kind(char) for char in password})
        length = 0.0
        before = -2
        for char in password.lower():
            length += share if abs(ord(char) - before) <= 1 else 1.0
            before = ord(char)
        return length * math.log2(pool) if pool else 0.0


def _normal_form(text: str, form: Form) -> str:
    return normal_form(text[: MAX_PARTS * MAX_PASSWORD_BYTES], MAX_PASSWORD_BYTES, form)


def _mixed_case(password: str) -> Broken | None:
    categories = {unicodedata.category(char) for char in password}
    missing = [name for name, kind in (("upper", "Lu"), ("lower", "Ll")) if kind not in categories]
    if not missing:
        return None
    return f"mixed_case_missing_{'both' if len(missing) == 2 else missing[0]}", {}


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text + " ":
        if unicodedata.category(char)[0] in "LM":
            word += char
        elif word:
            yield word
            word = ""


def _is_disguised(word: str, plain: str, folded: str) -> bool:
    """Whether a folded word is in a text, at least one letter of it typed as such.

    Digits alone are no word: 154 is nobody's Isa.
    """
    start = folded.find(word)
    while start >= 0:
        if any(_is_letter(char) for char in plain[start : start + len(word)]):
            return True
        start = folded.find(word, start + 1)
    return False


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] == "L"


def _longest_repeat(folded: str) -> tuple[int, int]:
    """Start and end of the longest run of one character."""
    start = first = end = 0
    for at, char in enumerate(folded):
        if char != folded[start]:
            start = at
        if at + 1 - start > end - first:
            first, end = start, at + 1
    return first, end


def _kind(char: str) -> str:
    if "a" <= char <= "z":
        return "lower"
    if "A" <= char <= "Z":
        return "upper"
    if "0" <= char <= "9":
        return "digit"
    return "sign" if char.isascii() else "beyond"
