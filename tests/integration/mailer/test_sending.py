"""From an event to a mail in the mail server, and the event that reports it."""

import re
from datetime import timedelta

import pytest

from shared.contracts.mailer import MailAccepted, MailRefused
from shared.contracts.registration.events import RequestCancelled, RequestExpired, ValidationResent
from shared.messaging.envelope import new_id
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import ACCOUNT, CODE, TOKEN, asked, created, known, now


async def test_g_10_an_account_request_causes_the_validation_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        (event,) = await mailer.emitted(MailAccepted)
        row = await mailer.state(cause, "accepted")
        attempts = await mailer.attempts(cause)

    (received,) = smtp.messages
    assert received.recipients == ("Pierre.Durand@labo.example",)
    assert re.findall(r"\b\d{6}\b", received.text())[0] == CODE
    assert f"http://127.0.0.1:8080/inscription/lien?jeton={TOKEN}" in received.text()
    assert received.message["Message-ID"] == f"<{row['mail_id']}@impexweb.example>"
    assert (event.cause, event.template) == (cause, "validation")
    assert event.mail_id == str(row["mail_id"])
    assert [(each["outcome"], each["smtp_code"]) for each in attempts] == [("accepted", 250)]


async def test_em_16_the_envelope_sender_is_the_bounce_address(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    sender = "bounces@portal.example"
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_SENDER=sender):
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
    (received,) = smtp.messages
    assert received.sender == sender
    assert received.message["From"].addresses[0].addr_spec == sender


async def test_b_04_secrets_are_sealed_while_the_mail_waits_and_erased_once_it_is_sent(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "451 4.3.0 later")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        waiting = await mailer.state(cause, "deferred")
        await mailer.make_due(cause)
        sent = await mailer.state(cause, "accepted")
    assert '"box"' in waiting["sealed"]
    assert CODE not in str(dict(waiting))
    assert TOKEN not in str(dict(waiting))
    assert sent["sealed"] is None


async def test_g_14_an_account_creation_causes_the_finalisation_mail_and_a_directory_entry(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(created())
        await mailer.emitted(MailAccepted)
        entry = await mailer.database.fetchrow("SELECT * FROM directory")
    (received,) = smtp.messages
    assert (
        received.message["Subject"]
        == "Finalisation de la création de votre compte utilisateur IMPEXWEB"
    )
    assert "Bonjour Élodie O'Brien," in received.text()
    assert (entry["account_id"], entry["address"]) == (ACCOUNT, "pierre@labo.example")


async def test_em_15_the_holder_of_an_account_is_notified_of_another_request(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(known(language="en"))
        await mailer.emitted(MailAccepted)
    (received,) = smtp.messages
    assert received.message["Subject"] == "You already have an IMPEXWEB account"


async def test_mq_01_the_same_event_three_times_is_one_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(asked(), times=3)
        await mailer.publish(asked(address="last@labo.example"))
        await mailer.emitted(MailAccepted, 2)
        await mailer.all_handled()
    assert sorted(one.recipients[0] for one in smtp.messages) == [
        "Pierre.Durand@labo.example",
        "last@labo.example",
    ]


async def test_mq_01_an_event_replayed_after_the_inbox_was_purged_is_no_second_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await mailer.state(cause, "accepted")
        await mailer.database.execute("DELETE FROM inbox")
        await mailer.replay(cause)
        await mailer.all_handled()
        assert (await mailer.row(cause))["state"] == "accepted"
        assert await mailer.database.fetchval("SELECT count(*) FROM inbox") == 1
    assert len(smtp.messages) == 1


async def test_g_11_a_new_message_replaces_the_one_that_still_waits(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "451 4.3.0 later")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        request_id = new_id()
        first = await mailer.publish(asked(request_id=request_id))
        await mailer.state(first, "deferred")
        second = await mailer.publish(asked(ValidationResent, request_id=request_id, code="111222"))
        await mailer.state(second, "accepted")
        replaced = await mailer.row(first)
    assert (replaced["state"], replaced["reason"], replaced["sealed"]) == (
        "dropped",
        "superseded",
        None,
    )
    assert ["111222" in one.text() for one in smtp.messages] == [True]


async def test_a_message_handled_after_the_one_that_replaced_it_is_not_sent(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    request_id = new_id()
    older, newer = asked(request_id=request_id), asked(ValidationResent, request_id=request_id)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(newer)
        await mailer.state(cause, "accepted")
        late = await mailer.publish(older)
        await mailer.all_handled()
        assert await mailer.row(late) is None
    assert len(smtp.messages) == 1


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "550 5.1.1 unknown", "ok"])
async def test_re_14_of_a_cancelled_request_no_mail_leaves_and_no_record_stays(
    mailer: MailerHarness, smtp: MailServer, answer: str
) -> None:
    """G-04: whether its mail was deferred, refused or accepted."""
    smtp.answer("RCPT", answer)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        request_id = new_id()
        cause = await mailer.publish(asked(request_id=request_id))
        await mailer.state(cause, "deferred", "refused", "accepted")
        await mailer.publish(RequestCancelled(request_id=request_id))
        await mailer.all_handled()
        assert await mailer.row(cause) is None
        assert await mailer.database.fetchval("SELECT count(*) FROM attempts") == 0
        late = await mailer.publish(asked(ValidationResent, request_id=request_id))
        await mailer.all_handled()
        assert await mailer.row(late) is None
    assert len(smtp.messages) == (answer == "ok")


async def test_re_14_a_mail_cancelled_in_transmission_is_not_sent_again(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """The server may have it; its record no longer has an address."""
    smtp.silent_after_data = True
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_FINAL_TIMEOUT="2"):
        request_id = new_id()
        cause = await mailer.publish(asked(request_id=request_id))
        await mailer.state(cause, "transmitting")
        await mailer.publish(RequestCancelled(request_id=request_id))
        row = await mailer.state(cause, "refused")
    assert (row["address"], row["sealed"], row["doubts"]) == ("", None, 1)
    assert len(smtp.messages) == 1


async def test_b_03_the_holder_is_notified_as_long_as_a_code_would_be_valid(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """Deferred until they expire, both requests end at the same time."""
    smtp.always("RCPT", "451 4.3.0 later")
    soon = now() + timedelta(seconds=30)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(known(expires_at=soon))
        row = await mailer.state(cause, "refused")
        (event,) = await mailer.emitted(MailRefused)
    assert (row["reason"], event.reason) == ("expired", "expired")


async def test_a_request_that_expired_before_its_event_gets_no_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        request_id = new_id()
        await mailer.publish(RequestExpired(request_id=request_id))
        assert await mailer.database.fetchval("SELECT count(*) FROM closed_requests") == 1
        late = await mailer.publish(asked(request_id=request_id))
        await mailer.all_handled()
        assert await mailer.row(late) is None
    assert smtp.messages == []


async def test_em_08_an_address_that_would_break_a_header_is_dead_lettered_with_the_reason(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(asked(address="x@labo.example\r\nBcc: v@labo.example"))
        assert "no mail header may carry" in mailer.dead_reason()
        await mailer.publish(created(last_name="Durand\r\nBcc: v@labo.example"))
        assert "no mail may carry" in mailer.dead_reason()
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
    assert len(smtp.messages) == 1
