"""Typed text: what is read of it, before any rule looks at it."""

import re
import sys
import unicodedata
from collections.abc import Callable
from typing import SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from idna import idnadata

from shared.domain.typed_text import (
    DATA,
    MAX_MARKS_IN_A_ROW,
    MAX_PARTS,
    UnsafeText,
    clean_edges,
    clean_email,
    clean_line,
    clean_name,
    clean_text,
    has_long_run_of_marks,
    normal_form,
    read_code,
    read_recovery_code,
)

ABOVE, BELOW = "\u0315", "\u0316"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 401, "too_long"),
        (ABOVE + BELOW * 399 + "a", "too_long"),
        ("a" + BELOW * 31, "too_many_marks"),
        ("a" + (ABOVE + BELOW) * 16, "too_many_marks"),
        (ABOVE * 31, "too_many_marks"),
        ("a" + "\u0301" * 30 + "b" + "\u20d0" * 31, "too_many_marks"),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_s_03_refused_before_it_is_normalized(text: str, code: str, form: str) -> None:
    with pytest.raises(UnsafeText) as refused:
        normal_form(text, 100, form)  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text", ["", "Dupont", "e\u0301" * 100, "a" + BELOW * 30, "Nguyễn", "สุกัญญา", "शर्मा", "محمّد"]
)
def test_s_03_what_people_write_is_normalized(text: str) -> None:
    assert normal_form(text, 100) == unicodedata.normalize("NFC", text)


@given(st.text(st.sampled_from("ae\u0301\u0316\u20d0 字"), max_size=80))
def test_s_03_what_is_normalized_has_no_long_run(text: str) -> None:
    runs = "".join("M" if unicodedata.category(char)[0] == "M" else " " for char in text).split()
    long_run = any(len(run) > MAX_MARKS_IN_A_ROW for run in runs)
    assert has_long_run_of_marks(text) == long_run
    if long_run:
        with pytest.raises(UnsafeText):
            normal_form(text, len(text))
    else:
        assert normal_form(text, len(text) or 1) == unicodedata.normalize("NFC", text)


def test_s_03_a_field_may_be_typed_in_decomposed_letters() -> None:
    letter = unicodedata.normalize("NFD", "ở") + "\u0316"
    assert len(letter) == MAX_PARTS
    assert normal_form(letter * 100, 100)


def members(signs: str) -> set[str]:
    """The signs of a class of a regular expression."""
    pattern = re.compile(f"[{signs}]")
    return {char for char in map(chr, range(sys.maxunicode + 1)) if pattern.match(char)}


def test_t_08_the_document_has_the_properties_of_unicode() -> None:
    """Viramas, letters of joining scripts and zeros are Unicode's, whose versions only add."""
    signs = [chr(code) for code in range(sys.maxunicode + 1)]
    assert {char for char in signs if unicodedata.combining(char) == 9} <= members(DATA.viramas)
    joining = {
        chr(code)
        for kind in "DRL"
        for packed in idnadata.joining_types[kind]
        for code in range(packed >> 32, packed & 0xFFFFFFFF)
    }
    assert members(DATA.joining_letters) == joining
    zeros = {char for char in signs if unicodedata.decimal(char, -1) == 0}
    assert zeros <= set(DATA.digit_zeros)


@pytest.mark.parametrize(
    "code",
    [
        *(0x09, 0xA0, *range(0x2002, 0x200B), 0x202F, 0x3000, 0x200B, 0x200E, 0x200F, 0x2060),
        *(0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xAD, *range(0xFE00, 0xFE10)),
    ],
)
def test_t_03_what_comes_with_a_paste_is_left_out(code: int) -> None:
    sign = chr(code)
    assert clean_edges(f"{sign}{sign} Marie {sign}Curie{sign} {sign}") == f"Marie {sign}Curie"
    assert read_code(f"{sign}12{sign}3{sign}456{sign}") == "123456"
    typed = f"{sign}ABCD{sign}EFGH{sign}2345{sign}MNOP{sign}"
    assert read_recovery_code(typed) == "ABCDEFGH2345MNOP"


@given(st.text())
def test_t_09_ot_08_every_accepted_code_is_six_ascii_digits(typed: str) -> None:
    code = read_code(typed)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


@given(st.text())
def test_t_10_every_recovery_code_is_sixteen_signs(typed: str) -> None:
    code = read_recovery_code(typed)
    assert code is None or re.fullmatch("[A-Z2-7]{16}", code)


def test_t_09_a_whole_mail_has_one_code() -> None:
    mail = (
        "IMPEXWEB - Validez votre adresse email\n\nBonjour Marie Curie,\n\nVotre code : 123 456\n"
        "Il est valable jusqu'au 29 novembre 2026 à 12:31 (heure de Paris).\n"
    )
    assert read_code(mail) == "123456"


class Looked(str):
    """A text that counts the signs that are read of it, one by one."""

    __slots__ = ("count",)
    count: int

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        self.count = getattr(self, "count", 0) + 1
        return super().__getitem__(key)


@pytest.mark.parametrize("clean", [clean_name, clean_line, clean_text, clean_email])
def test_s_03_a_text_that_is_too_long_is_not_looked_at(
    clean: Callable[[str, int], str],
) -> None:
    text = Looked(" " * 65_536)
    with pytest.raises(UnsafeText):
        clean(text, 100)
    assert getattr(text, "count", 0) == 0
