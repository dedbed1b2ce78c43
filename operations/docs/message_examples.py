"""One example of every message, made from its schema: each field has the example of its rule.

Dossiers of another application have a story of their own, from draft to withdrawal.
"""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from operations.docs.field_rules import ACCOUNT, UUID
from operations.docs.message_docs import text_of
from operations.docs.schemas import PREFIX, MessageSchemas, Schema
from shared.contracts import backoffice
from shared.contracts.base import Event, Reply, Request
from shared.messaging.envelope import wrap

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PARIS = ZoneInfo("Europe/Paris")
_SEALED_FOR = re.compile(r"sealed for (?:the )?([a-z]+)")


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 1, day, hour, 30, tzinfo=PARIS)


_DOSSIER = {"dossier_id": "d-2026-000417", "kind": "AI"}
_NUMBERED = {**_DOSSIER, "number": "AI-2026-00417"}
_CONTENTS = {
    "establishment": "Pharmacie des Trois Fontaines",
    "medicine": "Élinoxa",
    "dosage": "1 000 UI",
    "pharmaceutical_form": "poudre pour solution injectable",
}
#: One dossier from draft to withdrawal; tests decode the events as their subscriber does.
DOSSIER_EVENTS: tuple[Event, ...] = (
    backoffice.DossierSaved(**_DOSSIER, **_CONTENTS, version=1, number="", saved_at=_at(5, 9)),
    backoffice.DossierFiled(**_NUMBERED, **_CONTENTS, version=2, filed_at=_at(6, 10)),
    backoffice.DossierStatusChanged(
        **_NUMBERED, version=3, status="under_review", changed_at=_at(8, 14)
    ),
    backoffice.DossierDecided(**_NUMBERED, version=4, status="granted", decided_at=_at(20, 16)),
    backoffice.DossierWithdrawn(**_NUMBERED, version=5, withdrawn_at=_at(22, 11)),
)


def example_of(message: type[Any], schemas: MessageSchemas) -> dict[str, Any]:
    """The fields of one event, request or reply."""
    for event in DOSSIER_EVENTS:
        if type(event) is message:
            found: dict[str, Any] = msgspec.to_builtins(event)
            return found
    return _Maker(schemas.components, _recipient(message)).structure(schemas.names[message])


def whole_message(owner: str, message: Event | Request) -> dict[str, Any]:
    """A message in its envelope, as its publisher `owner` sends it."""
    subject = ACCOUNT if isinstance(message, Event) else None
    _, body = wrap(owner, message, subject=subject, now=_at(6, 10), message_id=UUID)
    return {**msgspec.json.decode(body), "traceparent": TRACE}


def _recipient(message: type[Any]) -> str:
    if issubclass(message, Request):
        return message.OWNER
    found = _SEALED_FOR.search(text_of(message))
    return found[1] if found and not issubclass(message, Reply) else "gateway"


class _Maker:
    """Makes values for schemas; what is sealed is sealed for `recipient`."""

    def __init__(self, components: dict[str, Schema], recipient: str) -> None:
        self._components = components
        self._recipient = recipient

    def structure(self, name: str) -> dict[str, Any]:
        schema = self._components[name]
        if name == "Sealed":
            schema = {**schema, "properties": {**schema["properties"]}}
            schema["properties"]["recipient"] = {"examples": [self._recipient]}
        return {field: self._value(part) for field, part in schema["properties"].items()}

    def _value(self, schema: Schema) -> Any:
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.structure(schema["$ref"].removeprefix(PREFIX))
        for several in ("allOf", "anyOf"):
            if several in schema:
                return self._value(schema[several][0])
        if "default" in schema and schema["type"] == "boolean":
            return schema["default"]
        kind = schema["type"]
        if kind == "array":
            return [self._value(schema["items"])]
        if kind == "object":
            inner = schema.get("additionalProperties")
            return {"min": self._value(inner)} if isinstance(inner, dict) else {}
        return {"boolean": True, "integer": 3, "number": 1.5, "string": "text"}[kind]
