"""Examples of the events of other applications: one dossier from draft to withdrawal.

`impex docs` puts them into `docs/events.md` and the AsyncAPI document; tests decode them as the
subscriber does.
"""

import inspect
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from shared.contracts import backoffice
from shared.contracts.base import Event
from shared.messaging.envelope import wrap
from shared.messaging.topology import EVENTS

ACCOUNT = "8f14e45f-ceea-467f-9b3c-2d8b6e1f0a77"
MESSAGE_ID = "0199d2c4-6c00-7a31-9c52-6f1f0a4be201"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PARIS = ZoneInfo("Europe/Paris")
SECTION_HEAD = f"""\
## Events of other applications

`{backoffice.OWNER}` is the application that files and decides dossiers
([how it publishes](dossiers.md)). A whole message, published to
`{EVENTS}` with its type as routing key:
"""


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
EXAMPLES: tuple[Event, ...] = (
    backoffice.DossierSaved(**_DOSSIER, **_CONTENTS, version=1, number="", saved_at=_at(5, 9)),
    backoffice.DossierFiled(**_NUMBERED, **_CONTENTS, version=2, filed_at=_at(6, 10)),
    backoffice.DossierStatusChanged(
        **_NUMBERED, version=3, status="under_review", changed_at=_at(8, 14)
    ),
    backoffice.DossierDecided(**_NUMBERED, version=4, status="granted", decided_at=_at(20, 16)),
    backoffice.DossierWithdrawn(**_NUMBERED, version=5, withdrawn_at=_at(22, 11)),
)


def example_of(message: type[Any]) -> list[dict[str, Any]]:
    """The examples of one message, as AsyncAPI names them."""
    return [
        {"name": f"version {data['version']}", "payload": data}
        for data in (msgspec.to_builtins(one) for one in EXAMPLES if type(one) is message)
    ]


def envelope(event: Event) -> dict[str, Any]:
    """One whole message."""
    _, body = wrap(event.OWNER, event, subject=ACCOUNT, now=_at(6, 10), message_id=MESSAGE_ID)
    return {**msgspec.json.decode(body), "traceparent": TRACE}


def section() -> str:
    """The part of `docs/events.md` about the events of other applications."""
    parts = [SECTION_HEAD, _block(envelope(EXAMPLES[1]))]
    for event in EXAMPLES:
        parts += [f"### `{event.TYPE}`\n", f"{inspect.getdoc(type(event))}\n"]
        parts.append(_block(msgspec.to_builtins(event)))
    return "\n".join(parts)


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"
