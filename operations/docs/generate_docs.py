"""`impex docs`: documents generated from the code, so that they cannot drift.

`docs/settings.md` has every setting of every service, `docs/events.md` and `docs/asyncapi.json`
every event and request with publisher and subscribers, `docs/metrics.md` every metric, `deploy/`
the permissions on broker and database. With `--check` nothing is written.
"""

import argparse
import dataclasses
import inspect
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from operations import service_registry
from operations.install.paths import ROOT
from operations.local.settings import StackSettings
from operations.printing import say
from operations.provision import provisioning
from operations.provision.install_commands import operator_settings
from operations.provision.partners import DEFAULT_FOLDER, declared
from operations.provision.permissions import (
    broker_topology,
    database_sql,
    permissions,
    roles_sql,
)
from shared.contracts import backoffice, load_contracts
from shared.contracts.base import EVENTS, REQUESTS, Event, Request
from shared.messaging import topology
from shared.messaging.envelope import wrap
from shared.runtime.metrics import DESCRIPTIONS, Description
from shared.settings import CommonSettings, Spec, specs
from shared.settings.reading import ALL_NAMES

GENERATED = "<!-- Written by `make docs` from the code; edit there. -->"
SETTINGS_HEAD = f"""\
{GENERATED}

# Settings

Every setting is an environment variable. A secret may be read from a file instead: the one
that the same name with `_FILE` names, or the file of the setting's name in the folder
`IMPEX_SECRETS_DIR`, as `impex secrets` makes one for each service. Invalid values are
reported on standard error, and the start ends with exit code 2.
"""
EVENTS_HEAD = f"""\
{GENERATED}

# Events and requests

Events travel over the exchange `{topology.EVENTS}` with their type as routing key and
reach every subscriber at least once; an event without subscribers is kept in
`{topology.UNROUTED_QUEUE}`. Requests travel over `{topology.REQUESTS}` and are answered
within three seconds or not at all. Fields are in `asyncapi.json`.

| Event | Subscribers | Meaning |
|---|---|---|"""
EXAMPLES_HEAD = f"""\
## Events of other applications

`{backoffice.OWNER}` is the application that files and decides dossiers
([how it publishes](dossiers.md)). A whole message, published to
`{topology.EVENTS}` with its type as routing key:
"""
METRICS_HEAD = f"""\
{GENERATED}

# Metrics

Each service shows its metrics at `/metrics` of its health port, in Prometheus' text format;
never the portal or the desk. [monitoring.md](monitoring.md) says how to collect them.
Several services in one process (`impex run`) share their metrics: each port shows all.

No label tells of a person: values come from our own code, from a set that is known before.
Beside these there are `process_start_time_seconds`, which changes with a restart, and the
other `process_…` metrics of Prometheus' client library. A histogram has the series
`NAME_bucket`, with the label `le`, `NAME_sum` and `NAME_count`.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|"""
METRIC_LABELS_HEAD = """
| Label | Its values |
|---|---|"""
ACCOUNT = "8f14e45f-ceea-467f-9b3c-2d8b6e1f0a77"
MESSAGE_ID = "0199d2c4-6c00-7a31-9c52-6f1f0a4be201"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PARIS = ZoneInfo("Europe/Paris")


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
EXAMPLES: tuple[Event, ...] = (
    backoffice.DossierSaved(**_DOSSIER, **_CONTENTS, version=1, number="", saved_at=_at(5, 9)),
    backoffice.DossierFiled(**_NUMBERED, **_CONTENTS, version=2, filed_at=_at(6, 10)),
    backoffice.DossierStatusChanged(
        **_NUMBERED, version=3, status="under_review", changed_at=_at(8, 14)
    ),
    backoffice.DossierDecided(**_NUMBERED, version=4, status="granted", decided_at=_at(20, 16)),
    backoffice.DossierWithdrawn(**_NUMBERED, version=5, withdrawn_at=_at(22, 11)),
)


def main(options: argparse.Namespace) -> int:
    """Write the files, or with `--check` exit with 1 where one is out of date."""
    stale = []
    for name, text in documents().items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.write_text(text, encoding="utf-8")
            say(f"wrote {name}")
    if options.check and stale:
        say(f"out of date: {', '.join(stale)}; `make docs` writes them")
        return 1
    return 0


def documents() -> dict[str, str]:
    """Every generated file with its content."""
    load_contracts()
    return {
        "docs/settings.md": settings_page(),
        ALL_NAMES.relative_to(ROOT).as_posix(): setting_names(),
        "docs/events.md": events_page(),
        "docs/metrics.md": metrics_page(),
        "docs/asyncapi.json": _json(asyncapi()),
        "deploy/definitions.json": _json(broker_definitions()),
        "deploy/roles.sql": roles_script(),
    }


def metrics_page() -> str:
    """Every metric that any service has."""
    service_registry.services()  # whose modules make them
    metrics = [DESCRIPTIONS[name] for name in sorted(DESCRIPTIONS)]
    rows = [_metric_row(each) for each in metrics]
    meanings: dict[tuple[str, str], None] = {}
    for each in metrics:
        for label, values in each.labels.items():
            if isinstance(values, str):
                meanings[label, values] = None
    labels = [f"| `{label}` | {values} |" for label, values in sorted(meanings)]
    return "\n".join([METRICS_HEAD, *rows, METRIC_LABELS_HEAD, *labels]) + "\n"


def _metric_row(metric: Description) -> str:
    labels = "; ".join(
        f"`{name}`" + ("" if isinstance(values, str) else f": {', '.join(values)}")
        for name, values in metric.labels.items()
    )
    return f"| `{metric.name}` | {metric.kind} | {labels or 'none'} | {metric.meaning} |"


def setting_names() -> str:
    """The name of every setting of every service, a line each."""
    classes: list[type[Any]] = [
        StackSettings,
        *(one.settings for one in service_registry.services()),
    ]
    found = {spec.name: spec.secret for one in classes for _, spec in specs(one)}
    found |= dict.fromkeys(operator_settings(), True)
    names = {*found, *(f"{name}_FILE" for name, secret in found.items() if secret), "IMPEX_HOME"}
    return "\n".join(sorted(names)) + "\n"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def broker_definitions() -> dict[str, Any]:
    """Virtual host, rights, exchanges and queues for `rabbitmqctl import_definitions`.

    The users must exist before; their passwords are in no file of this project.
    """
    vhost = provisioning.VHOST
    principals = service_registry.principals()
    partners = declared(DEFAULT_FOLDER)
    rights = permissions(vhost, principals, partners)
    return {"vhosts": [{"name": vhost}]} | rights | broker_topology(vhost, principals, partners)


def roles_script() -> str:
    """What `impex provision` does to PostgreSQL, for an administrator who prefers to do it."""
    principals = service_registry.principals()
    name = provisioning.DATABASE
    lines = [
        "-- Written by `make docs` from the code; edit there.",
        "-- For psql as a superuser. Give every role a password afterwards, by \\password.",
        *(f"{statement};" for statement in roles_sql(principals, {})),
        f"CREATE DATABASE {name};",
        f"\\connect {name}",
        *(f"{statement};" for statement in database_sql(name, principals)),
    ]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """One table for what all services read, one per service, one for `make up`."""
    common = {spec.name for _, spec in specs(CommonSettings)}
    tables = [_table("Every service", CommonSettings, set())]
    for one in service_registry.services():
        tables.append(_table(one.name.capitalize(), one.settings, common))
    tables.append(_table("`make up`", StackSettings, common))
    return "\n".join([SETTINGS_HEAD, *tables])


def _table(title: str, settings: type[Any], known: set[str]) -> str:
    rows = ""
    for field, spec in specs(settings):
        if spec.name not in known:
            doc = f"{spec.doc}{_bounds(spec)}{' Secret.' if spec.secret else ''}"
            rows += f"| `{spec.name}` | {_default(field, spec)} | {doc} |\n"
    return f"## {title}\n\n| Setting | Default | Meaning |\n|---|---|---|\n{rows}"


def _default(field: dataclasses.Field[Any], spec: Spec) -> str:
    if spec.default_doc:
        return spec.default_doc
    if field.default is dataclasses.MISSING:
        return "required"
    if field.default in (None, "", ()):
        return "none"
    value = field.default
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{text}`" + (f" {spec.unit}" if spec.unit else "")


def _bounds(spec: Spec) -> str:
    if spec.choices:
        return f" One of {', '.join(f'`{one}`' for one in spec.choices if one)}."
    return f" From {spec.between[0]:g} to {spec.between[1]:g}." if spec.between else ""


def events_page() -> str:
    """Every event and request: who publishes it, who hears it, and what it means."""
    lines = [EVENTS_HEAD]
    for event in _sorted(EVENTS.values()):
        lines.append(f"| `{event.TYPE}` | {_subscribers(event)} | {_summary(event)} |")
    lines += ["", "| Request | Sent by | Meaning |", "|---|---|---|"]
    for request in _sorted(REQUESTS.values()):
        askers = [one.name for one in service_registry.services() if request in one.asks]
        lines.append(f"| `{request.TYPE}` | {', '.join(askers) or '-'} | {_summary(request)} |")
    return "\n".join([*lines, "", examples_section()])


def _sorted(messages: Iterable[type[Any]]) -> list[Any]:
    return sorted(messages, key=lambda message: message.TYPE)


def _hearing(event: type[Event]) -> list[str]:
    services = service_registry.services()
    names = [one.name for one in services if any(row.event is event for row in one.hears)]
    return names + [one.name for one in declared(DEFAULT_FOLDER) if event in one.hears]


def _subscribers(event: type[Event]) -> str:
    return ", ".join(_hearing(event)) or "none yet"


def _summary(message: type[Event] | type[Request]) -> str:
    return " ".join((inspect.getdoc(message) or "").split("\n\n")[0].split())


def asyncapi() -> dict[str, Any]:
    """The same as an AsyncAPI 3.0 document, with the schema of every message's data."""
    events = _sorted(EVENTS.values())
    messages = [*events, *_sorted(REQUESTS.values())]
    schemas, components = msgspec.json.schema_components(
        messages, ref_template="#/components/schemas/{name}"
    )
    exchange = {"name": topology.EVENTS, "type": "topic"}
    channels = {
        event.TYPE: {
            "address": event.TYPE,
            "messages": {"event": {"$ref": f"#/components/messages/{event.TYPE}"}},
            "bindings": {"amqp": {"is": "routingKey", "exchange": exchange}},
        }
        for event in events
    }
    operations = {}
    for event in events:
        channel = {"$ref": f"#/channels/{event.TYPE}"}
        sending = {"action": "send", "channel": channel}
        operations[f"{event.OWNER}.emits.{event.TYPE}"] = sending
        for name in _hearing(event):
            receiving = {"action": "receive", "channel": channel}
            operations[f"{name}.hears.{event.TYPE}"] = receiving
    described: dict[str, dict[str, Any]] = {}
    for message, schema in zip(messages, schemas, strict=True):
        summary = _summary(message)
        one = {"name": message.TYPE, "summary": summary, "payload": schema}
        if examples := example_of(message):
            one["examples"] = examples
        described[message.TYPE] = one
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "IMPEXWEB",
            "version": "1",
            "description": "CloudEvents 1.0 in structured mode; `payload` is the field `data`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": described, "schemas": components},
    }


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


def examples_section() -> str:
    """The part of `docs/events.md` about the events of other applications."""
    parts = [EXAMPLES_HEAD, _block(envelope(EXAMPLES[1]))]
    for event in EXAMPLES:
        parts += [f"### `{event.TYPE}`\n", f"{inspect.getdoc(type(event))}\n"]
        parts.append(_block(msgspec.to_builtins(event)))
    return "\n".join(parts)


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"
