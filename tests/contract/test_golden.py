"""Every version of every message ever published can still be read (B-10, MQ-05).

The golden files are the record: a field renamed, removed or made mandatory breaks their decoding.
"""

import json

import msgspec

from shared.contracts.base import Event, Request
from tests.contract.samples import GOLDEN, MESSAGES
from tests.support.each_row import each_row

FILES = sorted(GOLDEN.glob("*.json"))


def test_every_message_has_its_golden_file_and_every_golden_file_its_message() -> None:
    assert {path.stem for path in FILES} == set(MESSAGES)


@each_row("path", FILES, ids=lambda path: path.stem)
def test_a_message_published_once_can_always_be_read(path) -> None:
    published = json.loads(path.read_text("utf-8"))
    message = msgspec.convert(published, MESSAGES[path.stem], strict=True, str_keys=True)
    again = msgspec.json.decode(msgspec.json.encode(message))
    assert {name: again[name] for name in published} == published


@each_row("path", FILES, ids=lambda path: path.stem)
def test_a_reader_ignores_a_field_it_does_not_know(path) -> None:
    published = json.loads(path.read_text("utf-8"))
    newer = {**published, "a_field_of_tomorrow": {"deep": [1]}}
    assert msgspec.convert(newer, MESSAGES[path.stem]) == msgspec.convert(
        published, MESSAGES[path.stem]
    )


@each_row("name", sorted(MESSAGES))
def test_every_message_has_a_docstring_and_its_wire_name(name: str) -> None:
    message: type[Event] | type[Request] = MESSAGES[name]
    assert message.__doc__
    assert len(message.__doc__.split()) > 2, name
    assert name == f"{message.OWNER}.{message.__name__}.v{name.rsplit('.v', 1)[1]}"


@each_row("name", sorted(MESSAGES))
def test_b_04_no_message_has_a_readable_secret(name: str) -> None:
    """B-04, MQ-04: a field named after a secret is sealed."""
    hints = MESSAGES[name].__annotations__
    for field, hint in hints.items():
        if any(word in field for word in ("code", "token", "password", "secret")):
            assert "Sealed" in str(hint) or field.endswith("_at"), f"{name}.{field}"
