"""JSON schemas of what messages contain: one for each structure, under a name that is unique.

`msgspec` gives the structure as it is decoded; added are the description, and of each field what it
is sealed for, its format, limits, known values and an example.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import msgspec

from operations.docs.field_rules import may_be_empty, rule_of
from operations.docs.message_docs import known_values, text_of
from shared.contracts.base import EVENTS, REQUESTS, Event, Refusal, Reply, Request, Sealed
from shared.security.sealing import seal_context

PREFIX = "#/components/schemas/"
Schema = dict[str, Any]


@dataclass(frozen=True)
class MessageSchemas:
    """The schemas of these messages, and of everything in them."""

    messages: tuple[type[Any], ...]

    @classmethod
    def of_all(cls) -> "MessageSchemas":
        """Events, requests, replies and the refusal; the contracts must be loaded."""
        replies = {request.REPLY: None for request in REQUESTS.values()}
        return cls((*EVENTS.values(), *REQUESTS.values(), *replies, Refusal))

    @cached_property
    def structures(self) -> tuple[type[Any], ...]:
        """The messages and every structure that they contain, each once."""
        found: dict[type[Any], None] = {}
        for message in self.messages:
            for one in _structures(msgspec.inspect.type_info(message)):
                found.setdefault(one)
        return tuple(found)

    @cached_property
    def names(self) -> dict[type[Any], str]:
        """The name of each schema: the class's, after its owner's and before its version where it
        is a message, or where two owners have one of that name."""
        plain = [one.__name__ for one in self.structures]
        return {
            one: _long_name(one)
            if hasattr(one, "TYPE") or plain.count(one.__name__) > 1
            else one.__name__
            for one in self.structures
        }

    def reference(self, cls: type[Any]) -> Schema:
        """A reference to the schema of one structure."""
        return {"$ref": f"{PREFIX}{self.names[cls]}"}

    @cached_property
    def components(self) -> dict[str, Schema]:
        """Every schema by its name."""
        refs, found = msgspec.json.schema_components(
            self.structures, ref_template=PREFIX + "{name}"
        )
        renamed = {
            ref["$ref"]: self.reference(cls)["$ref"]
            for ref, cls in zip(refs, self.structures, strict=True)
        }
        schemas = {
            self.names[cls]: _renamed(found[ref["$ref"].removeprefix(PREFIX)], renamed)
            for ref, cls in zip(refs, self.structures, strict=True)
        }
        for cls, name in self.names.items():
            _describe(cls, schemas[name])
        return dict(sorted(schemas.items()))


def _structures(info: msgspec.inspect.Type) -> Iterator[type[Any]]:
    if isinstance(info, msgspec.inspect.StructType):
        yield info.cls
        for field in info.fields:
            yield from _structures(field.type)
    for name in ("types", "item_types"):
        for one in getattr(info, name, ()):
            yield from _structures(one)
    for name in ("item_type", "value_type"):
        if (one := getattr(info, name, None)) is not None:
            yield from _structures(one)


def _long_name(cls: type[Any]) -> str:
    owner, *_ = cls.__module__.removeprefix("shared.contracts.").split(".")
    version = ""
    if hasattr(cls, "TYPE"):
        owner, _, version = cls.TYPE.split(".")
    return f"{owner.removesuffix('_desk').capitalize()}{cls.__name__}{version.upper()}"


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: names[one] if key == "$ref" else _renamed(one, names) for key, one in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def _describe(cls: type[Any], schema: Schema) -> None:
    if text := text_of(cls):
        schema["description"] = text
    for field in msgspec.structs.fields(cls):
        part = schema["properties"][field.encode_name]
        if _is_sealed(field.type):
            _describe_sealed(cls, field.name, part)
        elif rule := _rule(cls, field):
            _apply(part, rule)


def _rule(cls: type[Any], field: msgspec.structs.FieldInfo) -> Schema:
    hints = {field.type, *getattr(field.type, "__args__", ())}
    if datetime in hints:
        return {"format": "date-time", "examples": ["2026-01-15T12:00:00Z"]}
    if date in hints:
        return {"format": "date", "examples": ["2026-01-15"]}
    rule, exact = rule_of(cls, field.name)
    values = known_values(cls, field.name)
    if field.default == "":
        rule = may_be_empty(rule)
    if exact or "enum" in rule or not values:
        return dict(rule)
    kept = {name: rule[name] for name in ("maxLength", "description") if name in rule}
    return {**kept, "x-extensible-enum": values, "examples": [values[0]]}


def _is_sealed(hint: Any) -> bool:
    return hint is Sealed or Sealed in getattr(hint, "__args__", ())


def _describe_sealed(cls: type[Any], field: str, part: Schema) -> None:
    if not issubclass(cls, Event | Request | Reply):
        return
    if "$ref" in part:
        # Nothing may be next to a reference.
        part["allOf"] = [{"$ref": part.pop("$ref")}]
    part["x-seal-context"] = seal_context(cls, field)


def _apply(part: Schema, rule: Schema) -> None:
    """Add to the schema of a text or number, the items of a list, or the values of a mapping."""
    inner = part
    while "items" in inner or isinstance(inner.get("additionalProperties"), dict):
        inner = inner["items"] if "items" in inner else inner["additionalProperties"]
    # A name that counts in one message may list ids in another one: a rule is for one type.
    fitting = ("string",) if isinstance(rule["examples"][0], str) else ("integer", "number")
    plain = [one for one in inner.get("anyOf", [inner]) if one.get("type") in fitting]
    if not plain:
        return
    # What may be null has its limits beside its type; what is only shown is about the whole.
    shown: Schema = {name: rule[name] for name in ("description", "examples") if name in rule}
    inner |= shown
    for branch in plain:
        branch |= {name: rule[name] for name in rule if name not in shown and name not in branch}
