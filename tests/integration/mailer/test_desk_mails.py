"""What the desk sees of an account's mails: which, when, and what became of each."""

from datetime import timedelta

from services.mailer import account_mails
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import (
    ACCOUNT,
    OTHER,
    address_change,
    created,
    now,
    reset,
)


async def test_the_desk_sees_what_became_of_an_accounts_mails(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    before = now() - timedelta(minutes=5)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created(), subject=ACCOUNT), "accepted")
        smtp.answer("RCPT", "550 5.1.1 no such user")
        await mailer.state(await mailer.publish(reset(), subject=ACCOUNT), "refused")
        other = created(address="jean@labo.example", first_name="Jean")
        await mailer.state(await mailer.publish(other, subject=OTHER), "accepted")
    latest, first = await account_mails.read(mailer.database, ACCOUNT, before, now())
    assert (first.template, first.state, first.attempts) == ("finalisation", "accepted", 1)
    assert (latest.template, latest.state, latest.reason) == (
        "password_reset",
        "refused",
        "unknown_mailbox",
    )
    assert latest.server_answer == "5.1.1 no such user"
    assert latest.ended_at is not None
    assert await account_mails.read(mailer.database, ACCOUNT, now(), now()) == []


async def test_b_03_the_desk_sees_no_address_that_is_not_proved(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    before = now() - timedelta(minutes=5)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created()), "accepted")
        await mailer.publish(address_change())
        await mailer.all_handled()
    mails = await account_mails.read(mailer.database, ACCOUNT, before, now())
    assert "new_address_code" not in {mail.template for mail in mails}
    assert {mail.address for mail in mails} == {"pierre@labo.example"}
