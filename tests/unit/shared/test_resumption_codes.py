"""The « code de reprise »: twelve figures, the last of which checks the others (G-26)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.resumption_codes import (
    in_groups,
    make_resumption_code,
    read_resumption_code,
)

codes = st.integers(0, 10**11 - 1).map(lambda number: make_resumption_code(lambda _: number))


@given(codes)
def test_g_26_a_code_is_read_as_it_is_shown(code: str) -> None:
    assert len(code) == 12
    assert read_resumption_code(in_groups(code)) == code
    assert read_resumption_code(f" {code[:6]}-{code[6:]} ") == code


@given(codes, st.integers(0, 11), st.integers(1, 9))
def test_g_26_one_wrong_figure_is_no_code(code: str, at: int, by: int) -> None:
    wrong = code[:at] + str((int(code[at]) + by) % 10) + code[at + 1 :]
    assert read_resumption_code(wrong) is None


@given(codes, st.integers(0, 10))
def test_g_26_two_exchanged_figures_are_no_code(code: str, at: int) -> None:
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert swapped == code or read_resumption_code(swapped) is None


@pytest.mark.parametrize(
    "typed", ["", "12345678901", "1234567890123", "abcdefghijkl", "١٢٣٤٥٦٧٨٩٠١٢"]
)
def test_g_26_what_has_another_form_is_no_code(typed: str) -> None:
    assert read_resumption_code(typed) is None
