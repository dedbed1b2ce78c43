"""A mail is one plain text file for both parts; the operator's overrides ours (B-12)."""

import re
from pathlib import Path

import pytest

from services.mailer.messages import Messages
from services.mailer.rendering import Paragraph, paragraphs
from shared.domain.brand import DEFAULT_BRAND
from tests.support.mail.sample_mails import (
    BASE_URL,
    DISAVOWING,
    LANGUAGES,
    html_of,
    mail,
    parsed,
    part,
    text_of,
)

LINK = "https://portail.exemple.fr/x"
OWN = """{% extends "mail.j2" %}
{% block subject %}Pour {{ first_name }}{% endblock %}
{% block action %}Dire non{% endblock %}
{% block body %}
Bonjour & bienvenue,


    {{ device }}
    {{ network }}

{{ link }}
{% endblock %}
"""


def test_paragraphs_are_run_together_boxes_keep_their_lines_and_a_link_alone_is_a_button() -> None:
    body = f"\nOne\ntwo.\n\n\n    A\n    B\n \nSee {LINK}\n\n{LINK}\n"
    assert list(paragraphs(body, LINK)) == [
        Paragraph(kind="text", lines=("One two.",)),
        Paragraph(kind="box", lines=("A", "B")),
        Paragraph(kind="text", lines=(f"See {LINK}",)),
        Paragraph(kind="link", lines=(LINK,)),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*DISAVOWING, "lost_phone", "unlock", "validation"])
def test_em_13_the_code_is_bold_and_details_begin_at_the_left(name: str, language: str) -> None:
    html = html_of(name, language)
    (code,) = re.findall(r"<strong[^>]*>([0-9]{6})</strong>", html)
    assert code in text_of(name, language)
    boxes = re.findall(r'<p class="box" style="([^"]*)">(.*?)</p>', html, re.DOTALL)
    for style, lines in boxes:
        assert ("text-align:center" in style) == (code in lines)


def test_b_12_an_operators_mail_comes_before_ours_and_makes_both_parts(
    tmp_path: Path,
) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "password_changed.j2").write_text(OWN)
    theirs = Messages(DEFAULT_BRAND, BASE_URL, tmp_path)
    assert list(theirs.check()) == []
    message = parsed(theirs.build(mail("password_changed")).content)
    assert message["Subject"] == "Pour Élodie"
    content = part(message, "plain")
    assert content.startswith(
        "Bonjour & bienvenue,\n\n    Firefox, Windows\n    203.0.113.0/24\n\nhttp"
    )
    html = part(message, "html")
    assert "Bonjour &amp; bienvenue," in html
    assert ">Dire non</a>" in html
    english = parsed(theirs.build(mail("password_changed", "en")).content)
    assert "Your password was changed through" in part(english, "plain")


@pytest.mark.usefixtures("few_mails")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{% extends "mail.j2" %}{% block subject %}S{% endblock %}', "body"),
        ('{% extends "notice.j2" %}{% block subject %}S{% endblock %}', "happened"),
        (OWN.replace("{{ device }}", "{{ nothing_of_the_kind }}"), "nothing_of_the_kind"),
        (OWN.replace("{{ device }}", "{% if left == 1 %}{{ only_then }}{% endif %}"), "only_then"),
        (OWN.replace("Pour {{ first_name }}", "one\ntwo"), "header"),
        ("{% block", "unexpected end of template"),
    ],
)
def test_b_12_the_start_stops_on_a_mail_that_cannot_be_used_in_some_case(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "recovery_code_used.j2").write_text(text)
    (problem,) = Messages(DEFAULT_BRAND, BASE_URL, tmp_path).check()
    assert problem.startswith("the mail fr/recovery_code_used cannot be written:")
    assert why in problem


@pytest.mark.usefixtures("few_mails")
def test_b_12_a_mail_without_a_link_cannot_print_one(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "account_deactivated.j2").write_text(OWN)
    (problem,) = Messages(DEFAULT_BRAND, BASE_URL, tmp_path).check()
    assert "'link' is undefined" in problem


def test_em_07_what_an_agent_wrote_is_one_box_in_both_parts() -> None:
    """Its paragraphs stay apart from the details that follow."""
    text = text_of("request_answered", "fr")
    assert "    Il nous faut le numéro.\n\n    Merci.\n\n    Demande" in text
    boxes = html_of("request_answered", "fr").split('<p class="box"')[1:]
    assert ["Merci." in box for box in boxes] == [True, False]
    assert "Il nous faut le numéro." in boxes[0]
