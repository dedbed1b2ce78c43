"""The data export as a page: services, categories, fields, values (B-11).

The file has the English keys of the services; the page has labels for them. A key without a label
is shown as it is, so that nothing is left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.features.data_export.data_export_labels import (
    CATEGORIES,
    FIELDS,
    TITLES,
    VALUES,
)
from services.gateway.features.data_export.personal_data import PersonalData
from services.gateway.portal.dossier_texts import status_text
from services.gateway.portal.mail_names import mail_name
from services.gateway.portal.profile_fields import LABELS
from shared.domain.countries import country_names
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_datetime, format_day, format_number

#: Rows of one category on the page; the files have all of them.
MAX_ROWS = 20
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Fields with fixed values, not typed ones.
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
        "reason",
        "mail_reason",
        "position",
        "establishment_type",
        "language",
    )
)
#: The order of the form, for fields that are stored as one JSON value.
ORDER = {name: place for place, name in enumerate(LABELS)}
#: The fields of a category that say in one line what a service holds.
GISTS: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "registration": ("account", (("first_name", "last_name"), ("address",))),
    "profile": ("information", (("company_name",), ("city",))),
}
#: Categories whose row stands for several things, and says how many.
COUNTED = {"recovery_codes": "codes_left"}
YES_NO = (N_("non"), N_("oui"))


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category: rows of (label, value), and how many more the file has."""

    title: str
    rows: list[list[tuple[str, str]]]
    more: int


@dataclass(frozen=True, kw_only=True)
class Section:
    """What one service holds; `categories` is None where it did not answer.

    `gist` says in one line what there is.
    """

    title: str
    gist: str
    categories: list[Category] | None


def build_sections(
    data: PersonalData, lang: str, names: Mapping[str, str], *, rows: int | None = MAX_ROWS
) -> list[Section]:
    """Every service under its heading, also where it has no data or is unavailable.

    `names` are those of the service and its operator; of each category there are so many `rows`.
    """
    words, documents = _Words(lang, names, rows), data.documents
    return [
        Section(
            title=translate(title, lang),
            gist=words.gist(service, documents.get(service, {})),
            categories=words.categories(documents[service]) if service in documents else None,
        )
        for service, title in TITLES.items()
    ]


@dataclass(frozen=True)
class _Words:
    """Keys and values in one language, with the names of the service and its operator."""

    lang: str
    names: Mapping[str, str]
    rows: int | None

    def gist(self, service: str, document: Mapping[str, list[dict[str, Any]]]) -> str:
        """Whose account, which establishment; else how much of what there is."""
        category, groups = GISTS.get(service, ("", ()))
        for row in document.get(category, [])[:1]:
            parts = (
                " ".join(str(row[name]) for name in group if row.get(name)) for group in groups
            )
            if text := ", ".join(filter(None, parts)):
                return text
        if list(document) == [service]:
            return format_number(len(document[service]), self.lang)
        space = "\u00a0" if self.lang == "fr" else ""
        return f"{space}; ".join(
            f"{self.label(CATEGORIES, name)}{space}: {format_number(_count(name, kept), self.lang)}"
            for name, kept in document.items()
            if kept
        )

    def categories(self, document: Mapping[str, list[dict[str, Any]]]) -> list[Category]:
        return [
            Category(
                title=self.label(CATEGORIES, name),
                rows=[self.row(self.ready(name, row)) for row in rows[: self.rows]],
                more=0 if self.rows is None else max(0, len(rows) - self.rows),
            )
            for name, rows in document.items()
            if rows
        ]

    def ready(self, category: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row as it is read: fields in the order of the form, mails by their names."""
        if category == "information":
            return _ordered(row)
        return {**row, "kind": mail_name(row["kind"], self.lang)} if category == "mails" else row

    def row(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            (self.label(FIELDS, name), self.value(name, value))
            for name, value in row.items()
            if value is not None and value != ""
        ]

    def label(self, labels: Mapping[str, str], name: str) -> str:
        known = labels.get(name)
        return translate(known, self.lang, **self.names) if known else name.replace("_", " ")

    def value(self, name: str, value: Any) -> str:
        lang = self.lang
        if isinstance(value, Mapping):
            space = "\u00a0" if lang == "fr" else ""
            row = self.row(_ordered(value))
            return f"{space}; ".join(f"{label}{space}: {text}" for label, text in row)
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
        return translate(VALUES[text], lang) if name in CHOSEN and text in VALUES else text


def _count(category: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many things the rows of a category are."""
    counted = COUNTED.get(category)
    return len(rows) if counted is None else sum(int(row.get(counted) or 0) for row in rows)


def _ordered(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(sorted(fields.items(), key=lambda field: ORDER.get(field[0], len(ORDER))))


def _moment(text: str, lang: str) -> str:
    """The moment in words; unchanged where the text only looks like one."""
    try:
        return format_datetime(datetime.fromisoformat(text), lang)
    except ValueError:
        return text
