"""The page of settings in its states."""

from typing import Any

from services.gateway.desk.features.settings.settings_page import shown_settings
from shared.contracts.settings import SettingRow
from shared.contracts.support.settings import ServiceSettingRows
from tests.support.pages.page_basis import State


def _row(
    name: str, value: str, default: str, *, secret: bool = False, unit: str = ""
) -> SettingRow:
    return SettingRow(
        name=name,
        value=value,
        default=default,
        unit=unit,
        meaning="How long something is kept before it is deleted.",
        secret=secret,
        is_set=True,
        changed=value != default,
    )


def _page(*away: str, changed: bool = True) -> dict[str, Any]:
    months = "24" if changed else "0"
    rows = (
        _row("IMPEX_DORMANT_MONTHS", months, "0", unit="months"),
        _row("IMPEX_DESK_NETWORKS", "", ""),
        _row("IMPEX_DRAFT_RETENTION", "365", "365", unit="days"),
        _row("IMPEX_SUPPORT_DATABASE_URL", "", "", secret=True),
    )
    services = [ServiceSettingRows(service=name, rows=rows) for name in ("support", "registration")]
    found = shown_settings(services, "fr")
    return {
        "changed": [one for one in found if one.row.changed],
        "unchanged": [one for one in found if not one.row.changed],
        "away": away,
    }


def settings_states(supervisor: Any) -> tuple[State, ...]:
    """With and without changes, and while services do not answer."""
    return (
        State("desk-settings", "settings.html", _page(), me=supervisor),
        State("desk-settings-defaults", "settings.html", _page(changed=False), me=supervisor),
        State("desk-settings-away", "settings.html", _page("mfa", "profile"), me=supervisor),
    )
