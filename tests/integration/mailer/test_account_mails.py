"""Links and codes of an account that exists, and the mail to an address without one."""

import re
from datetime import timedelta
from functools import partial

import pytest

from shared.contracts.base import Event
from shared.contracts.mailer import MailAccepted, MailRefused
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import (
    CODE,
    OTHER,
    TOKEN,
    address_change,
    lost,
    now,
    proof,
    reset,
    unknown,
)

PORTAL = "http://127.0.0.1:8080"


async def test_g_44_g_25_ot_13_links_and_codes_of_an_account_go_to_the_address_that_was_given(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """Without waiting for the directory: the event carries address and language."""
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        asked = {
            "reset": await mailer.publish(reset(), times=2),
            "proof": await mailer.publish(proof(), times=2),
            "lost": await mailer.publish(lost(stolen=True, language="en"), times=2),
        }
        rows = {name: await mailer.state(cause, "accepted") for name, cause in asked.items()}
        await mailer.all_handled()
    subjects = {one.message["Subject"]: one for one in smtp.messages}
    assert len(smtp.messages) == 3
    link = subjects["Choisir un nouveau mot de passe IMPEXWEB"].text()
    assert f"{PORTAL}/mot-de-passe?jeton={TOKEN}" in link
    code = subjects["Votre code pour vérifier votre adresse"].text()
    assert re.findall(r"\d{6}", code)[0] == CODE
    phone = subjects["Lost phone: confirm your request"].text()
    assert f"{PORTAL}/telephone-perdu/confirmer?jeton={TOKEN}" in phone
    assert {one.recipients for one in smtp.messages} == {("pierre@labo.example",)}
    assert all((row["request_id"], row["sealed"]) == (None, None) for row in rows.values())


@pytest.mark.parametrize("make", [reset, proof, lost, partial(address_change, again=True)])
async def test_re_06_a_later_link_or_code_replaces_the_one_that_still_waits(
    mailer: MailerHarness, smtp: MailServer, make: type[Event]
) -> None:
    smtp.answer("RCPT", "451 4.3.0 later")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        first = await mailer.publish(make(requested_at=now() - timedelta(minutes=2)))
        await mailer.state(first, "deferred")
        second = await mailer.publish(make())
        await mailer.state(second, "accepted")
        replaced = await mailer.row(first)
        late = await mailer.publish(make(requested_at=now() - timedelta(minutes=1)))
        await mailer.all_handled()
        assert await mailer.row(late) is None
    assert (replaced["state"], replaced["reason"]) == ("dropped", "superseded")
    assert replaced["sealed"] is None
    assert len(smtp.messages) == 1


async def test_re_06_waiting_mails_of_another_account_or_kind_stay(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "451 4.3.0 later", "451 4.3.0 later")
    before = now() - timedelta(minutes=2)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        others = [
            await mailer.publish(reset(requested_at=before), subject=OTHER),
            await mailer.publish(lost(requested_at=before)),
        ]
        for cause in others:
            await mailer.state(cause, "deferred")
        await mailer.state(await mailer.publish(reset()), "accepted")
        for cause in others:
            assert (await mailer.row(cause))["state"] == "deferred"


async def test_b_03_only_an_address_without_account_gets_its_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(unknown(closed=True), subject=None, times=3)
        await mailer.publish(unknown("phone", language="en"), subject=None)
        await mailer.emitted(MailAccepted, 2)
        await mailer.all_handled()
        row = await mailer.row(cause)
    english, french = sorted(smtp.messages, key=lambda one: str(one.message["Subject"]))
    assert french.message["Subject"] == "Votre compte IMPEXWEB ne permet plus de se connecter"
    assert "Votre compte est bloqué ou désactivé." in french.text()
    assert "Someone reported a lost phone" in english.text()
    assert "frozen or deactivated" not in english.text()
    assert french.recipients == ("stranger@labo.example",)
    assert "ce-n-est-pas-moi" not in french.text() + english.text()
    assert (row["template"], row["subject"], row["request_id"]) == ("no_account", None, None)


async def test_ot_13_a_code_that_ran_out_before_it_could_leave_is_not_sent(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        past = now() - timedelta(minutes=11)
        await mailer.publish(proof(requested_at=past, expires_at=past + timedelta(minutes=10)))
        (event,) = await mailer.emitted(MailRefused)
    assert (event.template, event.reason) == ("address_code", "expired")
    assert smtp.messages == []


async def test_an_uncertain_link_is_sent_again_once_with_the_same_text(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(reset())
        await mailer.uncertain(cause, 1)
        await mailer.make_due(cause)
        row = await mailer.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert row["doubts"] == 1


@pytest.mark.parametrize("make", [reset, proof, lost])
async def test_b_04_link_and_code_are_sealed_while_the_mail_waits(
    mailer: MailerHarness, smtp: MailServer, make: type[Event]
) -> None:
    smtp.answer("RCPT", "451 4.3.0 later")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        waiting = await mailer.state(await mailer.publish(make()), "deferred")
    assert '"box"' in waiting["sealed"]
    assert CODE not in str(dict(waiting))
    assert TOKEN not in str(dict(waiting))


async def test_an_event_without_account_or_address_is_dead_lettered_with_the_reason(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(reset(), subject=None)
        assert "which account" in mailer.dead_reason()
        await mailer.publish(reset(address="x@labo.example\r\nBcc: v@labo.example"))
        assert "no mail header may carry" in mailer.dead_reason()
    assert smtp.messages == []
