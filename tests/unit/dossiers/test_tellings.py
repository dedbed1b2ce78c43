"""What one event tells of a dossier, and what is not believed (G-43)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dossiers.tellings import LONGEST, NEVER, Contents, Told, told_by
from shared.contracts import backoffice as words
from shared.errors import Reject
from tests.support.harness.dossier_events import (
    MINE,
    START,
    changed,
    decided,
    filed,
    saved,
    withdrawn,
)

NOW = START + timedelta(days=90)
ALL = (saved, filed, changed, decided, withdrawn)


def told(event: words.DossierEvent, subject: str | None = MINE) -> Told:
    return told_by(event, subject, NOW)


def reason(event: words.DossierEvent, subject: str | None = MINE) -> str:
    with pytest.raises(Reject) as rejected:
        told(event, subject)
    return rejected.value.reason


def test_each_event_tells_its_parts_and_no_other() -> None:
    first = told(saved(number="", medicine="  Doliprane\u00a0 "))
    assert (first.status, first.processed, first.number) == ("draft", False, None)
    assert first.account_id == UUID(MINE)
    assert first.contents == Contents(
        establishment="Pharmacie du Marché",
        medicine="Doliprane",
        dosage="500 mg",
        pharmaceutical_form="comprimé",
        folded="pharmacie du marche\ndoliprane\n500 mg\ncomprime",
        filed_on=NEVER,
    )
    assert first.decided_on == NEVER

    second = told(filed())
    assert (second.status, second.processed, second.number) == ("filed", False, "26-d1")
    assert second.contents is not None
    assert (second.contents.filed_on, second.decided_on) == (date(2026, 1, 15), NEVER)

    third = told(changed(status="Transmis à l'ANSES"))
    assert (third.status, third.processed, third.contents) == ("Transmis à l'ANSES", False, None)
    assert third.decided_on == NEVER

    fourth = told(decided(status="refused"))
    assert (fourth.status, fourth.processed, fourth.contents) == ("refused", True, None)
    assert fourth.decided_on == date(2026, 1, 15)

    last = told(withdrawn())
    assert (last.status, last.processed, last.contents) == ("withdrawn", True, None)
    assert last.decided_on is None, "the decision, if there is one, stays"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 15, 22, 59, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 1, 15, 23, 0, tzinfo=UTC), date(2026, 1, 16)),
        (datetime(2025, 7, 14, 22, 0, tzinfo=UTC), date(2025, 7, 15)),
    ],
)
def test_days_are_those_of_paris(moment: datetime, day: date) -> None:
    contents = told(filed(filed_at=moment)).contents
    assert contents is not None
    assert contents.filed_on == day
    assert told(decided(decided_at=moment)).decided_on == day


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("wrong", "said"),
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
def test_what_every_event_may_get_wrong(make: Any, wrong: dict[str, Any], said: str) -> None:
    assert said in reason(make(**wrong))


@pytest.mark.parametrize("make", [saved, filed])
@pytest.mark.parametrize("name", ["establishment", "medicine", "dosage", "pharmaceutical_form"])
@pytest.mark.parametrize("sign", ["\n", "\x00", "\x1b", "\u202e", "\u200b", "\u2028", "\ud800"])
def test_control_and_invisible_characters_are_not_kept(make: Any, name: str, sign: str) -> None:
    assert reason(make(**{name: f"a{sign}b"})) == f"{name} holds a control or invisible character"


@pytest.mark.parametrize("name", [name for name in LONGEST if name not in ("number", "status")])
def test_over_long_texts_are_not_kept(name: str) -> None:
    most = LONGEST[name]
    assert told(filed(**{name: "é" * most})).contents is not None
    assert (
        reason(filed(**{name: "e\u0301" * (most + 1)}))
        == f"{name} is longer than {most} characters"
    )


@pytest.mark.parametrize("make", [changed, decided])
def test_a_status_is_a_short_text(make: Any) -> None:
    assert reason(make(status="  ")) == "status is empty"
    assert "longer" in reason(make(status="x" * 61))
    assert "control" in reason(make(status="a\tb"))


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
def test_absurd_moments_are_not_believed(make: Any, name: str) -> None:
    for moment in (
        datetime(1989, 12, 31, 23, 59, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOW + timedelta(days=1, seconds=1),
    ):
        assert reason(make(**{name: moment})) == f"{name} is before 1990 or in the future"
    assert reason(make(**{name: datetime(2026, 1, 15)})) == f"{name} has no time zone"
    told(make(**{name: NOW + timedelta(hours=23)}))
    told(make(**{name: datetime(1990, 1, 1, tzinfo=UTC)}))


@pytest.mark.parametrize("make", ALL)
def test_whose_dossier_must_be_said(make: Any) -> None:
    assert "subject is missing" in reason(make(), None)
    for subject in ("", "pierre@example.fr", "73282932000074", "'; DROP TABLE dossiers; --"):
        assert "UUID" in reason(make(), subject)
