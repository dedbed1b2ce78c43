"""The delivery status of messages, and the queries of forms while typing."""

import json
from datetime import timedelta

import msgspec
import pytest

from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.registration.events import AccountRequested, ValidationResent
from shared.contracts.registration.requests import (
    DescribePasswordRules,
    DescribeRequest,
    FindListedWord,
    SuggestAddress,
)
from shared.contracts.registration.views import ListedWordView
from tests.support.harness.registration import OpenHarness, RegistrationHarness


async def cause_of(harness: RegistrationHarness) -> str:
    kinds = (AccountRequested, ValidationResent)
    return (await harness.published(*kinds))[-1][0]


async def test_b_01_the_page_follows_the_message(harness: RegistrationHarness) -> None:
    view = await harness.request()
    cause = await cause_of(harness)
    ask = DescribeRequest(request_id=view.request_id)
    soon = harness.now + timedelta(minutes=1)
    await harness.handle_event(
        MailDeferred(
            mail_id="m", cause=cause, template="validation", at=harness.now, next_try_at=soon,
            reason="mailbox_full",
        )
    )  # fmt: skip
    mail = (await harness.ask(ask)).mail
    assert (mail.state, mail.reason, mail.next_try_at) == ("deferred", "mailbox_full", soon)
    await harness.handle_event(
        MailAccepted(mail_id="m", cause=cause, template="validation", at=soon)
    )
    mail = (await harness.ask(ask)).mail
    assert (mail.state, mail.at, mail.next_try_at, mail.reason) == ("accepted", soon, None, None)


async def test_b_01_events_in_any_order_have_one_result(harness: RegistrationHarness) -> None:
    view = await harness.request()
    cause = await cause_of(harness)
    later = harness.now + timedelta(minutes=1)
    await harness.handle_event(
        MailAccepted(mail_id="m", cause=cause, template="validation", at=later)
    )
    await harness.handle_event(
        MailDeferred(
            mail_id="m", cause=cause, template="validation", at=harness.now, next_try_at=later,
            reason="unreachable",
        )
    )  # fmt: skip
    shown = await harness.ask(DescribeRequest(request_id=view.request_id))
    assert shown.mail.state == "accepted"


@pytest.mark.parametrize(
    ("reason", "state", "shown"),
    [
        ("unknown_mailbox", "refused", "unknown_mailbox"),
        ("mailbox_full", "refused", "mailbox_full"),
        ("expired", "refused", "unreachable"),
        ("in_doubt", "doubtful", None),
    ],
)
async def test_b_01_a_refusal_has_a_reason(
    harness: RegistrationHarness, reason: str, state: str, shown: str | None
) -> None:
    view = await harness.request()
    cause = await cause_of(harness)
    await harness.handle_event(
        MailRefused(mail_id="m", cause=cause, template="validation", at=harness.now, reason=reason)
    )
    mail = (await harness.ask(DescribeRequest(request_id=view.request_id))).mail
    assert (mail.state, mail.reason) == (state, shown)


async def test_b_01_only_the_latest_message_counts(harness: RegistrationHarness) -> None:
    view = await harness.request()
    former = await cause_of(harness)
    harness.advance(minutes=2)
    assert (await harness.ask(harness.resend(view.request_id))).mail.state == "waiting"
    await harness.handle_event(
        MailRefused(
            mail_id="m", cause=former, template="validation", at=harness.now, reason="refused"
        )
    )
    shown = await harness.ask(DescribeRequest(request_id=view.request_id))
    assert shown.mail.state == "waiting"


async def test_b_12_the_rules_served_are_the_operators(harness_with: OpenHarness) -> None:
    other = {
        "IMPEX_PASSWORD_MIN": "12",
        "IMPEX_PASSWORD_MAX": "64",
        "IMPEX_PASSWORD_MIXED_CASE": "no",
    }
    async with harness_with(**other) as harness:
        view = await harness.ask(DescribePasswordRules())
        document = json.loads(view.document)
        assert (document["min_length"], document["max_length"]) == (12, 64)
        assert "mixed_case" not in document["shown"]
        assert "soleil" not in view.document
        await harness.request(password="kvfz9rlqwmtxzhgb-kvfz")


async def test_g_08_a_listed_word_is_found_while_typing(harness: RegistrationHarness) -> None:
    kind = FindListedWord
    asked = kind(password=harness.seal(kind, "password", "Soleil2024"))
    assert await harness.ask(asked) == ListedWordView(word="soleil", source="french")
    for password in ("Kvfz9rLq", "", "soleil" * 200):
        asked = kind(password=harness.seal(kind, "password", password))
        assert (await harness.ask(asked)).word is None


@pytest.mark.parametrize(
    ("password", "too_simple"),
    [("BobBobBob", True), ("Kvfz9rLq", False), ("Soleil2024", False)],
)
async def test_t_13_a_too_simple_password_is_found_while_typing(
    harness: RegistrationHarness, password: str, too_simple: bool
) -> None:
    """As it is when the form is sent; a listed word is the better reason."""
    kind = FindListedWord
    view = await harness.ask(kind(password=harness.seal(kind, "password", password)))
    assert view.too_simple is too_simple


async def test_g_05_a_typo_gets_a_suggestion(harness: RegistrationHarness) -> None:
    view = await harness.ask(SuggestAddress(address="p@gmial.com"))
    assert view.suggestion == "p@gmail.com"
    assert (await harness.ask(SuggestAddress(address="p@labo.fr"))).suggestion is None


async def test_g_05_a_typo_gets_a_suggestion_once_all_else_is_right(
    harness: RegistrationHarness,
) -> None:
    form = msgspec.structs.replace(harness.form("p@gmial.com"), point_out_slip=True)
    refused = await harness.refusal(form)
    assert (refused.slug, refused.params["suggestion"]) == ("likely_slip", "p@gmail.com")
    assert await harness.count("requests") == await harness.count("counters") == 0

    wrong_too = msgspec.structs.replace(form, first_name="")
    assert [error.field for error in (await harness.refusal(wrong_too)).errors] == ["first_name"]

    accepted = await harness.ask(harness.form("p@gmial.com"))
    assert accepted.address == "p@gmial.com"
    correction = msgspec.structs.replace(
        harness.correct(accepted.request_id, "p@orange.ft"), point_out_slip=True
    )
    assert (await harness.refusal(correction)).params["suggestion"] == "p@orange.fr"
