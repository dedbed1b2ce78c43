"""One sample of every message, made from its field types: the golden files were generated from
them.

`python -m tests.contract.samples` writes the golden file of each message that has none yet. A
golden file is never rewritten: it records what was published.
"""

import json
import types
import typing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from shared.contracts import load_contracts
from shared.contracts.base import EVENTS, REQUESTS, Event, Request, Sealed

load_contracts()
GOLDEN = Path(__file__).parent / "golden"
MESSAGES: dict[str, type[Event] | type[Request]] = {**EVENTS, **REQUESTS}
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
BY_NAME: dict[str, Any] = {
    "address": "Pierre.Durand@exemple.fr",
    "first_name": "Zoé",
    "last_name": "d’Été-Müller",
    "language": "fr",
    "network": "192.0.2.0/24",
    "request_id": "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
}


def sample_value(name: str, hint: Any) -> Any:
    """A plausible value of a field."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        return [sample_value(name, typing.get_args(hint)[0])]
    if hint is Sealed:
        return Sealed(recipient="somebody", key_id="k1", box="AAAA")
    if name in BY_NAME:
        return BY_NAME[name]
    if hint is datetime:
        return NOON
    if hint is date:
        return NOON.date()
    return {str: f"some {name}", int: 3, bool: True}[hint]


def sample(message: type[Event] | type[Request]) -> Event | Request:
    """A message with every field filled in."""
    hints = get_type_hints(message)
    return message(**{name: sample_value(name, hints[name]) for name in message.__struct_fields__})


def main() -> None:
    """Write the golden files that are missing."""
    for name, message in sorted(MESSAGES.items()):
        path = GOLDEN / f"{name}.json"
        if not path.exists():
            data = msgspec.to_builtins(sample(message))
            path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
