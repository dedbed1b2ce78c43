"""Updates from events, and invalid events (G-43)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dossiers.dossier_updates import (
    MAX_LENGTHS,
    NO_DATE,
    DossierUpdate,
    from_event,
)
from shared.contracts import backoffice
from shared.errors import Reject
from tests.support.each_row import each_row
from tests.support.harness.dossier_events import (
    ACCOUNT,
    START,
    changed,
    decided,
    filed,
    saved,
    withdrawn,
)

NOW = START + timedelta(days=90)
ALL = (saved, filed, changed, decided, withdrawn)


def update_of(event: backoffice.DossierEvent, subject: str | None = ACCOUNT) -> DossierUpdate:
    return from_event(event, subject, NOW)


def reason(event: backoffice.DossierEvent, subject: str | None = ACCOUNT) -> str:
    with pytest.raises(Reject) as rejected:
        update_of(event, subject)
    return rejected.value.reason


def test_each_event_has_its_parts_and_no_other() -> None:
    first = update_of(saved(version=3, number="", medicine="  Doliprane\u00a0 "))
    assert first == DossierUpdate(
        dossier_id="d1",
        version=3,
        account_id=UUID(ACCOUNT),
        kind="AI",
        status="draft",
        processed=False,
        number_version=0,
        number="",
        number_folded="",
        contents_version=3,
        establishment="Pharmacie du Marché",
        medicine="Doliprane",
        dosage="500 mg",
        pharmaceutical_form="comprimé",
        contents_folded="pharmacie du marche\ndoliprane\n500 mg\ncomprime",
        filed_on=NO_DATE,
        decision_version=3,
        decided_on=NO_DATE,
    )

    second = update_of(filed(version=4))
    assert (second.status, second.processed) == ("filed", False)
    assert (second.number_version, second.number, second.number_folded) == (4, "26-d1", "26-d1")
    assert (second.contents_version, second.filed_on) == (4, date(2026, 1, 15))
    assert (second.decision_version, second.decided_on) == (4, NO_DATE)

    third = update_of(changed(version=5, status="Transmis à l'ANSES"))
    assert (third.status, third.processed) == ("Transmis à l'ANSES", False)
    assert (third.contents_version, third.establishment, third.filed_on) == (0, "", NO_DATE)
    assert (third.decision_version, third.decided_on) == (5, NO_DATE)

    fourth = update_of(decided(version=6, status="refused"))
    assert (fourth.status, fourth.processed, fourth.contents_version) == ("refused", True, 0)
    assert (fourth.decision_version, fourth.decided_on) == (6, date(2026, 1, 15))

    last = update_of(withdrawn(version=7))
    assert (last.status, last.processed, last.contents_version) == ("withdrawn", True, 0)
    assert last.decision_version == 0, "keeps the decision"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 15, 22, 59, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 1, 15, 23, 0, tzinfo=UTC), date(2026, 1, 16)),
        (datetime(2025, 7, 14, 22, 0, tzinfo=UTC), date(2025, 7, 15)),
    ],
)
def test_days_are_those_of_paris(moment: datetime, day: date) -> None:
    assert update_of(filed(filed_at=moment)).filed_on == day
    assert update_of(decided(decided_at=moment)).decided_on == day


@each_row("make", ALL)
@each_row(
    ("wrong", "expected"),
    [
        ({"kind": "AIP"}, "kind must be one of AI, DEI, DEC"),
        ({"kind": ""}, "kind"),
        ({"version": 0}, "version must be 1 to"),
        ({"version": -3}, "version"),
        ({"version": 2**31}, "version"),
        ({"dossier_id": ""}, "dossier_id"),
        ({"dossier_id": "a" * 65}, "dossier_id"),
        ({"dossier_id": "../admin"}, "dossier_id"),
        ({"dossier_id": "a b"}, "dossier_id"),
        ({"dossier_id": "é1"}, "dossier_id"),
        ({"number": "1" * 51}, "number is longer than 50"),
        ({"number": "12\x0034"}, "number holds a control"),
    ],
)
def test_invalid_fields_of_every_event(make: Any, wrong: dict[str, Any], expected: str) -> None:
    assert expected in reason(make(**wrong))


@each_row("make", [saved, filed])
@each_row("name", ["establishment", "medicine", "dosage", "pharmaceutical_form"])
@each_row("sign", ["\n", "\x00", "\x1b", "\u202e", "\u200b", "\u2028", "\ud800"])
def test_control_and_invisible_characters_are_refused(make: Any, name: str, sign: str) -> None:
    assert reason(make(**{name: f"a{sign}b"})) == f"{name} holds a control or invisible character"


@pytest.mark.parametrize("name", [name for name in MAX_LENGTHS if name not in ("number", "status")])
def test_long_texts_are_refused(name: str) -> None:
    max_length = MAX_LENGTHS[name]
    assert getattr(update_of(filed(**{name: "é" * max_length})), name) == "é" * max_length
    assert (
        reason(filed(**{name: "e\u0301" * (max_length + 1)}))
        == f"{name} is longer than {max_length} characters"
    )


@pytest.mark.parametrize("make", [changed, decided])
def test_a_status_is_a_short_text(make: Any) -> None:
    assert reason(make(status="  ")) == "status is empty"
    assert "longer" in reason(make(status="x" * 61))
    assert "control" in reason(make(status="a\x1bb"))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (saved, "saved_at"),
        (filed, "filed_at"),
        (changed, "changed_at"),
        (decided, "decided_at"),
        (withdrawn, "withdrawn_at"),
    ],
)
def test_absurd_times_are_refused(make: Any, name: str) -> None:
    for moment in (
        datetime(1989, 12, 31, 23, 59, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOW + timedelta(days=1, seconds=1),
    ):
        assert reason(make(**{name: moment})) == f"{name} is before 1990 or in the future"
    assert reason(make(**{name: datetime(2026, 1, 15)})) == f"{name} has no time zone"
    update_of(make(**{name: NOW + timedelta(hours=23)}))
    update_of(make(**{name: datetime(1990, 1, 1, tzinfo=UTC)}))


@each_row("make", ALL)
def test_the_subject_must_be_an_account_id(make: Any) -> None:
    assert "subject is missing" in reason(make(), None)
    for subject in ("", "pierre@example.fr", "73282932000074", "'; DROP TABLE dossiers; --"):
        assert "UUID" in reason(make(), subject)


def test_o_14_every_reason_is_given_at_once() -> None:
    event = decided("a b", version=0, kind="X", number="1" * 51, status=" ")
    assert reason(event, None).split("; ") == [
        "dossier_id must be 1 to 64 letters, digits and . _ ~ : -",
        "version must be 1 to 2147483647",
        "kind must be one of AI, DEI, DEC",
        "status is empty",
        "the subject is missing: it must be the account's id",
        "number is longer than 50 characters",
    ]
    long = "e" + "\u0301" * 31
    assert reason(filed(medicine=long, dosage="5\x07")).split("; ") == [
        "medicine holds more than 30 marks in a row",
        "dosage holds a control or invisible character",
    ]
