"""One table of passwords through both interpreters (G-06 to G-09, PW-01, PW-02, PW-14)."""

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration.data_files import load_rules
from services.registration.passwords import Candidate
from shared.security.password_hashing import normalize
from tests.support.each_row import each_row
from tests.unit.registration.interpreters import TABLE, by_page, by_server, candidate, reclassified

RULES = load_rules()


def test_g_08_the_table_is_large_enough() -> None:
    assert len(TABLE) >= 80
    assert len({(row["password"], row["last_name"]) for row in TABLE}) == len(TABLE)


@each_row("row", TABLE, ids=lambda row: row["password"] or "empty")
def test_g_06_t_11_t_12_the_server_agrees_with_the_table(row: dict[str, Any]) -> None:
    broken = {v.code for v in RULES.check(candidate(row)) if not v.ok}
    assert broken == set(row["codes"]), row.get("note")
    if "names" in row:
        (wrong,) = [v for v in RULES.check(candidate(row)) if not v.ok]
        assert wrong.params == row["names"]
    if "strength" in row:
        assert RULES.strength(candidate(row)) == row["strength"]


def test_pw_14_the_page_and_the_server_agree() -> None:
    pairs = zip(TABLE, by_page(RULES, TABLE), by_server(RULES, TABLE), strict=True)
    for row, page, server in pairs:
        assert page == server, row


def test_b_12_another_policy_changes_the_document_and_both_interpreters() -> None:
    other = RULES.with_policy(min_length=12, max_length=64, mixed_case=False)
    assert by_page(other, TABLE[:1])[0]["verdicts"][0]["rule"] == "min_length"
    assert by_page(other, TABLE) == by_server(other, TABLE)
    assert not other.check(Candidate(password="kvfz9rlqwx"))[0].ok
    assert all(v.ok for v in other.check(Candidate(password="kvfz9rlqwxmz" * 5)))


def test_pw_14_any_text_gets_the_same_result_from_both() -> None:
    differing = reclassified(0x20, 0x2FFF)
    assert len(differing) < 200, "characters of one version only, and a few that changed class"

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(
        st.text(
            st.one_of(
                st.sampled_from("aAzZ09é@$1lLtesTpwordœßŁ '-.’"),
                st.characters(
                    min_codepoint=0x20,
                    max_codepoint=0x2FFF,
                    exclude_categories=["Cs", "Cn"],
                    exclude_characters=differing,
                ),
            ),
            max_size=24,
        ),
        st.text(st.sampled_from("aAbéŁ'’- œ"), max_size=12),
    )
    def gather(password: str, name: str) -> None:
        table.append(
            {"password": password, "first_name": name, "last_name": "", "address": f"{name}@x.fr"}
        )

    table: list[dict[str, Any]] = []
    gather()
    assert len(table) >= 300
    for row, page, server in zip(
        table, by_page(RULES, table), by_server(RULES, table), strict=True
    ):
        assert page == server, row


@given(st.text(max_size=30))
@settings(deadline=None)
def test_g_09_composed_and_decomposed_are_one_password(password: str) -> None:
    composed = RULES.check(Candidate(password=unicodedata.normalize("NFC", password)))
    decomposed = RULES.check(Candidate(password=unicodedata.normalize("NFD", password)))
    assert composed == decomposed
    assert normalize(unicodedata.normalize("NFD", password)) == normalize(password)


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.isascii()))
def test_pw_02_nothing_is_trimmed_cut_or_changed(password: str) -> None:
    assert normalize(password) == password


@given(st.text(max_size=40))
@settings(deadline=None)
def test_g_08_folding_twice_is_folding_once(text: str) -> None:
    # Folding may yield a character that folds once more, such as ı.
    once = RULES.fold(RULES.fold(text))
    assert RULES.fold(once) == once


def test_pw_15_no_result_repeats_what_was_typed() -> None:
    for row in TABLE:
        for result in RULES.check(candidate(row)):
            if result.code in {"forbidden_word", "sequence"}:
                known = [*RULES.document.forbidden_words, *RULES.document.sequences.rows]
                reported = str(result.params.get("word") or result.params.get("run"))
                assert any(reported in each or reported in each[::-1] for each in known)


def test_in_07_a_huge_text_is_checked_quickly(benchmark_seconds: Any) -> None:
    assert benchmark_seconds(lambda: RULES.check(Candidate(password="aé1l@" * 20_000))) < 2.0


def test_a_document_with_an_unknown_rule_field_is_refused() -> None:
    text = RULES.to_json().replace('"version":1', '"version":1,"surprise":true')
    with pytest.raises(msgspec.ValidationError):
        load_rules().parse(text)
