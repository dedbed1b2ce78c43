"""What services really publish and reply, compared with the schemas of the reference."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from operations.docs.schemas import PREFIX, MessageSchemas
from shared.contracts import load_contracts

TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": (list, tuple),
    "object": dict,
    "null": type(None),
}
FORMATS: dict[str, Any] = {
    "uuid": UUID,
    "date-time": datetime.fromisoformat,
    "date": date.fromisoformat,
}


@cache
def _reference() -> MessageSchemas:
    load_contracts()
    return MessageSchemas.of_all()


def problems(message: msgspec.Struct) -> list[str]:
    """Where a message is otherwise than the reference says, as paths with the reason."""
    schemas = _reference()
    if type(message) not in schemas.names:
        return []
    schema = schemas.components[schemas.names[type(message)]]
    return [*_compare(msgspec.to_builtins(message), schema, type(message).__name__)]


def _compare(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if "allOf" in schema:
        schema = schema["allOf"][0]
    if "$ref" in schema:
        schema = _reference().components[schema["$ref"].removeprefix(PREFIX)]
    if "anyOf" in schema:
        found = [list(_compare(value, one, path)) for one in schema["anyOf"]]
        yield from [] if not all(found) else found[0]
    elif not isinstance(value, TYPES[schema["type"]]):
        yield f"{path} is not of the type {schema['type']}"
    elif isinstance(value, dict):
        for name, one in value.items():
            part = schema.get("properties", {}).get(name)
            yield from [] if part is None else _compare(one, part, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _compare(one, schema["items"], path)
    else:
        yield from _limits(value, schema, path)


def _limits(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if value not in schema.get("enum", [value]):
        yield f"{path}: {value!r} is none of {schema['enum']}"
    # A text may be empty where there is nothing to say.
    if value and value not in schema.get("x-extensible-enum", [value]):
        yield f"{path}: {value!r} is not among the known values"
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"{path}: {value!r} is not as {schema['pattern']}"
        least, most = schema.get("minLength", 0), schema.get("maxLength", len(value))
        if not least <= len(value) <= most:
            yield f"{path}: {len(value)} characters instead of {least} to {most}"
        try:
            FORMATS.get(schema.get("format", ""), str)(value)
        except ValueError:
            yield f"{path}: {value!r} is no {schema['format']}"
    elif value is not None and not schema.get("minimum", value) <= value <= schema.get(
        "maximum", value
    ):
        yield f"{path}: {value} is out of bounds"
