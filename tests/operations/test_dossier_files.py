"""Files of dossier events: read, validated line by line, and what `impex demo` generates."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from operations.docs.message_examples import DOSSIER_EVENTS, whole_message
from operations.install.paths import ROOT
from operations.local.demo import LIFECYCLES, generate
from operations.operate.csv_lines import RowError
from operations.operate.dossier_files import COLUMNS, EVENTS, read_file
from operations.operate.dossiers import DossierMessage
from services.dossiers.dossier_updates import from_event
from shared.contracts import backoffice
from shared.messaging.envelope import contract, decode

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
WHO = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
HEAD = ";".join(COLUMNS)
FILED = f"filed;{WHO};d1;2;AI;26-1;Pharmacie;Élinoxa;5 mg;gélule;;2026-01-15"
GOOD = (
    f"saved;{WHO};d1;1;AI;;Pharmacie;Élinoxa;5 mg;gélule;;2026-01-10T09:30:00+01:00",
    FILED,
    f"status_changed;{WHO};d1;3;AI;26-1;;;;;under_review;2026-01-16T08:00:00Z",
    f"decided;{WHO};d1;4;AI;26-1;;;;;granted;2026-02-01",
    f"withdrawn;{WHO};d2;5;DEI;26-2;;;;;;2026-02-02",
)


def mistakes(*lines: str, head: str = HEAD) -> list[tuple[int, str]]:
    _, wrong = read_file("\n".join((head, *lines)).encode(), NOW)
    return [(one.line, one.reason) for one in wrong]


def test_each_line_is_an_event() -> None:
    entries, wrong = read_file("\n".join((HEAD, *GOOD)).encode(), NOW)
    assert wrong == []
    assert [entry.line for entry in entries] == [2, 3, 4, 5, 6]
    assert {entry.account for entry in entries} == {WHO}
    events = [entry.event for entry in entries]
    assert [type(event) for event in events] == [kind for kind, _, _ in EVENTS.values()]
    filed = events[1]
    assert isinstance(filed, backoffice.DossierFiled)
    assert (filed.medicine, filed.number, filed.version) == ("Élinoxa", "26-1", 2)
    assert filed.filed_at == datetime(2026, 1, 15, 11, tzinfo=UTC), "noon in Paris"
    decided = events[3]
    assert isinstance(decided, backoffice.DossierDecided)
    assert decided.status == "granted"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_commas_quotes_empty_lines_and_other_orders_of_columns_are_read(
    mark: bytes, end: str
) -> None:
    heads = list(reversed(COLUMNS))
    cells = dict(zip(COLUMNS, FILED.split(";"), strict=True)) | {"medicine": '"A, ""b"""'}
    text = end.join((",".join(heads), "", ",".join(cells[name] for name in heads), "", ""))
    (entry,), wrong = read_file(mark + text.encode(), NOW)
    assert (wrong, entry.line) == ([], 3)
    assert isinstance(entry.event, backoffice.DossierFiled)
    assert entry.event.medicine == 'A, "b"'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("filed", "files"), "event must be one of saved, filed, status_changed"),
        ((WHO, ""), "account is empty"),
        ((";2;", ";two;"), "version must be a number from 1"),
        ((";2;", ";²;"), "version must be a number from 1"),
        ((";2;", ";0;"), "version must be 1 to"),
        ((";AI;", ";ai;"), "kind must be one of AI, DEI, DEC"),
        (("d1;", "d 1;"), "dossier_id must be"),
        (("Élinoxa", "x" * 301), "medicine is longer than 300 characters"),
        (("5 mg", "5\x01mg"), "dosage holds a control"),
        (("gélule;;", "gélule;granted;"), "status must be empty: filed does not tell it"),
        (("2026-01-15", "15/01/2026"), "at must be like 2026-01-15T10:00:00+01:00"),
        (("2026-01-15", "2026-02-30"), "at must be like"),
        (("2026-01-15", ""), "at must be like"),
        (("2026-01-15", "2026-01-15T10:00:00"), "at has no time zone"),
        (("2026-01-15", "1926-01-15"), "at is before 1990 or in the future"),
        (("2026-01-15", "2027-01-15"), "at is before 1990 or in the future"),
        ((";5 mg", ""), "it has 11 columns, the first line 12"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(change: tuple[str, str], reason: str) -> None:
    found = mistakes(GOOD[0], FILED.replace(*change), GOOD[2])
    assert len(found) == 1
    assert found[0][0] == 3
    assert found[0][1].startswith(reason)


def test_g_43_repeated_versions_must_be_equal() -> None:
    """Which of two would win is chance: another's account as well as another status."""
    reason = "line 2 tells version 2 of d1 otherwise: each needs its own"
    assert mistakes(FILED, FILED, FILED.replace("d1", "d2"), FILED.replace(";2;", ";3;")) == []
    for other in (FILED.replace(WHO, str(uuid4())), FILED.replace("5 mg", "6 mg")):
        assert mistakes(FILED, other) == [(3, reason)]


def test_every_bad_line_is_named() -> None:
    wrong = [FILED.replace("AI", "X"), FILED, FILED.replace(";2;", ";-1;")]
    assert [line for line, _ in mistakes(*wrong)] == [2, 4]
    two = 'filed;a;d;2;AI;"26\n1";x;x;x;x;;2026-01-15'
    assert [line for line, _ in mistakes(FILED, two, FILED.replace("AI", "X"))] == [3, 4, 5]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", RowError(line=1, reason="there is no event in the file")),
        (HEAD.encode(), RowError(line=1, reason="there is no event in the file")),
        (b"a;b\n1;2", None),
        (HEAD.encode() + b";more\n", RowError(line=1, reason="there is no column 'more'")),
        (HEAD.encode() + b";at\n", RowError(line=1, reason="a column is named twice")),
        (
            HEAD.encode() + b"\n\n\xe9;",
            RowError(line=3, reason='it is not UTF-8 (byte 1): save the file as "CSV UTF-8"'),
        ),
        (HEAD.encode() + b'\nfiled;"', None),
        (HEAD.encode() + b"\nfiled;\0", None),
    ],
)
def test_another_kind_of_file_is_refused(content: bytes, expected: RowError | None) -> None:
    entries, wrong = read_file(content, NOW)
    assert entries == []
    assert len(wrong) == 1
    assert expected in (None, wrong[0])


BOM = "\ufeff"
#: What spreadsheets and programs make of a file, by what they do to it.
SPREADSHEETS = {
    "an empty line in front": f"\n{HEAD}\n{FILED}",
    "lines of separators in front and between": f";;;\n{HEAD}\n;;;;\n{FILED}\n;;\n",
    "empty columns at the end": f"{HEAD};;;\n{FILED};;;;;",
    "the separator's own line": f"sep=;\n{HEAD}\n{FILED}",
    "that line with quotes and empty columns": f'"SEP=;";;;\n{HEAD}\n{FILED}',
    "two byte order marks": f"{BOM}{BOM}{HEAD}\n{FILED}",
    "a byte order mark before the separator's line": f"{BOM}sep=;\r\n{HEAD}\r\n{FILED}\r\n",
    "a byte order mark before a quote": f'{BOM}"event"{HEAD[5:]}\n{FILED}',
    "tabs": f"{HEAD}\n{FILED}".replace(";", "\t"),
    "tabs that are named": f"sep=\t\n{HEAD}\n{FILED}".replace(";", "\t"),
    "tabs, with a semicolon in front of them": f";\n{HEAD}\n{FILED}".replace(";", "\t"),
    "line ends of other times": f"{HEAD}\r{FILED}\r",
}


@pytest.mark.parametrize("written", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_o_14_a_file_is_read_as_spreadsheets_write_it(written: str) -> None:
    (entry,), wrong = read_file(written.encode(), NOW)
    assert wrong == []
    assert isinstance(entry.event, backoffice.DossierFiled)
    assert (entry.event.pharmaceutical_form, entry.event.medicine) == ("gélule", "Élinoxa")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{HEAD}\n{FILED}\n{FILED}".encode("cp1252"), [2, 3]),
        (f"{HEAD}\n{FILED}".encode("utf-16"), [1]),
        (f"événement;{HEAD}".encode("cp1252"), [1]),
    ],
)
def test_o_14_another_encoding_is_answered_by_what_to_do(
    written: bytes, expected: list[int]
) -> None:
    entries, wrong = read_file(written, NOW)
    assert (entries, [one.line for one in wrong]) == ([], expected)
    assert all(one.reason.endswith('save the file as "CSV UTF-8"') for one in wrong)


def test_o_14_every_fault_of_a_line_is_named_at_once() -> None:
    typed = f"filed;;d 1;two;XX;{'9' * 51};a\x01b;Élinoxa;5 mg;gélule;granted;tomorrow"
    ((line, reason),) = mistakes(typed)
    assert line == 2
    assert reason.split("; ") == [
        "status must be empty: filed does not tell it",
        "account is empty",
        "version must be a number from 1",
        "at must be like 2026-01-15T10:00:00+01:00 or 2026-01-15",
        "dossier_id must be 1 to 64 letters, digits and . _ ~ : -",
        "kind must be one of AI, DEI, DEC",
        "number is longer than 50 characters",
        "establishment holds a control or invisible character",
    ]
    ((line, reason),) = mistakes(head=f"{HEAD.replace(';kind;', ';when;')};;event")
    assert line == 1
    assert reason.split("; ") == [
        "it must name the columns",
        "missing: kind",
        "there is no column 'when'",
        "a column between others has no name",
        "a column is named twice",
    ]


def test_b_10_the_file_of_the_documentation_can_be_sent() -> None:
    page = (ROOT / "docs/dossiers.md").read_text("utf-8")
    shown = page.partition("```csv\n")[2].partition("```")[0]
    entries, wrong = read_file(shown.encode(), NOW)
    assert (len(entries), wrong) == (4, [])


def test_b_10_the_documented_events_are_accepted() -> None:
    """As the subscribing service reads them, with the envelope; one of each kind."""
    assert [type(one) for one in DOSSIER_EVENTS] == [kind for kind, _, _ in EVENTS.values()]
    for example in DOSSIER_EVENTS:
        envelope = decode(json.dumps(whole_message(backoffice.OWNER, example)).encode())
        assert envelope.source == f"impex/{backoffice.OWNER}"
        event = contract(envelope, {type(example).TYPE: type(example)})
        assert event == example
        assert isinstance(event, backoffice.DossierEvent)
        assert from_event(event, envelope.subject, NOW).version == event.version


def test_the_same_event_is_the_same_message() -> None:
    (one, *_), _ = read_file("\n".join((HEAD, *GOOD)).encode(), NOW)
    (again, *_), _ = read_file("\n".join((HEAD, *GOOD)).encode(), NOW + timedelta(days=3))
    message = DossierMessage(account_id=WHO, event=one.event)
    assert message.message_id == DossierMessage(account_id=WHO, event=again.event).message_id
    other = DossierMessage(account_id=str(uuid4()), event=one.event)
    assert other.message_id != message.message_id


@pytest.mark.parametrize("day", [datetime(2026, 3, 1, 0, 5, tzinfo=UTC), NOW])
def test_the_demo_shows_every_state_and_is_accepted(day: datetime) -> None:
    messages = generate(WHO, day)
    for one in messages:
        from_event(one.event, one.account_id, day)
        assert not [at for at in _moments(one.event) if at > day]
    latest = {one.event.dossier_id: one.event for one in messages}
    assert len(latest) == sum(life[2] for life in LIFECYCLES) == 40
    ends = Counter((event.kind, type(event).__name__) for event in latest.values())
    assert ends["AI", "DossierDecided"] == 9
    numbers = [event.number for event in latest.values() if event.number]
    assert len(set(numbers)) == len(numbers)
    assert generate(WHO, day.replace(microsecond=7)) == messages, "of that day"
    ids = {one.event.dossier_id for one in generate(str(uuid4()), day)}
    assert not ids & latest.keys()


def _moments(event: backoffice.DossierEvent) -> list[datetime]:
    values = [getattr(event, name) for name in event.__struct_fields__]
    return [value for value in values if isinstance(value, datetime)]
