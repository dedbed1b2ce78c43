"""The mailer's settings: refusals and their texts."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.mailer.messages import Messages
from services.mailer.settings import MailerSettings
from shared.domain.brand import DEFAULT_BRAND
from shared.errors import ConfigurationError
from shared.security.sealing import new_key
from shared.settings import load

TRY_OUT = {
    "IMPEX_MAILER_DATABASE_URL": "postgresql://impex_mailer:x@127.0.0.1/impex",
    "IMPEX_MAILER_AMQP_URL": "amqp://mailer:x@127.0.0.1/impex",
    "IMPEX_SEAL_KEYS_MAILER": new_key(),
    "IMPEX_SEAL_KEYS_GATEWAY": new_key(),
    "IMPEX_SEAL_KEYS_SUPPORT": new_key(),
    "IMPEX_DISAVOWAL_KEYS": new_key(),
}
PRODUCTION = TRY_OUT | {
    "IMPEX_BASE_URL": "https://impex.agency.example",
    "IMPEX_SMTP_URL": "smtps://user:pass@relay.agency.example",
    "IMPEX_OPERATOR_NAME": "Agency",
    "IMPEX_SUPPORT_PHONE": "01 00 00 00 00",
    "IMPEX_SUPPORT_PHONE_INTERNATIONAL": "+33 1 00 00 00 00",
    "IMPEX_SUPPORT_ADDRESS": "desk@agency.example",
    "IMPEX_IMPORT_ADDRESS": "import@agency.example",
    "IMPEX_EXPORT_ADDRESS": "export@agency.example",
    "IMPEX_DPO_ADDRESS": "dpo@agency.example",
    "IMPEX_DPO_POSTAL": "1 rue de l'Agence, 75000 Paris",
    "IMPEX_MAIL_SENDER": "impexweb@agency.example",
}


def problems(environ: dict[str, str], **changed: str) -> dict[str, str]:
    try:
        load(MailerSettings, environ | changed)
    except ConfigurationError as error:
        return dict(error.problems)
    return {}


def test_the_try_out_has_the_guides_contacts_and_a_reserved_sender() -> None:
    settings = load(MailerSettings, TRY_OUT)
    assert settings.brand == DEFAULT_BRAND
    assert DEFAULT_BRAND.sender.endswith(".example")
    assert settings.retry_schedule == tuple(timedelta(minutes=n) for n in (1, 5, 30))


def test_every_missing_contact_is_named_in_production() -> None:
    assert problems(PRODUCTION) == {}
    bare = TRY_OUT | {"IMPEX_BASE_URL": PRODUCTION["IMPEX_BASE_URL"]}
    missing = {name for name in PRODUCTION if name not in TRY_OUT} - {"IMPEX_BASE_URL"}
    assert set(problems(bare)) == missing


def test_b_10_pages_can_be_elsewhere_and_are_paths() -> None:
    moved = load(MailerSettings, TRY_OUT | {"IMPEX_PAGE_SIGN_IN": "/login"}).moved_pages
    assert moved == (("/connexion", "/login"),)
    for wrong in ("login", "https://elsewhere.example/", "/a?b=1", "//elsewhere.example", "/a b"):
        assert set(problems(TRY_OUT, IMPEX_PAGE_SIGN_IN=wrong)) == {"IMPEX_PAGE_SIGN_IN"}


def test_sender_and_portal_of_different_domains_must_be_allowed() -> None:
    swapped = {"IMPEX_BASE_URL": "https://icimpex.anms.sante.fr"}
    swapped["IMPEX_MAIL_SENDER"] = "impex@ansm.sante.fr"
    assert "IMPEX_ALLOW_MIXED_DOMAINS" in problems(PRODUCTION, **swapped)["IMPEX_MAIL_SENDER"]
    assert problems(PRODUCTION, **swapped, IMPEX_ALLOW_MIXED_DOMAINS="true") == {}


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("smtp://127.0.0.1:25", False),
        ("smtp+starttls://relay.agency.example:587", False),
        ("smtps://relay.agency.example", False),
        ("smtp://relay.agency.example", True),
        ("smtp://user:pass@relay.agency.example", True),
        ("http://relay.agency.example", True),
        ("smtps://", True),
        ("smtps://user@relay.agency.example", True),
        ("smtps://relay.agency.example:port", True),
    ],
)
def test_cr_05_plain_smtp_stays_on_the_machine(url: str, refused: bool) -> None:
    assert ("IMPEX_SMTP_URL" in problems(PRODUCTION, IMPEX_SMTP_URL=url)) is refused


def test_the_try_out_may_use_a_local_mail_catcher_but_sends_no_password_in_plain() -> None:
    assert problems(TRY_OUT, IMPEX_SMTP_URL="smtp://catcher:1025") == {}
    assert "IMPEX_SMTP_URL" in problems(TRY_OUT, IMPEX_SMTP_URL="smtp://u:p@catcher:1025")


def test_the_mail_server_is_read_in_parts_and_shows_no_password() -> None:
    url = "smtp+starttls://us%40er:p%3Ass@relay.example"
    settings = load(MailerSettings, TRY_OUT | {"IMPEX_SMTP_URL": url})
    server = settings.mail_server
    assert (server.host, server.port, server.security) == ("relay.example", 587, "starttls")
    assert (server.username, server.password) == ("us@er", "p:ss")
    assert "p:ss" not in repr(server) + repr(settings)
    assert "p%3Ass" not in repr(settings)


@pytest.mark.parametrize("value", ["0", "1,x", "1,5,-3", "9999", ","])
def test_a_retry_schedule_that_is_none_is_refused(value: str) -> None:
    assert "IMPEX_MAIL_RETRY" in problems(TRY_OUT, IMPEX_MAIL_RETRY=value)


def test_every_contact_is_one_plain_line() -> None:
    found = problems(
        TRY_OUT,
        IMPEX_MAIL_SENDER="Desk <desk@agency.example>",
        IMPEX_SUPPORT_ADDRESS="a@x.example\r\nBcc: b@x.example",
        IMPEX_OPERATOR_NAME="Agency\nBcc: b@x.example",
    )
    assert set(found) == {"IMPEX_MAIL_SENDER", "IMPEX_SUPPORT_ADDRESS", "IMPEX_OPERATOR_NAME"}


def test_b_12_missing_or_unusable_files_are_named(tmp_path: Path) -> None:
    absent = str(tmp_path / "gone")
    found = problems(TRY_OUT, IMPEX_MAIL_TEMPLATES_DIR=absent, IMPEX_SMTP_CA_FILE=absent)
    assert set(found) == {"IMPEX_MAIL_TEMPLATES_DIR", "IMPEX_SMTP_CA_FILE"}
    (tmp_path / "ca.pem").write_text("no certificate")
    found = problems(TRY_OUT, IMPEX_SMTP_CA_FILE=str(tmp_path / "ca.pem"))
    assert "is no file of certificates" in found["IMPEX_SMTP_CA_FILE"]
    (tmp_path / "mail.html.j2").write_text("{% block")
    found = problems(TRY_OUT, IMPEX_MAIL_TEMPLATES_DIR=str(tmp_path))
    assert "cannot be written" in found["IMPEX_MAIL_TEMPLATES_DIR"]


def test_b_12_the_start_tries_an_operators_templates_and_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Messages, "check", lambda _self: iter(["tried"]))
    assert problems(TRY_OUT) == {}
    found = problems(TRY_OUT, IMPEX_MAIL_TEMPLATES_DIR=str(tmp_path))
    assert found["IMPEX_MAIL_TEMPLATES_DIR"].startswith("tried")


@pytest.mark.usefixtures("few_mails")
@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("fr/validation.txt.j2", "Bonjour", "fr/validation.txt.j2 is not used"),
        ("layout.html.j2", "<p>", "layout.html.j2 is not used"),
        ("en/foot.j2", '{{ brand.phone | date("en") }}', "cannot be written"),
    ],
)
def test_b_12_a_template_written_for_an_earlier_release_stops_the_start(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    found = problems(TRY_OUT, IMPEX_MAIL_TEMPLATES_DIR=str(tmp_path))
    assert why in found["IMPEX_MAIL_TEMPLATES_DIR"]
