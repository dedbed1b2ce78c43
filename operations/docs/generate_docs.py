"""`impex docs`: documents generated from the code, so that they cannot drift.

`docs/settings.md` has every setting of every service; `docs/events.md`, `docs/asyncapi.json` and
`docs/reference/` have every event and request; `docs/metrics.md` has every metric; `deploy/` has
the permissions on broker and database. With `--check` nothing is written.
"""

import argparse
import dataclasses
import json
from typing import Any

from operations import service_registry
from operations.docs import asyncapi, event_tables, metric_tables, reference_pages
from operations.docs.event_tables import GENERATED
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
from shared.contracts import load_contracts
from shared.settings import CommonSettings, Spec, specs
from shared.settings.reading import ALL_NAMES

SETTINGS_HEAD = f"""\
{GENERATED}

# Settings

Every setting is an environment variable. A secret may be read from a file instead: the one
that the same name with `_FILE` names, or the file of the setting's name in the folder
`IMPEX_SECRETS_DIR`, as `impex secrets` makes one for each service. Invalid values are
reported on standard error, and the start ends with exit code 2.
"""


def main(options: argparse.Namespace) -> int:
    """Write the files, or with `--check` exit with 1 where one is out of date."""
    stale = []
    for name, text in documents().items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            say(f"wrote {name}")
    if options.check and stale:
        say(f"out of date: {', '.join(stale)}; `make docs` writes them")
        return 1
    return 0


def documents() -> dict[str, str]:
    """Every generated file with its content."""
    load_contracts()
    reference = asyncapi.document()
    return {
        "docs/settings.md": settings_page(),
        ALL_NAMES.relative_to(ROOT).as_posix(): setting_names(),
        "docs/events.md": event_tables.events_page(),
        "docs/metrics.md": metric_tables.metrics_page(),
        "docs/asyncapi.json": _json(reference),
        **reference_pages.pages(reference),
        "deploy/definitions.json": _json(broker_definitions()),
        "deploy/roles.sql": roles_script(),
    }


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
    unit = spec.unit.removesuffix("s") if spec.unit and value == 1 else spec.unit
    return f"`{text}`" + (f" {unit}" if unit else "")


def _bounds(spec: Spec) -> str:
    if spec.choices:
        return f" One of {', '.join(f'`{one}`' for one in spec.choices if one)}."
    return f" From {spec.between[0]:g} to {spec.between[1]:g}." if spec.between else ""
