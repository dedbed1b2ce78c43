"""`docs/events.md`: who publishes each event and request, who hears it, and what it means."""

import inspect
import json
from typing import Any

import msgspec

from operations.docs.asyncapi import askers, in_order, subscribers
from operations.docs.message_docs import summary
from operations.docs.message_examples import DOSSIER_EVENTS, whole_message
from shared.contracts import backoffice
from shared.contracts.base import EVENTS, REQUESTS
from shared.messaging import topology

GENERATED = "<!-- Written by `make docs` from the code; edit there. -->"
HEAD = f"""\
{GENERATED}

# Events and requests

Events travel over the exchange `{topology.EVENTS}` with their type as routing key and
reach every subscriber at least once; an event without subscribers is kept in
`{topology.UNROUTED_QUEUE}`. Requests travel over `{topology.REQUESTS}` and are answered
within three seconds or not at all. Fields, replies, refusals and an example of each are in
[reference/index.html](reference/index.html), and for programs in
[asyncapi.json](asyncapi.json); [integration.md](integration.md) shows how to take part.

| Event | Subscribers | Meaning |
|---|---|---|"""
EXAMPLES_HEAD = f"""\
## Events of other applications

`{backoffice.OWNER}` is the application that files and decides dossiers
([how it publishes](dossiers.md)). A whole message, published to
`{topology.EVENTS}` with its type as routing key:
"""


def events_page() -> str:
    """The whole page."""
    lines = [HEAD]
    for event in in_order(EVENTS.values()):
        nobody = "the partner that it is for" if event.TO_PARTNER else "none yet"
        names = ", ".join(subscribers(event)) or nobody
        lines.append(f"| `{event.TYPE}` | {names} | {summary(event)} |")
    lines += ["", "| Request | Sent by | Meaning |", "|---|---|---|"]
    for request in in_order(REQUESTS.values()):
        names = ", ".join(askers(request)) or "-"
        lines.append(f"| `{request.TYPE}` | {names} | {summary(request)} |")
    return "\n".join([*lines, "", _examples()])


def _examples() -> str:
    filed = whole_message(backoffice.OWNER, DOSSIER_EVENTS[1])
    parts = [EXAMPLES_HEAD, _block(filed)]
    for event in DOSSIER_EVENTS:
        parts += [f"### `{event.TYPE}`\n", f"{inspect.getdoc(type(event))}\n"]
        parts.append(_block(msgspec.to_builtins(event)))
    return "\n".join(parts)


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"
