"""The reference as web pages in `docs/reference/`: `docs/asyncapi.json` for people.

Plain pages: no script, nothing from elsewhere, light or dark as the browser is; one page for each
owner, so that the browser's own search finds a type, a field or a refusal.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from operations.docs.schemas import PREFIX

TEMPLATES = Path(__file__).with_name("templates")
FOLDER = "docs/reference"
STRUCTURES = "structures"
#: What a schema says besides its type, in words.
BOUNDS = {
    "const": "always `{}`",
    "format": "{}",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "pattern": "as `{}`",
    "x-seal-context": "sealed, context `{}`",
}

FORMATS = {
    "email": "an e-mail address",
    "uuid": "a UUID",
    "date-time": "a moment with its time zone (RFC 3339)",
    "date": "a day (RFC 3339)",
}

Schema = dict[str, Any]


def pages(reference: dict[str, Any]) -> dict[str, str]:
    """The name of each page and its text, from the AsyncAPI document."""
    return _Pages(reference).all()


def prose(text: str) -> Markup:
    """Text with what is between backticks as code."""
    parts = str(escape(text)).split("`")
    marked = (f"<code>{one}</code>" if at % 2 else one for at, one in enumerate(parts))
    return Markup("".join(marked))  # noqa: S704 - escaped above


class _Pages:
    def __init__(self, reference: dict[str, Any]) -> None:
        self._reference = reference
        self._schemas: dict[str, Schema] = reference["components"]["schemas"]
        self._messages: dict[str, Schema] = reference["components"]["messages"]
        self._parties: dict[str, dict[str, list[str]]] = {}
        for name in reference["operations"]:
            party, verb, kind = name.split(".", 2)
            self._parties.setdefault(kind, {}).setdefault(verb, []).append(party)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"prose": prose, "json": _json}

    def all(self) -> dict[str, str]:
        types = [name for name in self._messages if re.search(r"\.v\d+$", name)]
        owners = sorted({name.split(".")[0] for name in types})
        found = {
            "index": self._page(
                "index.html.j2",
                reference=self._reference,
                envelope=self._envelope(),
                headers=list(self._fields("RequestHeaders")),
                rows=[self._message(name) for name in types],
                owners=owners,
            )
        }
        for owner in owners:
            own = [self._message(name) for name in types if name.startswith(f"{owner}.")]
            found[owner] = self._page("owner.html.j2", owner=owner, messages=own, owners=owners)
        rows = [self._structure(name) for name in self._structures()]
        found[STRUCTURES] = self._page("structures.html.j2", structures=rows, owners=owners)
        return {f"{FOLDER}/{name}.html": text for name, text in found.items()}

    def _page(self, template: str, **values: Any) -> str:
        text = self._environment.get_template(template).render(structures_page=STRUCTURES, **values)
        return re.sub(r"\n\s*\n+", "\n", text)

    def _message(self, name: str) -> dict[str, Any]:
        message, parties = self._messages[name], self._parties[name]
        owner = name.split(".")[0]
        is_event = "answers" not in parties
        found = {
            "name": name,
            "owner": owner,
            "is_event": is_event,
            "summary": message["summary"],
            "note": message.get("description", ""),
            "from": [owner] if is_event else parties.get("asks", []),
            "to": parties.get("hears", []) if is_event else [owner],
            "example": message["examples"][0]["payload"],
            **self._structure(_target(message["payload"]["properties"]["data"])),
        }
        if is_event:
            return found
        reply, refusal = self._messages[f"{name}.reply"], self._messages[f"{name}.refusal"]
        slugs = refusal["payload"]["properties"]["refusal"]["allOf"][1]["properties"]["slug"]
        own = {one["slug"] for one in refusal["x-refusals"]}
        return found | {
            "changes": self._reference["operations"][f"{owner}.answers.{name}"]["x-changes"],
            "reply": self._structure(_target(reply["payload"]["properties"]["reply"])),
            "reply_example": reply["examples"][0]["payload"],
            "refusals": refusal["x-refusals"],
            "common": [slug for slug in slugs["x-extensible-enum"] if slug not in own],
            "refusal_example": refusal["examples"][0]["payload"],
        }

    def _structure(self, name: str) -> dict[str, Any]:
        return {
            "schema": name,
            "description": self._schemas[name].get("description", ""),
            "fields": list(self._fields(name)),
        }

    def _structures(self) -> list[str]:
        """Those that messages, replies and structures refer to, messages themselves left out."""
        text = json.dumps([schema["properties"] for schema in self._typed().values()])
        return sorted(set(re.findall(rf'"{re.escape(PREFIX)}(\w+)"', text)) | {"Refusal"})

    def _typed(self) -> dict[str, Schema]:
        return {name: one for name, one in self._schemas.items() if "properties" in one}

    def _envelope(self) -> list[dict[str, Any]]:
        schema = next(iter(self._messages.values()))["payload"]
        described = {name: self._resolved(one) for name, one in schema["properties"].items()}
        described["type"] = {"type": "string", "description": "The type; also the routing key."}
        described["source"] = self._schemas["Source"]
        described["data"] = {"type": "object", "description": "The message itself."}
        return [_field(name, one, name in schema["required"]) for name, one in described.items()]

    def _resolved(self, schema: Schema) -> Schema:
        return self._schemas[_target(schema)] if "$ref" in schema else schema

    def _fields(self, name: str) -> Iterator[dict[str, Any]]:
        schema = self._schemas[name]
        for field, part in schema["properties"].items():
            yield _field(field, part, field in schema.get("required", ()))


def _field(name: str, schema: Schema, required: bool) -> dict[str, Any]:
    kind, target = _type(schema)
    return {
        "name": name,
        "type": kind,
        "target": target,
        "required": required,
        "description": next(
            (one["description"] for one in _inner(schema) if "description" in one), ""
        ),
        "limits": list(_limits(schema, required)),
        "known": _values(schema),
    }


def _target(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(PREFIX)


def _type(schema: Schema) -> tuple[str, str]:
    """The type in words, and the structure that it names or an empty text."""
    if "$ref" in schema:
        return _target(schema), _target(schema)
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "anyOf" in schema:
        kinds = [_type(one) for one in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds), next((to for _, to in kinds if to), "")
    if schema.get("type") == "array":
        kind, target = _type(schema["items"])
        return f"list of {kind}", target
    return str(schema.get("type", "string")), ""


def _inner(schema: Schema) -> list[Schema]:
    """The schema, and those of its items and of what it may be."""
    found = [schema]
    for one in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        found += _inner(one)
    return found


def _limits(schema: Schema, required: bool) -> Iterator[str]:
    for part in _inner(schema):
        if "minLength" in part:
            yield "not empty"
        for name, words in BOUNDS.items():
            if name in part:
                yield words.format(FORMATS.get(part[name], part[name]))
    if not required and "default" in schema:
        yield f"`{json.dumps(schema['default'], ensure_ascii=False)}` where it is missing"


def _values(schema: Schema) -> list[str]:
    for part in _inner(schema):
        for name in ("enum", "x-extensible-enum"):
            if name in part:
                return [value or "(empty)" for value in part[name]]
    return []


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
