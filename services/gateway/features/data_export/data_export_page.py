"""What is held about a person, as the page says it: services, matters, fields, values (B-11).

The file has the English keys of the services; the page has words for them. A key without words is
shown as it is, so that nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.clients.data_export import SERVICES, PersonalData
from services.gateway.features.data_export.data_export_labels import (
    FIELDS,
    MAILS,
    MATTERS,
    TITLES,
    VALUES,
)
from services.gateway.features.profile.profile_messages import LABELS
from services.gateway.portal.dossier_texts import status_text
from shared.domain.countries import country_names
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_datetime, format_day

#: Rows of one matter that the page shows; the file has all of them.
MOST_ROWS = 20
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Fields whose values are ours, not words that somebody typed.
CHOSEN = frozenset(
    (
        "state",
        "kind",
        "level",
        "allowed_by",
        "by",
        "about",
        "mail_state",
        "standing",
        "position",
        "establishment_type",
        "language",
    )
)
#: The form's order, for what is kept as one JSON value and comes back in that of its keys.
ORDER = {name: place for place, name in enumerate(LABELS)}
YES_NO = (N_("non"), N_("oui"))


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One matter: rows of (label, value), and how many more the file has."""

    title: str
    rows: list[list[tuple[str, str]]]
    more: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one service holds; `matters` is None where it did not answer."""

    title: str
    matters: list[Matter] | None


def shown(data: PersonalData, lang: str, names: Mapping[str, str]) -> list[Part]:
    """Every service under its heading, those that hold nothing and those that are away too.

    `names` are those of the service and its operator.
    """
    return [
        Part(
            title=translate(TITLES[service], lang),
            matters=(
                _matters(data.documents[service], lang, names)
                if service in data.documents
                else None
            ),
        )
        for service in SERVICES
    ]


def _matters(
    document: Mapping[str, list[dict[str, Any]]], lang: str, names: Mapping[str, str]
) -> list[Matter]:
    return [
        Matter(
            title=_label(MATTERS, name, lang, names),
            rows=[
                _row(_ordered(row) if name == "information" else row, lang, names)
                for row in rows[:MOST_ROWS]
            ],
            more=max(0, len(rows) - MOST_ROWS),
        )
        for name, rows in document.items()
        if rows
    ]


def _row(row: Mapping[str, Any], lang: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (_label(FIELDS, name, lang, names), _value(name, value, lang, names))
        for name, value in row.items()
        if value is not None and value != ""
    ]


def _ordered(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(sorted(fields.items(), key=lambda field: ORDER.get(field[0], len(ORDER))))


def _value(name: str, value: Any, lang: str, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        space = "\u00a0" if lang == "fr" else ""
        row = _row(_ordered(value), lang, names)
        return f"{space}; ".join(f"{label}{space}: {said}" for label, said in row)
    if isinstance(value, bool):
        return translate(YES_NO[value], lang)
    if isinstance(value, datetime):
        return format_datetime(value, lang)
    text = str(value)
    if MOMENT.fullmatch(text):
        return _moment(text, lang)
    if DAY.fullmatch(text):
        return format_day(text, lang)
    if name == "country":
        return country_names(lang).get(text, text)
    if name == "status":
        return status_text(text, lang)
    words = {**VALUES, **MAILS} if name == "kind" else VALUES
    return translate(words[text], lang) if name in CHOSEN and text in words else text


def _moment(text: str, lang: str) -> str:
    """As people say it; as it is where somebody typed what only looks like one."""
    try:
        return format_datetime(datetime.fromisoformat(text), lang)
    except ValueError:
        return text


def _label(labels: Mapping[str, str], name: str, lang: str, names: Mapping[str, str]) -> str:
    return translate(labels[name], lang, **names) if name in labels else name.replace("_", " ")
