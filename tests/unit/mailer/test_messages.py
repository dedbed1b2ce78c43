"""The bytes of a mail: headers, parts, lines (EM-02 to EM-08, EM-14)."""

import re
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mailer.mail_templates import FinalisationData
from services.mailer.messages import InvalidMail, check_name, envelope_address
from services.mailer.mime_messages import MimeWriter
from tests.support.each_row import each_row
from tests.support.mail.sample_mails import (
    ASKED,
    BASE_URL,
    CASES,
    CODE,
    KINDS,
    MAIL_ID,
    TOKEN,
    content_of,
    mail,
    messages,
    parsed,
    part,
)

SENDER = Address("IMPEXWEB - ANSM", "impexweb", "impexweb.example")
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"]


@each_row(("template", "language", "case"), CASES)
def test_em_02_o_17_lines_are_short_and_end_in_crlf(
    template: str, language: str, case: int
) -> None:
    content = content_of(template, language, case)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert content.endswith(b"\r\n")
    assert content.isascii()


@each_row(("template", "language"), KINDS)
def test_em_04_05_06_o_17_each_header_occurs_once(template: str, language: str) -> None:
    message = parsed(content_of(template, language))
    for header in ONCE:
        assert len(message.get_all(header, [])) == 1, header
    assert message["From"] == "IMPEXWEB - ANSM <impexweb@impexweb.example>"
    assert message["To"] == "durand123456@labo654321.example"
    assert message["Reply-To"] == "importation-medicaments@ansm.sante.fr"
    assert message["Message-ID"] == "<3f0c9d52-6a0a-5d5b-9e0c-3b8d7a112233@impexweb.example>"
    assert message["Date"].datetime == ASKED
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"
    assert message["Content-Language"] == language
    assert message["List-Unsubscribe"] is None
    assert not message.defects


def test_em_04_a_message_id_is_the_mails_own_id_at_the_senders_domain() -> None:
    """So it is as unique as a random UUID, and the same for each attempt of one mail."""
    writer = messages()
    for mail_id in (str(uuid4()) for _ in range(20)):
        for _ in range(2):
            message = parsed(writer.build(mail(mail_id=mail_id)).content)
            assert message["Message-ID"] == f"<{mail_id}@impexweb.example>"


@each_row(("template", "language"), KINDS)
def test_em_03_accents_survive_in_subject_and_sender(template: str, language: str) -> None:
    operator = "Agence fédérale des médicaments et des produits de santé d'à côté"
    content = messages(operator_name=operator).build(mail(template, language)).content
    message = parsed(content)
    assert message["From"].addresses[0].display_name == f"IMPEXWEB - {operator}"
    assert message["From"].addresses[0].addr_spec == "impexweb@impexweb.example"
    head = content.partition(b"\r\n\r\n")[0]
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", head))
    assert max(map(len, head.split(b"\r\n"))) <= 78


SUBJECTS = {
    ("validation", "fr"): "Validation de la création de votre compte utilisateur",
    ("validation", "en"): "Confirm your email address to create your account",
    (
        "finalisation",
        "fr",
    ): "Finalisation de la création de votre compte utilisateur IMPEXWEB",
    ("finalisation", "en"): "Finish setting up your IMPEXWEB account",
    ("known_account", "fr"): "Vous avez déjà un compte IMPEXWEB",
    ("known_account", "en"): "You already have an IMPEXWEB account",
    ("confirmation", "fr"): "Confirmation de création de votre compte utilisateur IMPEXWEB",
    ("confirmation", "en"): "Your IMPEXWEB account is complete",
}


@pytest.mark.parametrize(("template", "language"), SUBJECTS)
def test_em_13_the_subject_has_the_exact_wording(template: str, language: str) -> None:
    message = parsed(content_of(template, language))
    assert message["Subject"] == SUBJECTS[template, language]


def test_em_03_no_subject_loses_a_blank_where_its_line_breaks() -> None:
    writer = MimeWriter(SENDER, SENDER)
    words = "Secrétariat IMPEXWEB\u00a0: un téléphone a été enrôlé"
    written = [words[start:] for start in range(20)] + ["a" * more + words for more in range(20)]
    for subject in written:
        content = writer.write(
            UUID(MAIL_ID), SENDER, ASKED, language="fr", subject=subject, text="", html=""
        )
        assert parsed(content)["Subject"] == subject


@each_row(("template", "language"), KINDS)
def test_em_07_text_comes_first_then_html_and_nothing_else(template: str, language: str) -> None:
    message = parsed(content_of(template, language))
    assert message.get_content_type() == "multipart/alternative"
    kinds = [one.get_content_type() for one in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_em_07_both_parts_carry_the_same_code_and_link(language: str) -> None:
    message = parsed(messages().build(mail(language=language)).content)
    link = f"{BASE_URL}/inscription/lien?jeton={TOKEN}"
    text, html = part(message, "plain"), part(message, "html")
    assert CODE in text
    assert CODE in html
    assert f"\n{link}\n" in text
    assert f'href="{link}"' in html


@pytest.mark.parametrize("template", ["validation", "address_code", "new_address_code"])
@settings(max_examples=40, deadline=None)
@given(
    code=st.from_regex(r"\A[0-9]{6}\Z"),
    local=st.from_regex(r"\A[a-z][0-9]{1,12}\Z"),
    domain=st.from_regex(r"\A[0-9]{6}[a-z]{1,5}\.example\Z"),
    token=st.from_regex(r"\A[A-Za-z0-9_-]{43}\Z"),
    later=st.integers(0, 10**8),
    language=st.sampled_from(["fr", "en"]),
)
def test_the_code_is_the_first_number_of_six_digits(
    template: str, code: str, local: str, domain: str, token: str, later: int, language: str
) -> None:
    """Whatever digits the address, the dates and the link contain."""
    written = mail(
        template,
        language,
        code=code,
        link_token=token,
        address=f"{local}@{domain}",
        written_at=ASKED + timedelta(seconds=later),
    )
    text = part(parsed(messages().build(written).content), "plain")
    found = re.search(r"\d{6}", text)
    assert found is not None
    assert found[0] == code


@pytest.mark.parametrize(
    "address",
    [
        "x@labo.example\r\nBcc: v@labo.example",
        "x\r\nBcc: v@labo.example",
        "x\0@labo.example",
        "x@labo.example,y@labo.example",
        "Pierre <x@labo.example>",
        "x@",
        "@labo.example",
        "x@y@labo.example",
        "x y@labo.example",
        "x@labo.example\u2028",
        '"x y"@labo.example',
        "x@[127.0.0.1]",
        "",
    ],
)
def test_em_08_an_address_that_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidMail):
        envelope_address(address)
    with pytest.raises(InvalidMail):
        messages().build(mail(address=address))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_em_08_no_address_adds_a_header(address: str) -> None:
    try:
        content = messages().build(mail(address=address)).content
    except InvalidMail:
        return
    assert len(parsed(content).keys()) == len(parsed(messages().build(mail()).content).keys())


@pytest.mark.parametrize("name", ["x\r\nBcc: v@x.fr", "x\0", "x\u202ey", "x\u2028"])
def test_em_08_a_name_with_control_characters_is_refused(name: str) -> None:
    with pytest.raises(InvalidMail):
        check_name(name)


def test_in_09_em_08_an_operators_subject_cannot_break_the_header() -> None:
    with pytest.raises((InvalidMail, MessageError, ValueError)):
        messages(service_name="IMPEX\r\nBcc: v@x.fr").build(mail("known_account"))


def test_em_14_an_accented_local_part_asks_for_smtputf8_and_only_that() -> None:
    built = messages().build(mail(address="élodie@labo.example"))
    assert built.smtputf8
    assert built.recipient == "élodie@labo.example"
    assert "élodie@labo.example".encode() in built.content
    assert not messages().build(mail()).smtputf8


def test_em_14_an_international_domain_is_sent_in_ascii() -> None:
    built = messages().build(mail(address="Pierre@médicaments.example"))
    assert built.recipient == "Pierre@xn--mdicaments-b7a.example"
    assert not built.smtputf8


def test_re_08_the_local_part_keeps_its_case() -> None:
    assert messages().build(mail(address="P.Durand@Labo.Example")).recipient.startswith("P.Durand@")


def test_in_03_names_are_inert_in_html_and_untouched_in_text() -> None:
    data = FinalisationData(
        first_name="<script>alert(1)</script>",
        last_name="\"&O'Brien",
        terms_version="1",
        terms_accepted_at=ASKED,
        enrol_before=ASKED,
    )
    message = parsed(messages().build(mail("finalisation", data=data)).content)
    assert "<script>" not in part(message, "html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in part(message, "html")
    assert "Bonjour <script>alert(1)</script> \"&O'Brien," in part(message, "plain")


def test_a_mail_built_twice_is_the_same() -> None:
    first, second = messages().build(mail()), messages().build(mail())
    assert b"\r\nMessage-ID: <" in first.content
    assert first.content == second.content


def test_an_unknown_language_is_french() -> None:
    message = parsed(messages().build(mail(language="de")).content)
    assert message["Content-Language"] == "fr"


def test_b_04_a_mail_shows_no_secret_when_printed() -> None:
    assert CODE not in repr(mail())
    assert TOKEN not in repr(mail())
