"""Files of an agency's users: read line by line, every mistake with its line and column."""

import pytest

from operations.operate.account_files import COLUMNS, read_account_file
from operations.operate.csv_lines import MAX_LINE

HEAD = ";".join(COLUMNS)
GOOD = "Zoé;d’Été-Müller;zoe@labo.fr;en"


def mistakes(*lines: str | bytes, head: str = HEAD) -> list[str]:
    raw = [line if isinstance(line, bytes) else line.encode() for line in (head, *lines)]
    found = read_account_file(b"\n".join(raw), smtputf8=False)
    return [str(one) for one in found.mistakes]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_g_26_commas_quotes_empty_lines_and_other_orders_of_columns_are_read(
    mark: bytes, end: str
) -> None:
    lines = ("address,last_name,first_name", "", '"Zoe@Labo.fr", "d’Été-Müller",Zoé', ",,", "")
    found = read_account_file(mark + end.join(lines).encode(), smtputf8=False)
    assert found.mistakes == ()
    (person,) = found.persons
    assert (person.line, person.first_name, person.last_name) == (3, "Zoé", "d’Été-Müller")
    assert (person.address.text, person.address.key) == ("Zoe@labo.fr", "zoe@labo.fr")
    assert person.language == "fr"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (";;;", []),
        (";Durand;a@labo.fr;", ["line 2, first_name: it is empty"]),
        ("=1+1;Durand;a@labo.fr;", ["line 2, first_name: it has a sign that no name has: ="]),
        ("A;@SUM(A1);a@labo.fr;", ["line 2, last_name: it has a sign that no name has: @"]),
        ("A;www.x.fr;a@labo.fr;", ["line 2, last_name: it contains a web address: www.x"]),
        ("A;B;labo.fr;", ["line 2, address: it has no @"]),
        ("A;B;a@labo.fr, b@labo.fr;", ["line 2, address: it has several addresses"]),
        (
            "A;B;Éric@labo.fr;",
            [
                "line 2, address: it has É before the @, which the mail relay refuses "
                "(IMPEX_SMTP_UTF8)"
            ],
        ),
        ("A;B;a@labo.fr;de", ["line 2, language: it must be fr or en, or empty"]),
        ("A;B;a@labo.fr", ["line 2: it has 3 columns, the first line 4"]),
        ('A;"B;a@labo.fr;', ["line 2: it is not CSV: unexpected end of data"]),
        ("A;B\0;a@labo.fr;", ["line 2: it contains the byte 0"]),
        ("A;" + "B" * 2**20 + ";a@labo.fr;", [f"line 2: it is longer than {MAX_LINE} bytes"]),
        ("A;" + "B" * 101 + ";a@labo.fr;", ["line 2, last_name: it is longer than 100 characters"]),
        (
            "Zoé;B;a@labo.fr;".encode("latin-1"),
            ['line 2: it is not UTF-8 (byte 3): save the file as "CSV UTF-8"'],
        ),
    ],
)
def test_g_26_a_wrong_line_is_named_with_its_column(line: str | bytes, expected: list[str]) -> None:
    assert mistakes(line, GOOD) == expected


def test_g_26_every_mistake_of_every_line_is_reported_at_once() -> None:
    broken = 'A;"B;a@labo.fr;'
    assert mistakes(GOOD, "1;;no;de", broken, GOOD.upper(), "A;B;c@labo.fr;") == [
        "line 3, first_name: it has a sign that no name has: 1",
        "line 3, last_name: it is empty",
        "line 3, address: it has no @",
        "line 3, language: it must be fr or en, or empty",
        "line 4: it is not CSV: unexpected end of data",
        "line 5, language: it must be fr or en, or empty",
    ]


def test_g_26_one_address_in_two_lines_is_a_mistake_whatever_its_case() -> None:
    assert mistakes(GOOD, "A;B;b@labo.fr;", "Zoé;Müller; ZOE@LABO.FR;fr") == [
        "line 4, address: line 2 has this address too"
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("first_name;last_name", "line 1: it must name the columns; missing: address"),
        (f"{HEAD};password", "line 1: there is no column 'password'"),
        (f"{HEAD};\x1b[2J", "line 1: there is no column '\\x1b[2J'"),
        (f"{HEAD};address", "line 1: a column is named twice"),
        (HEAD, "line 1: there is nobody in the file"),
        ("", "line 1: there is nobody in the file"),
    ],
)
def test_g_26_the_first_line_names_the_columns(head: str, expected: str) -> None:
    assert mistakes(head=head) == [expected]


def test_g_26_a_file_in_utf_16_is_refused_as_a_whole() -> None:
    found = read_account_file(f"{HEAD}\n{GOOD}".encode("utf-16"), smtputf8=False)
    assert [str(one) for one in found.mistakes] == [
        'line 1: the file is UTF-16: save the file as "CSV UTF-8"'
    ]


def test_g_26_a_likely_slip_is_pointed_out_and_kept() -> None:
    found = read_account_file(f"{HEAD}\nA;B;a@gmial.com;".encode(), smtputf8=False)
    assert [str(one) for one in found.doubts] == ["line 2, address: is @gmail.com meant?"]
    assert (found.mistakes, len(found.persons)) == ((), 1)
