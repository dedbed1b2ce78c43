"""Typed text: what is read of it, before any rule looks at it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.typed_text import (
    MAX_MARKS_IN_A_ROW,
    MAX_PARTS,
    UnsafeText,
    has_long_run_of_marks,
    normal_form,
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
