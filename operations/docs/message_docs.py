"""What the docstrings of messages say, as data: refusals, and the known values of fields.

A docstring is written once, for people, in fixed forms: "Refused with `slug` (params: names), …",
"Refused as `OtherRequest`", and "`field` is `a`, `b` or `c`". A module says "Requests are refused
with …" for all its requests, those of agents, or those that have a field. The reference reads them
here; the harness of the tests compares the refusals with those that the services give.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.contracts.base import REQUESTS, Event, Reply, Request
from shared.messaging import rpc_codec

#: The classes that give a message what all of its kind have.
BASES = (msgspec.Struct, Event, Request, Reply, object)
_REFUSED = re.compile(r"\b[Rr]efused (?:also )?(?:with|as|like) .*?(?=\. |\.$|$)")
_AS = re.compile(r"[Rr]efused (?:also )?(?:as|like) `([A-Z]\w+)`")
_OF_MODULE = re.compile(r"([^.`]*(?:`(\w+)`[^.`]*)?) (?:is|are) (refused with .*?)(?=\. |\.$)")
_SLUG = re.compile(r"`([a-z_]+)`\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?")
_PARAMS = re.compile(r"params: ([^;)]*)")
_NAME = re.compile(r"[a-z_]+")
_VALUE = re.compile(r"`([A-Za-z_]+)`")


@dataclass(frozen=True)
class RefusalDoc:
    """A refusal of a request; `detail` is what its docstring has in brackets."""

    slug: str
    detail: str = ""

    @property
    def params(self) -> list[str]:
        """The names of the values that come with it."""
        found = _PARAMS.search(self.detail)
        return _NAME.findall(found[1].partition(":")[0]) if found else []


#: Refusals of the machinery itself, which every request may get.
COMMON = (
    RefusalDoc(rpc_codec.BAD_REQUEST, "the message cannot be read, or lacks a field"),
    RefusalDoc(rpc_codec.UNAVAILABLE, "the owner cannot work for now: ask again"),
    RefusalDoc(rpc_codec.INTERNAL_ERROR, "the owner failed; its log has the reason"),
)
#: Those of a request that changes something.
COMMON_CHANGING = (
    RefusalDoc(rpc_codec.KEY_MISSING, "no idempotency key came with it"),
    RefusalDoc(rpc_codec.KEY_MISMATCH, "the key was used for other contents"),
)


def text_of(cls: type[Any]) -> str:
    """The docstring on one line; empty where the class has none of its own."""
    own = cls.__dict__.get("__doc__")
    return " ".join(inspect.cleandoc(own).split()) if own else ""


def summary(cls: type[Any]) -> str:
    """The first paragraph of the docstring, on one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())


def refusals(request: type[Request]) -> list[RefusalDoc]:
    """The refusals that the docstring names, those of the requests that it refers to included."""
    found: dict[str, RefusalDoc] = {}
    for clause in [*_REFUSED.findall(text_of(request)), *_of_module(request)]:
        for other in _AS.findall(clause):
            for one in refusals(_sibling(request, other)):
                found.setdefault(one.slug, one)
        for slug, detail in _slugs(clause):
            if slug not in request.__struct_fields__:
                found.setdefault(slug, RefusalDoc(slug, detail))
    return list(found.values())


def all_refusals(request: type[Request]) -> list[RefusalDoc]:
    """With those of the machinery."""
    return [*refusals(request), *COMMON, *(COMMON_CHANGING if request.CHANGES else ())]


def _sibling(request: type[Request], name: str) -> type[Request]:
    return REQUESTS[f"{request.OWNER}.{name}.v1"]


def _of_module(request: type[Request]) -> Iterator[str]:
    text = " ".join((sys.modules[request.__module__].__doc__ or "").split())
    for who, field, clause in _OF_MODULE.findall(text):
        needed = field or ("agent_id" if "agent" in who else "")
        if not needed or needed in request.__struct_fields__:
            yield clause


def _slugs(clause: str) -> Iterator[tuple[str, str]]:
    # What follows a colon outside brackets explains the last slug.
    depth = 0
    for at, char in enumerate(clause):
        depth += (char == "(") - (char == ")")
        if char == ":" and depth == 0:
            clause = clause[:at]
            break
    for found in _SLUG.finditer(clause):
        before = clause[: found.start()]
        if before.count("(") == before.count(")"):
            yield found[1], found[2] or ""


def known_values(cls: type[Any], field: str) -> list[str]:
    """The values that a docstring of `cls` or its bases gives for `field`; none where it says
    nothing.

    A later version may add one.
    """
    fields = "|".join(cls.__struct_fields__)
    sentence = re.compile(rf"`{field}`(?: is| are|: ).*?(?=\.(?: |$)|[;:] `(?:{fields})`|$)")
    for holder in cls.__mro__:
        if holder in BASES or not (found := sentence.search(text_of(holder))):
            continue
        written = [one for one in _VALUE.findall(found[0]) if one not in cls.__struct_fields__]
        return list(dict.fromkeys(value for one in written for value in _constant(holder, one)))
    return []


def _constant(holder: type[Any], name: str) -> list[str]:
    """The values of a constant of the module, a value itself, or nothing for a class."""
    if name.islower():
        return [name]
    values = getattr(sys.modules[holder.__module__], name, ()) if name.isupper() else ()
    return [value for value in values if value]
