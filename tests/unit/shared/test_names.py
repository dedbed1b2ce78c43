"""Names: the rules of IN-01, invalid input, and names that must pass."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.person_names import check_name
from shared.domain.typed_text import MAX_NAME


@pytest.mark.parametrize(
    "name",
    ["O'Brien", "d’Été-Müller", "Łukasz", "Ng", "Jean-Pierre", "Nguyễn Thị", "M. Dupont", "Ñuñez",
     "Михаил", "李", "محمد", "Björk Guðmundsdóttir", "J.-P.", "Coeur·lié", "X Æ", "D\u2019Arc"],
)  # fmt: skip
def test_real_names_pass(name: str) -> None:
    accepted, error = check_name("last_name", name)
    assert error is None
    assert accepted == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("O‘Brien", "O'Brien"), ("D`Angelo", "D'Angelo"), ("D´Angelo", "D'Angelo"),
     ("N′Guessan", "N'Guessan"), ("Martin–Dupont", "Martin-Dupont"), ("Le−Goff", "Le-Goff"),
     ("Jean\u3000Paul", "Jean Paul"), ("\ufeffDupont\t", "Dupont"), ("L’Hôte", "L’Hôte")],
)  # fmt: skip
def test_t_07_what_looks_like_a_sign_of_a_name_is_read_as_it(typed: str, kept: str) -> None:
    assert check_name("last_name", typed) == (kept, None)


@pytest.mark.parametrize(
    ("typed", "sign"),
    [("Dupont 2", "2"), ("a@b", "@"), ("Du\u200bpont", "U+200B"), ("a\0b", "U+0000"),
     ("Du\u200dpont", "U+200D"), ("Zoé😀", "😀"), ("a" + "\u0316" * 12, "\u25cc\u0316")],
)  # fmt: skip
def test_t_07_any_other_sign_is_named(typed: str, sign: str) -> None:
    error = check_name("last_name", typed)[1]
    assert error is not None
    assert error.params == {"sign": sign}


@pytest.mark.parametrize(
    "name",
    ["علی\u200cرضا", "ශ්\u200dරී", "র\u200d্যাব", "پور\u200cمحمدی", "രാജന്\u200d", "क्\u200dष"],
)
def test_t_08_joiners_between_letters_that_need_them_stay(name: str) -> None:
    assert check_name("last_name", f"{name}\u200c") == (name, None)


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("bit.ly", "bit.ly"),
        ("Bit.Ly", "Bit.Ly"),
        ("a.b.c.evil.site", "a.b.c.evil.site"),
        ("Voir mon-site.page.", "mon-site.page"),
        ("évasion.рф", "évasion.рф"),
        ("пример.рф", "пример.рф"),
        ("gagnez.中国", "gagnez.中国"),
        ("labo.co.uk", "labo.co.uk"),
        ("co.uk", "co.uk"),
        ("casino.ck", "casino.ck"),
        ("promo.github.io", "promo.github.io"),
        ("Dr.No", "Dr.No"),
        ("www.exemple", "www.exemple"),
        ("http://x", "http://"),
    ],
)
def test_s_15_a_web_address_is_found_by_its_suffix(typed: str, host: str) -> None:
    error = check_name("last_name", typed)[1]
    assert error is not None
    assert (error.code, error.params) == ("web_address", {"host": host})


@pytest.mark.parametrize(
    "name",
    ["J.Li", "J.M.Li", "M. de La Tour", "St. Gallen", "Jean.Martin", "J.-P.", "A.B", "P.Ng",
     "Dupont.", "Müller-Lüdenscheidt", "O.de Vries"],
)  # fmt: skip
def test_s_15_initials_and_abbreviations_are_no_web_addresses(name: str) -> None:
    assert check_name("last_name", name) == (name, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("\u00a0", "missing"),
        ("a" * 101, "too_long"),
        ("Du\r\nBcc: x@y.fr", "forbidden_characters"),
        ("Du\npont", "forbidden_characters"),
        ("<script>alert(1)</script>", "forbidden_characters"),
        ("Gagnez sur http://x.fr", "web_address"),
        ("www.exemple", "web_address"),
        ("Du pont.xyz", "web_address"),
        ("visitez promo.shop vite", "web_address"),
        ("a\0b", "forbidden_characters"),
        ("\0", "forbidden_characters"),
        ("abc\u202ecba", "forbidden_characters"),
        ("\u200b", "missing"),
        ("Du\u200bpont", "forbidden_characters"),
        ("Dupont 2", "forbidden_characters"),
        ("'", "no_letters"),
        ("a@b", "forbidden_characters"),
        ("{{7*7}}", "forbidden_characters"),
        ("'; DROP TABLE accounts; --", "forbidden_characters"),
        ("a" + "\u0316" * 12, "forbidden_characters"),
        ("Robert%s", "forbidden_characters"),
    ],
)
def test_are_refused_with_their_reason(typed: str, code: str) -> None:
    _, error = check_name("first_name", typed)
    assert error is not None
    assert (error.field, error.code) == ("first_name", code)


def test_a_hundred_characters_pass() -> None:
    assert check_name("last_name", "é" * MAX_NAME)[1] is None
    assert check_name("last_name", "e\u0301" * MAX_NAME)[1] is None
    _, error = check_name("last_name", "é" * (MAX_NAME + 1))
    assert error is not None
    assert error.params == {"max": 100}


@given(st.text(max_size=120))
def test_an_accepted_name_has_no_control_and_stays_accepted(typed: str) -> None:
    accepted, error = check_name("first_name", typed)
    if error is None:
        assert not any(unicodedata.category(char)[0] == "C" for char in accepted)
        assert check_name("first_name", accepted) == (accepted, None)
