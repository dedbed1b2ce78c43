"""Every code that registration publishes has a text, in both languages."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.gateway.http import errors
from services.gateway.portal import field_texts, flash, texts
from services.gateway.portal.error_links import LINKS
from services.gateway.portal.registration_steps import STEPS, main_action
from shared.contracts.base import FieldError
from shared.contracts.registration.views import MailView, RequestView
from shared.i18n.catalogue import translate
from tests.support.pages.dossier_states import ROUTES

README = Path(__file__).parents[3] / "services/registration/README.md"
PARAMS: dict[str, str | int] = {
    "max": 20,
    "min": 8,
    "length": 7,
    "digits": 6,
    "word": "soleil",
    "part": "address",
    "run": "azer",
    "source": "french",
    "reason": "no_at",
    "count": 4,
    "sign": "é",
    "host": "bit.ly",
}


def published() -> list[tuple[str, str]]:
    """The (field, code) pairs of registration's README."""
    section = README.read_text().split("## Field errors")[1].split("\n## ")[0]
    found, fields = [], ["?"]
    for row in re.findall(r"^\| *([^|]*)\| *`([a-z_]+)` *\|", section, re.MULTILINE):
        fields = re.findall(r"`([a-z_]+)`", row[0]) or fields
        found += [(field, row[1]) for field in fields]
    return found


def test_the_readme_publishes_codes() -> None:
    assert len(published()) > 25


@pytest.mark.parametrize(("field", "code"), published())
def test_every_published_code_has_a_text(field: str, code: str) -> None:
    shown_texts = set()
    for lang in ("fr", "en"):
        text = field_texts.field_text(FieldError(field=field, code=code, params=PARAMS), lang)
        assert text != translate(field_texts.UNKNOWN, lang)
        assert "{" not in text
        shown_texts.add(text)
    assert len(shown_texts) == 2


def test_an_unknown_code_has_a_fallback_text() -> None:
    error = FieldError(field="first_name", code="new_code")
    assert (
        field_texts.field_text(error, "fr")
        == "Cette valeur n'est pas acceptée\u00a0: choisissez-en une autre."
    )


def test_a_value_with_braces_is_only_text() -> None:
    params: dict[str, str | int] = {"word": "{max}{0}%s", "max": 9}
    error = FieldError(field="password", code="listed_word", params=params)
    assert "«\u00a0{max}{0}%s\u00a0»" in field_texts.field_text(error, "fr")


def test_french_keeps_its_signs_on_the_line() -> None:
    flashes = {code: text for code, (_, text) in flash.FLASHES.items()}
    for table in (field_texts.FIELDS, texts.ALERTS, texts.MAIL, flashes):
        for text in table.values():
            french = translate(text, "fr")
            assert not re.search(r"« | [»:;?!]", french)
            assert translate(text, "en") != french


@pytest.mark.parametrize("state", ["waiting", "accepted", "deferred", "refused", "doubtful"])
def test_b_01_every_delivery_state_has_a_text(state: str) -> None:
    at = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
    mail = MailView(state=state, at=at, next_try_at=at, reason="unknown_mailbox")
    for lang in ("fr", "en"):
        assert "{" not in texts.mail_text(mail, lang)
        assert "{" not in texts.mail_text(MailView(state=state), lang)
    if state == "accepted":
        assert "10:42" in texts.mail_text(mail, "fr")
    if state == "refused":
        assert "boîte inconnue" in texts.mail_text(mail, "fr")


@pytest.mark.parametrize(
    ("state", "reason", "tries", "action"),
    [
        ("waiting", None, 5, "code"),
        ("accepted", None, 1, "code"),
        ("deferred", "mailbox_full", 5, "code"),
        ("doubtful", None, 5, "code"),
        ("refused", "unknown_mailbox", 5, "correct"),
        ("refused", "unknown_mailbox", 0, "correct"),
        ("refused", "mailbox_full", 5, "resend"),
        ("refused", "refused", 5, "resend"),
        ("refused", "unreachable", 5, "resend"),
        ("refused", None, 5, "resend"),
        ("accepted", None, 0, "resend"),
        ("deferred", None, 0, "resend"),
    ],
)
def test_p_07_each_state_of_a_request_has_one_action_and_one_text(
    state: str, reason: str | None, tries: int, action: str
) -> None:
    at = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
    view = RequestView(
        request_id="r",
        due="validation",
        address="pierre@pharmacie.example",
        language="fr",
        code_sent_at=at,
        expires_at=at,
        resend_at=at,
        resends_left=4,
        tries_left=tries,
        mail=MailView(state=state, at=at, next_try_at=at, reason=reason),
    )
    assert main_action(view) == action
    text = texts.validation_text(view, "fr")
    assert ("Trop d'essais" in text) == (tries == 0 and state != "refused")
    assert ("Corrigez l'adresse" in text) == (action == "correct")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (59, "59 s"), (60, "1 min"), (61, "2 min"), (7_200, "2 h"), (86_399, "24 h")],
)
def test_a_wait_is_rounded_up(seconds: int, text: str) -> None:
    assert texts.wait_text(seconds, "fr") == text


def test_every_error_page_has_a_next_step_in_both_languages() -> None:
    for status in (*errors.TEXTS, 418, 507):
        text = errors.error_text(status)
        page, label = LINKS.of(status)
        for shown in (text.heading, text.text, label):
            assert translate(shown, "fr") != translate(shown, "en")
        assert ROUTES.url(page).startswith("/")


def test_every_due_step_has_a_page_and_a_name() -> None:
    assert set(STEPS) == set(texts.STEPS)
    assert all(ROUTES.url(page) for page in STEPS.values())


#: Refusals of services at sign-in, as the views name their texts.
SIGNING_IN = (
    "totp_wrong_code enrolment_wrong_code code_used clock_off_slow clock_off_fast too_many_codes "
    "recovery_refused recovery_off not_enrolled enrolment_gone already_enrolled "
    "address_wrong_code address_code_void address_code_expired totp_wrong_password "
    "link_malformed link_used link_replaced link_expired link_gone"
)


@pytest.mark.parametrize("slug", SIGNING_IN.split())
def test_every_refusal_of_signing_in_has_a_text(slug: str) -> None:
    values = {
        "service": "IMPEXWEB",
        "tries_left": 4,
        "minutes": 4,
        "wait": "2 min",
        "time": "10:44",
        "date": "hier",
    }
    for lang in ("fr", "en"):
        text = texts.alert_text(slug, lang, **values)
        assert text != translate(field_texts.UNKNOWN, lang)
        assert "{" not in text


@pytest.mark.parametrize(("left", "end"), [(4, "Encore 4 essais."), (1, "Encore 1 essai.")])
def test_tries_left_are_shown_in_words(left: int, end: str) -> None:
    assert texts.alert_text("totp_wrong_code", "fr", tries_left=left).endswith(end)


@pytest.mark.parametrize("values", [{}, {"tries_left": 0}])
def test_without_a_try_left_none_is_shown(values: dict[str, int]) -> None:
    for lang, word in (("fr", "Encore"), ("en", "left")):
        text = texts.alert_text("totp_wrong_code", lang, **values)
        assert word not in text
        assert text.endswith(".")


@pytest.mark.parametrize(("minutes", "shown"), [(1, "1 minute :"), (4, "4 minutes :")])
def test_g_23_a_drift_is_shown_in_minutes(minutes: int, shown: str) -> None:
    text = texts.alert_text("clock_off_slow", "fr", minutes=minutes)
    assert f"retarde de {shown}" in text.replace("\u00a0", " ")
    assert "fast" in texts.alert_text("clock_off_fast", "en", minutes=minutes)


def test_g_23_a_drift_that_locked_shows_from_when_a_new_code_counts() -> None:
    values = {"minutes": 4, "wait": "90 s", "time": "10:44"}
    slow = texts.alert_text("clock_off_slow", "fr", **values)
    assert slow.endswith("puis saisissez un nouveau code à 10:44, dans 90 s.")
    fast = texts.alert_text("clock_off_fast", "en", **values)
    assert fast.endswith("then enter a new code at 10:44, in 90 s.")
