"""Texts in a language, their plurals and placeholders."""

import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from shared.i18n.catalogue import (
    LANGUAGES,
    Plural,
    fill,
    known_language,
    load_translations,
    translate,
    translate_plural,
)
from shared.i18n.templates import CompiledTemplates, add_texts

HEADER = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
CODES = Plural("Il vous reste {n} code de secours.", "Il vous reste {n} codes de secours.")


def test_a_missing_translation_shows_in_french(tmp_path: Path) -> None:
    (tmp_path / "en.po").write_text(
        HEADER + 'msgid "Bonjour"\nmsgstr "Hello"\n\n'
        'msgid "{n} essai"\nmsgid_plural "{n} essais"\nmsgstr[0] "{n} try"\nmsgstr[1] "{n} tries"\n'
    )
    english = load_translations("en", tmp_path)
    assert english.gettext("Bonjour") == "Hello"
    assert english.gettext("Au revoir") == "Au revoir"
    assert english.ngettext("{n} essai", "{n} essais", 0) == "{n} tries"
    assert english.ngettext("Bonjour", "Bonjours", 2) == "Bonjours"


def test_a_text_that_is_a_guess_or_half_translated_shows_in_french(tmp_path: Path) -> None:
    (tmp_path / "en.po").write_text(
        HEADER + '#, fuzzy\nmsgid "Bonjour"\nmsgstr "Hello"\n\n'
        'msgid "Au revoir"\nmsgstr ""\n\n'
        'msgid "{n} essai"\nmsgid_plural "{n} essais"\nmsgstr[0] "{n} try"\nmsgstr[1] ""\n'
    )
    english = load_translations("en", tmp_path)
    assert english.gettext("Bonjour") == "Bonjour"
    assert english.gettext("Au revoir") == "Au revoir"
    assert english.ngettext("{n} essai", "{n} essais", 2) == "{n} essais"


def test_reading_translations_takes_little_more_memory_than_they_do() -> None:
    """What a process has once taken from the system it does not give back."""
    tracemalloc.start()
    try:
        english = load_translations("en")
        stays, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert english.gettext("(vide)") == "(empty)"
    assert most < 1.2 * stays


@pytest.mark.parametrize(
    ("n", "language", "text"),
    [
        (0, "fr", "Il vous reste 0 code de secours."),
        (1, "fr", "Il vous reste 1 code de secours."),
        (2, "fr", "Il vous reste 2 codes de secours."),
        (1234, "fr", "Il vous reste 1\u202f234 codes de secours."),
    ],
)
def test_zero_is_singular_in_french(n: int, language: str, text: str) -> None:
    assert translate_plural(CODES, n, language) == text


def test_zero_is_plural_in_english() -> None:
    assert translate_plural(CODES, 0, "en") == translate_plural(CODES, 2, "en").replace("2", "0")


def test_french_gets_its_no_break_spaces() -> None:
    assert translate("« Oui » ; non ?", "fr") == "«\u00a0Oui\u00a0»\u00a0; non\u00a0?"


def test_moments_and_days_are_written_in_the_language() -> None:
    at = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
    text = translate("Le {at} ou le {day}", "fr", at=at, day=date(2026, 3, 1))
    assert text == "Le 1er mars 2026 à 09:05 (heure de Paris) ou le 1er mars 2026"


def test_an_html_value_makes_the_text_html() -> None:
    text = translate("a < {b} {c}", "fr", b=Markup("<b>x</b>"), c="&")
    assert text == Markup("a &lt; <b>x</b> &amp;")
    assert isinstance(text, Markup)


@given(st.text(), st.sampled_from(LANGUAGES), st.text())
def test_translating_never_raises(text: str, language: str, value: str) -> None:
    translate(text, language, value=value)
    translate_plural((text, text), 2, language, value=value)
    fill(text, {})


def test_an_unknown_language_is_french() -> None:
    assert [known_language(code) for code in ("en", "de", "", None)] == ["en", "fr", "fr", "fr"]


def test_templates_fill_placeholders_from_arguments_and_variables() -> None:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    add_texts(environment, "fr")
    source = """{{ _("{a} {b} {c}", b="<") }} {{ ngettext("{n} {a}", "{n} {a}s", 2) }}"""
    page = environment.from_string(source).render(a="x", b="y")
    assert page == "x &lt; {c} 2 xs"


def test_a_constant_text_is_a_part_of_the_compiled_template() -> None:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    add_texts(environment, "fr")
    source = """{% macro twice(text) %}{{ text }}{{ text }}{% endmacro -%}
<p>{{ _("A & b ?") }}</p>{{ twice(_("<c>")) }}{{ _("{a}") }}"""
    template = environment.from_string(source)
    asked = []
    environment.globals["_"] = lambda text: asked.append(text) or "x"
    assert template.render() == "<p>A &amp; b\u00a0?</p>&lt;c&gt;&lt;c&gt;x"
    assert asked == ["{a}"]


def test_a_template_compiled_before_it_is_read_is_not_compiled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = CompiledTemplates()
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"page.html": """<p>{{ _("Qui ?") }} {{ who }}</p>"""}),
        autoescape=True,
        bytecode_cache=compiled,
    )
    add_texts(environment, "fr")
    compiled.compile(environment, "page.html")
    assert not environment.cache, "it is not loaded either"
    monkeypatch.setattr(environment, "compile", None)
    page = environment.get_template("page.html").render(who="<Ng>")
    assert page == "<p>Qui\u00a0? &lt;Ng&gt;</p>"


def test_a_broken_template_is_named_when_it_is_compiled() -> None:
    compiled = CompiledTemplates()
    loader = jinja2.DictLoader({"page.html": "<p>\n{{ a b }}</p>"})
    environment = jinja2.Environment(loader=loader, bytecode_cache=compiled)
    add_texts(environment, "fr")
    with pytest.raises(jinja2.TemplateSyntaxError) as broken:
        compiled.compile(environment, "page.html")
    assert (broken.value.name, broken.value.lineno) == ("page.html", 2)
