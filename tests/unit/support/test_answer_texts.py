"""Texts of agents: plain, and without any link but the portal's."""

import pytest

from services.support.answer_texts import MAX_TEXT, check_answer, check_text, foreign_links

PORTAL = "https://portail.example.fr"


@pytest.mark.parametrize(
    "text",
    [
        "Nous vous appellerons le 3 décembre entre 9 h et 10 h.",
        "Ouvrez https://portail.example.fr/suivi, puis répondez.",
        "Votre serveur a répondu « 550 5.1.1 » : autorisez impexweb@portail.example.fr.",
        "J.Li a raison. Voir l'art. 3.2 et la pièce n°4.",
        "(https://portail.example.fr/aide)",
    ],
)
def test_plain_text_and_links_of_the_portal_pass(text: str) -> None:
    assert check_text("text", text, PORTAL) == (text, None)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Voyez https://autre.example/x.", "https://autre.example/x"),
        ("Voyez www.autre.fr et bit.ly/abc", "www.autre.fr, bit.ly/abc"),
        ("http://portail.example.fr/x", "http://portail.example.fr/x"),
        ("https://portail.example.fr:8443/x", "https://portail.example.fr:8443/x"),
        ("https://portail.example.fr@autre.fr/", "https://portail.example.fr@autre.fr/"),
        ("https://portail.example.fr.autre.fr", "https://portail.example.fr.autre.fr"),
        ("https://portail.example.fr\\@autre.fr", "https://portail.example.fr\\@autre.fr"),
        ("https://portail.example.fr/https://autre.fr", "https://autre.fr"),
        ("javascript://autre", "javascript://autre"),
        ("ici:autre.com/page", "ici:autre.com/page"),
        ("t.co/x1", "t.co/x1"),
    ],
)
def test_a_foreign_link_is_refused_and_named(text: str, links: str) -> None:
    kept, error = check_text("text", text, PORTAL)
    assert kept == text
    assert error is not None
    assert (error.code, error.params) == ("foreign_link", {"links": links})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        (" \u200b\n ", "missing"),
        ("x" * (MAX_TEXT + 1), "too_long"),
        ("bonjour\x1b[2J", "forbidden_characters"),
        ("bonjour\x00", "forbidden_characters"),
    ],
)
def test_a_text_that_cannot_be_sent_is_explained(text: str, code: str) -> None:
    _, error = check_text("text", text, PORTAL)
    assert error is not None
    assert error.code == code


def test_invisible_signs_hide_no_link() -> None:
    text, error = check_text("text", "autre\u200b.fr", PORTAL)
    assert text == "autre.fr"
    assert error is not None
    assert error.params == {"links": "autre.fr"}


def test_the_words_of_a_text_are_checked_one_by_one() -> None:
    assert list(foreign_links("un\nautre.fr site", PORTAL)) == ["autre.fr"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Nous vous appellerons le {date} entre {h} et {h}.", "{date}, {h}"),
        ("Il nous faut : {liste}.", "{liste}"),
        ("Nous vous appellerons le 3 décembre.", ""),
        ("Un signe { seul, ou {} vide.", ""),
    ],
)
def test_what_a_ready_made_answer_leaves_to_fill_in_is_named(text: str, left: str) -> None:
    kept, error = check_answer("text", text, PORTAL)
    assert kept == text
    assert (error.code, error.params) == ("placeholder", {"left": left}) if error else not left
    assert check_text("text", text, PORTAL) == (text, None), "the ready-made answer may have it"
