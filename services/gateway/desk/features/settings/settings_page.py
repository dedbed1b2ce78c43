"""The settings that every service runs with, as each one says itself; those that differ from their
default first. Nothing secret reaches the desk: only whether it is set."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from services.gateway.desk.features.settings.effects import EFFECTS, UNITS
from services.gateway.desk.features.settings.technical_effects import (
    TECHNICAL_EFFECTS,
    default_text,
    technical_effect,
)
from services.gateway.desk.own_settings import OWN_SETTINGS
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.rendering import page
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.settings import SettingRow
from shared.contracts.support.settings import AllSettingsView, ListSettings, ServiceSettingRows
from shared.i18n.catalogue import translate, translate_plural


@dataclass(frozen=True, kw_only=True)
class ShownSetting:
    """One setting with its value, and the services that run with it. `effect` and `default` are in
    the language of the page, or in English where `in_english`: a service of another version has a
    setting that this one does not know."""

    row: SettingRow
    services: list[str]
    value: str
    effect: str
    default: str
    in_english: bool


async def show(request: web.Request) -> web.Response:
    """All of them."""
    message = ListSettings(agent_id=agent_of(request).account_id)
    view = await ask_support(request, message, AllSettingsView)
    own = ServiceSettingRows(service="desk", rows=request.app[OWN_SETTINGS])
    found = shown_settings((own, *view.services), request[REQUEST_STATE].lang)
    return page(
        request,
        "settings.html",
        changed=[one for one in found if one.row.changed],
        unchanged=[one for one in found if not one.row.changed],
        away=view.away,
    )


def shown_settings(services: Iterable[ServiceSettingRows], lang: str) -> list[ShownSetting]:
    """Each setting once for each value that it has: first those that people or agents notice."""
    by_value: dict[tuple[str, str, bool], ShownSetting] = {}
    for one in services:
        for row in one.rows:
            effect = EFFECTS.get(row.name) or technical_effect(row.name)
            shown = by_value.setdefault(
                (row.name, row.value, row.is_set),
                ShownSetting(
                    row=row,
                    services=[],
                    value=_with_unit(row.value, row.unit, lang),
                    effect=row.meaning if effect is None else translate(effect, lang),
                    default=_with_unit(default_text(row.default, lang), row.unit, lang),
                    in_english=effect is None,
                ),
            )
            shown.services.append(one.service)
    order = [*EFFECTS, *TECHNICAL_EFFECTS]
    return sorted(
        by_value.values(),
        key=lambda shown: (
            order.index(shown.row.name) if shown.row.name in order else len(order),
            shown.row.name,
        ),
    )


def _with_unit(value: str, unit: str, lang: str) -> str:
    """« 3 jours ». What is no number stands alone; a unit of another version stays in English."""
    if not unit or not value.replace(".", "", 1).isdigit():
        return value
    if unit not in UNITS:
        return f"{value} {unit}"
    if value.isdigit():
        return translate_plural(UNITS[unit], int(value), lang)
    return translate_plural(UNITS[unit], 2, lang, n=value)
