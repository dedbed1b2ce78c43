"""Contents and format of the mails: wording, links, dark mode, sizes."""

import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from services.mailer.mail_templates import TEMPLATES
from services.mailer.messages import Messages
from services.mailer.page_settings import PREFIX, PageSettings
from shared.domain.brand import DEFAULT_BRAND
from shared.settings import specs
from tests.support.each_row import each_row
from tests.support.mail.sample_mails import (
    ASKED,
    BASE_URL,
    CASES,
    CODE,
    DESK_URL,
    KINDS,
    TOKEN,
    content_of,
    html_of,
    mail,
    messages,
    parsed,
    part,
    text_of,
)

NBSP = "\u00a0"
#: A code is copied, not followed; a closed account can only contact support.
WITHOUT_LINK = {
    ("address_code", 0),
    ("new_address_code", 0),
    ("recovery_address_code", 0),
    ("account_deactivated", 0),
    ("account_deactivated", 1),
    *(("account_frozen", case) for case in (2, 3, 6, 7, 10, 11)),
    *(("no_account", case) for case in (2, 3)),
    *(
        (name, case)
        for name in (
            "change_stopped",
            "name_changed",
            "dossiers_transferred",
            "password_compromised",
            "address_released",
            "account_anonymised",
        )
        for case in range(len(TEMPLATES[name].variants))
    ),
}


@cache
def soup_of(template: str, language: str, case: int = 0) -> BeautifulSoup:
    return BeautifulSoup(html_of(template, language, case), "lxml")


def words(text: str) -> set[str]:
    return {word.strip(".") for word in re.findall(r"[\w'’@.-]{3,}", text)}


SENTENCES = {
    ("validation", "fr"): [
        f"Votre code{NBSP}: {CODE}\n",
        f"dans le champ «{NBSP}Code{NBSP}» de la page IMPEXWEB",
        f"choisissez «{NBSP}Vérifier le code{NBSP}»",
        f"choisissez «{NBSP}Vérifier mon adresse{NBSP}»{NBSP}:\n\n"
        f"{BASE_URL}/inscription/lien?jeton={TOKEN}\n",
        "jusqu'au 2 décembre 2026 à 06:30 (heure de Paris).",
        "seul le dernier est valable",
        "avec l'adresse durand123456@labo654321.example, le 1er décembre 2026 à 06:30",
        f"Vous n'avez rien demandé{NBSP}? Ne faites rien",
    ],
    ("validation", "en"): [
        f"Your code: {CODE}\n",
        "choose “Confirm my address”:",
        "until 2 December 2026 at 06:30 (Paris time)",
        "with the address durand123456@labo654321.example on 1 December 2026 at 06:30",
        "Didn't ask for this? Do nothing",
    ],
    ("finalisation", "fr"): [
        "Bonjour Élodie d’Été-O'Brien,",
        f"Votre identifiant{NBSP}: durand123456@labo654321.example.",
        f"\n{BASE_URL}/connexion\n",
        "De préférence avant le 2 décembre 2026 à 06:30 (heure de Paris)",
        f"«{NBSP}Créer Informations complémentaires{NBSP}»",
        "(version 2.1) le 1er décembre 2026",
        f"Pas de téléphone au travail{NBSP}? La page «{NBSP}Procédure d'enrôlement du "
        f"téléphone{NBSP}» propose d'autres solutions.",
        f"Ce n'était pas vous{NBSP}? Répondez à ce message ou appelez-nous",
    ],
    ("finalisation", "en"): [
        "Hello Élodie d’Été-O'Brien,",
        f"\n{BASE_URL}/connexion\n",
        "Preferably before 2 December 2026 at 06:30 (Paris time)",
        "No phone at work? The page “Link your phone” shows other ways.",
        "(version 2.1) on 1 December 2026",
    ],
    ("known_account", "fr"): [
        f"a déjà un compte IMPEXWEB{NBSP}: rien n'a été créé ni changé.",
        f"\n{BASE_URL}/connexion\n",
        f"choisissez «{NBSP}Mot de passe oublié{NBSP}»",
        f"Ce n'était pas vous{NBSP}? Ne faites rien",
    ],
    ("known_account", "en"): [
        "already has an IMPEXWEB account. Nothing was created and nothing has changed.",
        f"\n{BASE_URL}/connexion\n",
        "choose “Forgotten password”",
        "Not you? Do nothing",
    ],
}


@each_row(("template", "language"), SENTENCES)
def test_g_50_g_51_each_mail_states_what_to_do(template: str, language: str) -> None:
    text = text_of(template, language)
    for sentence in SENTENCES[template, language]:
        assert sentence in text, sentence


@each_row(("template", "language", "case"), CASES)
def test_g_51_each_mail_states_its_reason_and_what_to_do_if_nobody_asked(
    template: str, language: str, case: int
) -> None:
    text = text_of(template, language, case)
    why = "Vous recevez ce message parce" if language == "fr" else "You are receiving this email"
    others = {
        "fr": r"pas vous\s\?|rien demandé|Une question|l'attendiez pas\s\?|Inattendu\s\?",
        "en": r"Not you\?|Didn't ask for this|questions|Not expecting it\?|Unexpected\?",
    }
    assert why in text
    assert re.search(others[language], text)


@each_row(("template", "language"), KINDS)
def test_em_12_the_footer_names_support_and_never_asks_for_secrets(
    template: str, language: str
) -> None:
    text = text_of(template, language)
    assert "+33 1 55 87 40 90" in text
    assert "importation-medicaments@ansm.sante.fr" in text
    assert "exportation-medicaments@ansm.sante.fr" in text
    warnings = {
        "fr": "Nous ne demandons jamais votre mot de passe|Personne ne vous demandera jamais",
        "en": "We never ask for|Nobody will ever ask you for",
    }
    assert len(re.findall(warnings[language], " ".join(text.split()))) == 1, text


@each_row(("template", "language"), KINDS)
def test_replies_go_to_the_support_address_and_are_promised_to_be_read(
    template: str, language: str
) -> None:
    message = parsed(messages(support_address="desk@agency.example").build(mail(template)).content)
    assert message["Reply-To"] == "desk@agency.example"
    assert message["Reply-To"] != message["From"].addresses[0].addr_spec
    read = "le secrétariat lit les réponses", "the support desk reads replies"
    assert read[language == "en"] in text_of(template, language)


@pytest.mark.parametrize(
    "template",
    [
        "validation",
        "known_account",
        "password_reset",
        "address_code",
        "new_address_code",
        "recovery_address_code",
        "agent_invited",
        "lost_phone",
        "no_account",
    ],
)
def test_no_name_in_a_mail_to_an_unverified_address(template: str) -> None:
    assert text_of(template, "fr").startswith("Bonjour,\n")
    assert text_of(template, "en").startswith("Hello,\n")


@each_row(("template", "language", "case"), CASES)
def test_both_parts_have_the_same_sentences(template: str, language: str, case: int) -> None:
    """Every word of the text part is in the HTML part, except links."""
    text = re.sub(r"https?://\S+", " ", text_of(template, language, case))
    assert words(text) - words(soup_of(template, language, case).get_text(" ")) == set()


@each_row(("template", "language", "case"), CASES)
def test_em_07_one_link_of_the_portal_at_most_the_same_in_both_parts_and_nothing_remote(
    template: str, language: str, case: int
) -> None:
    soup = soup_of(template, language, case)
    links = [str(one["href"]) for one in soup.find_all(href=True)]
    assert links == re.findall(r"https?://\S+", text_of(template, language, case))
    assert len(links) == (0 if (template, case) in WITHOUT_LINK else 1)
    assert all(
        one.startswith(f"{DESK_URL if TEMPLATES[template].on_desk else BASE_URL}/") for one in links
    )
    assert soup.find_all(src=True) == []
    assert soup.find_all(["img", "link", "script", "iframe", "form"]) == []
    assert "url(" not in str(soup)


@each_row(("template", "language"), KINDS)
def test_em_13_the_html_is_light_tagged_and_fit_for_dark_mode(template: str, language: str) -> None:
    soup = soup_of(template, language)
    assert soup.html is not None
    assert soup.html["lang"] == language
    assert soup.title is not None
    assert len(soup.find_all("h1")) == 1
    scheme = soup.find("meta", attrs={"name": "color-scheme"})
    assert scheme is not None
    assert scheme["content"] == "light dark"
    assert "prefers-color-scheme: dark" in str(soup.style)
    assert all(one.get("role") == "presentation" for one in soup.find_all("table"))
    assert "max-width:600px" in str(soup)
    assert len(content_of(template, language)) <= 100_000


@each_row(
    ("template", "case"), [(name, case) for name, language, case in CASES if language == "fr"]
)
def test_french_no_break_spaces_hold_the_signs(template: str, case: int) -> None:
    for text in (text_of(template, "fr", case), soup_of(template, "fr", case).get_text()):
        assert re.findall(r"[^\s] [;:?!»]|« [^\s]", text) == []


def test_b_12_an_operators_template_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "foot.j2").write_text("Guichet de {{ operator }}\n")
    theirs = Messages(DEFAULT_BRAND, BASE_URL, tmp_path)
    message = parsed(theirs.build(mail()).content)
    assert part(message, "plain").rstrip().endswith("Guichet de ANSM")
    assert f"Votre code{NBSP}: {CODE}" in part(message, "plain")
    assert list(theirs.check()) == []


def test_b_12_a_template_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "validation.j2").write_text("{{ nothing_of_the_kind }}")
    (problem,) = Messages(DEFAULT_BRAND, BASE_URL, tmp_path).check()
    assert problem.startswith("the mail en/validation cannot be written:")
    assert "nothing_of_the_kind" in problem


def test_b_12_names_in_an_operators_html_are_escaped_too(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "mail.html.j2").write_text("<p>{{ subject }} {{ brand.phone }}</p>")
    values = {name: getattr(DEFAULT_BRAND, name) for name in DEFAULT_BRAND.__dataclass_fields__}
    brand = type(DEFAULT_BRAND)(**values | {"phone": "<b>1</b>"})
    message = parsed(Messages(brand, BASE_URL, tmp_path).build(mail()).content)
    assert "&lt;b&gt;1&lt;/b&gt;" in part(message, "html")


def test_re_05_the_link_host_is_the_settings() -> None:
    writer = Messages(DEFAULT_BRAND, "http://127.0.0.1:8080/")
    text = part(parsed(writer.build(mail(written_at=ASKED)).content), "plain")
    assert "http://127.0.0.1:8080/inscription/lien?jeton=" in text


def test_b_10_every_page_that_a_mail_leads_to_is_a_setting() -> None:
    """B-10: another gateway has them elsewhere; the desk's pages are its own."""
    settings = {spec.name: field for field, spec in specs(PageSettings)}
    pages = {field.default for name, field in settings.items() if name.startswith(PREFIX)}
    named = {one.path for one in TEMPLATES.values() if one.path and not one.on_desk}
    assert pages == named
    theirs = Messages(DEFAULT_BRAND, BASE_URL, None, "", [("/inscription/lien", "/code/")])
    text = part(parsed(theirs.build(mail(written_at=ASKED)).content), "plain")
    assert f"{BASE_URL}/code?jeton=" in text
    assert f"{BASE_URL}/connexion" in part(
        parsed(theirs.build(mail("finalisation")).content), "plain"
    )


@each_row(("template", "language", "case"), CASES)
def test_p_19_every_hour_of_a_mail_has_its_zone(template: str, language: str, case: int) -> None:
    zone = {"fr": "(heure de Paris)", "en": "(Paris time)"}[language]
    html = soup_of(template, language, case).get_text(" ")
    for text in (text_of(template, language, case), html):
        flat = " ".join(text.replace(NBSP, " ").split())
        for after in re.findall(r"\b\d\d[:h]\d\d\b(.{0,17})", flat):
            assert after.startswith(f" {zone}"), after
