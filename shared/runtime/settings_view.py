"""The settings that a service runs with, as others may see them."""

import dataclasses
from typing import Any

from shared.contracts.settings import SettingRow, SettingsView
from shared.messaging.handlers import RequestContext
from shared.settings import Spec, specs


def setting_rows(settings: Any) -> tuple[SettingRow, ...]:
    """The settings of an object that `load` made; nothing secret is in the rows."""
    return tuple(_row(settings, field, spec) for field, spec in specs(type(settings)))


async def describe_settings(_request: object, context: RequestContext[Any]) -> SettingsView:
    """Those of the service that is asked."""
    return SettingsView(rows=setting_rows(context.settings))


def _row(settings: Any, field: dataclasses.Field[Any], spec: Spec) -> SettingRow:
    value = getattr(settings, field.name)
    has_default = field.default is not dataclasses.MISSING
    secret = _is_secret(spec, value)
    default = spec.default_doc or (_text(field.default) if has_default else "")
    return SettingRow(
        name=spec.name,
        value="" if secret else _text(value),
        default="" if secret else default,
        unit=spec.unit or "",
        meaning=spec.doc,
        secret=secret,
        is_set=bool(value) or value is False or value == 0,
        changed=has_default and value != field.default,
    )


def _is_secret(spec: Spec, value: object) -> bool:
    """Secrets, keys of any kind, and addresses with a login."""
    text = str(value)
    return spec.secret or "KEY" in spec.name or ("://" in text and "@" in text)


def _text(value: object) -> str:
    """A value as one would write it into the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list | frozenset):
        return ",".join(map(str, value))
    return str(value)
