"""The reference of messages: valid, complete, and enough to make models of every message."""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from bs4 import BeautifulSoup

from operations.docs.message_docs import all_refusals, known_values, refusals
from operations.docs.schemas import PREFIX, MessageSchemas
from operations.install.paths import ROOT
from shared.contracts import load_contracts
from shared.contracts.base import EVENTS, REQUESTS, Event, Request, Sealed
from shared.contracts.mfa.requests import CheckCode, DescribeFactor
from shared.contracts.registration.events import UnlockOffered
from shared.contracts.support.people_requests import ListMyRequests, ReplyToDesk, TakeRequest
from shared.errors import DecryptionError
from shared.security.seal_keys import OpeningRing
from shared.security.sealing import Opener
from tests.contract.samples import GOLDEN
from tests.support.node_examples import run_node

load_contracts()
REFERENCE: dict[str, Any] = json.loads((ROOT / "docs/asyncapi.json").read_text("utf-8"))
MESSAGES: dict[str, dict[str, Any]] = REFERENCE["components"]["messages"]
SCHEMAS: dict[str, dict[str, Any]] = REFERENCE["components"]["schemas"]
OPERATIONS: dict[str, dict[str, Any]] = REFERENCE["operations"]
JSON_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def test_b_10_the_reference_is_valid_by_the_parser_of_asyncapi(tmp_path: Path) -> None:
    """B-10: no error and no warning; a document with an error is found out."""
    done = run_node("check-reference.mjs", str(ROOT / "docs/asyncapi.json"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{len(MESSAGES)} messages, {len(OPERATIONS)} operations\n"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"asyncapi": "3.0.0", "info": {"title": "no version"}}))
    done = run_node("check-reference.mjs", str(broken))
    assert done.returncode == 1
    assert "version" in done.stderr


def test_b_10_every_request_has_its_reply_and_its_refusals() -> None:
    for name, request_type in REQUESTS.items():
        operation = OPERATIONS[f"{request_type.OWNER}.answers.{name}"]
        answers = [one["$ref"].rpartition("/")[2] for one in operation["reply"]["messages"]]
        assert answers == ["reply", "refusal"]
        refusal = MESSAGES[f"{name}.refusal"]["payload"]["properties"]["refusal"]["allOf"][1]
        slugs = refusal["properties"]["slug"]["x-extensible-enum"]
        assert slugs == [one.slug for one in all_refusals(request_type)]
        assert ("idempotency_key_missing" in slugs) == request_type.CHANGES


def test_b_10_every_text_and_number_has_a_limit_a_format_or_an_example() -> None:
    def without(schema: dict[str, Any]) -> bool:
        parts = [schema, *schema.get("anyOf", ())]
        if "items" in schema:
            parts.append(schema["items"])
        plain = [part for part in parts if part.get("type") in ("string", "integer", "number")]
        known = {"examples", "enum", "const", "format", "pattern", "minimum", "minLength"}
        return bool(plain) and not any(known & part.keys() for part in parts)

    assert not [
        f"{name}.{field}"
        for name in _met_by_others()
        for field, part in SCHEMAS[name].get("properties", {}).items()
        if without(part)
    ], "a row in operations/docs/field_rules.py describes it"


def _met_by_others() -> set[str]:
    """The schemas that a partner or another gateway meets: not the desk's own."""
    found: set[str] = set()
    waiting = [one for name, one in MESSAGES.items() if not name.startswith(("support", "operat"))]
    while waiting:
        new = set(re.findall(rf'"{PREFIX}(\w+)"', json.dumps(waiting))) - found
        found |= new
        waiting = [SCHEMAS[name] for name in new]
    return found


def test_b_10_every_published_golden_file_has_the_fields_of_its_schema() -> None:
    names = MessageSchemas.of_all().names
    types: dict[str, type[Event] | type[Request]] = {**EVENTS, **REQUESTS}
    for path in GOLDEN.glob("*.json"):
        problems = _shape(json.loads(path.read_text("utf-8")), SCHEMAS[names[types[path.stem]]])
        assert not list(problems), path.stem


def _shape(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Where a value has not the type or the fields of a schema, its limits aside."""
    if "$ref" in schema or "allOf" in schema:
        target = schema.get("$ref") or schema["allOf"][0]["$ref"]
        yield from _shape(value, SCHEMAS[target.removeprefix(PREFIX)])
    elif "anyOf" in schema:
        if all(list(_shape(value, one)) for one in schema["anyOf"]):
            yield f"{value!r} is none of {schema['anyOf']}"
    elif not isinstance(value, JSON_TYPES[schema["type"]]):
        yield f"{value!r} is not of the type {schema['type']}"
    elif isinstance(value, list):
        for one in value:
            yield from _shape(one, schema["items"])
    elif isinstance(value, dict):
        yield from (
            f"{name} is missing" for name in schema.get("required", ()) if name not in value
        )
        for name, one in value.items():
            if name in schema.get("properties", {}):
                yield from _shape(one, schema["properties"][name])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The classes that the command of the documents makes."""
    page = (ROOT / "docs/integration.md").read_text("utf-8")
    found = re.search(r"^datamodel-codegen .*$", page, re.MULTILINE)
    assert found
    output = tmp_path_factory.mktemp("models") / "models.py"
    words = [str(output) if word == "models.py" else word for word in shlex.split(found[0])]
    words[0] = str(Path(sys.executable).with_name(words[0]))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    spec = importlib.util.spec_from_file_location("generated_models", output)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_b_10_models_of_the_reference_read_every_example(models: ModuleType) -> None:
    """B-10: both directions, with limits and closed lists; and we read what they write."""
    for name, message in MESSAGES.items():
        title = "".join(part[:1].upper() + part[1:] for part in name.split("."))
        payload = getattr(models, f"{title}Payload")
        for example in message["examples"]:
            read = msgspec.convert(example["payload"], payload)
            written = msgspec.json.decode(msgspec.json.encode(read))
            if own := EVENTS.get(name) or REQUESTS.get(name):
                assert msgspec.convert(written["data"], own), name
                wrong = {**example["payload"], "specversion": "2.0"}
                with pytest.raises(msgspec.ValidationError):
                    msgspec.convert(wrong, payload)


def test_b_10_models_of_the_reference_refuse_what_is_beyond_a_limit(models: ModuleType) -> None:
    (example,) = MESSAGES["backoffice.DossierFiled.v1"]["examples"]
    data = example["payload"]["data"]
    for wrong in ({"kind": "XYZ"}, {"version": 0}, {"dossier_id": "x" * 65}, {"medicine": None}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**data, **wrong}, models.BackofficeDossierFiledV1)


def test_b_10_the_sealing_vector_opens_and_only_with_its_context() -> None:
    vector = json.loads((ROOT / "docs/sealing-vector.json").read_text("utf-8"))
    opener = Opener("registration", OpeningRing.parse(vector["readers_setting"]))
    sealed = msgspec.convert(vector["sealed"], Sealed)
    assert opener.open(sealed, vector["context"]) == vector["plain"]
    with pytest.raises(DecryptionError):
        opener.open(sealed, "registration.SignIn.v1/address")
    senders = OpeningRing.parse(vector["readers_setting"]).for_senders()
    assert senders == vector["senders_setting"]


def test_docstrings_of_messages_are_read_as_they_are_meant() -> None:
    assert [one.slug for one in refusals(DescribeFactor)] == []
    assert "clock_off" in [one.slug for one in refusals(CheckCode)]
    assert "forbidden" in [one.slug for one in refusals(TakeRequest)]
    assert "forbidden" not in [one.slug for one in refusals(ListMyRequests)]
    slugs = {one.slug: one.params for one in refusals(ReplyToDesk)}
    assert slugs["link_expired"] == ["at"]
    assert "missing" not in slugs
    assert known_values(UnlockOffered, "about") == ["sign_in", "requests"]


def test_b_10_every_message_has_its_place_on_the_pages() -> None:
    pages = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs/reference").iterdir()}
    found = {name: BeautifulSoup(text, "lxml") for name, text in pages.items()}
    ids = {name: {one["id"] for one in page.select("[id]")} for name, page in found.items()}
    for name in (*EVENTS, *REQUESTS):
        assert name in ids[name.split(".")[0]]
    for name, page in found.items():
        assert not page.select("script, img, link[href], [src]"), name
        for link in page.select("a[href]"):
            path, _, anchor = link["href"].partition("#")
            target = Path(path or f"{name}.html")
            if target.suffix == ".html":
                assert not anchor or anchor in ids[target.stem], link["href"]
            else:
                assert (ROOT / "docs/reference" / target).resolve().exists(), link["href"]
