"""The service over the broker: events in and out, retry queue, dead letters, two at once, log."""

import re

from shared.contracts.mailer import MailAccepted, MailRefused
from shared.contracts.registration.events import PasswordChanged
from tests.support.mail.mail_server import MailServer
from tests.support.mail.mailer_on_broker import MailerOnBroker
from tests.support.mail.sample_events import CODE, TOKEN, asked, created, now
from tests.support.servers.system import System
from tests.support.waiting import eventually

LINK = re.compile(r"ce-n-est-pas-moi\?jeton=(\S+)")


def changed() -> PasswordChanged:
    return PasswordChanged(by="reset", changed_at=now(), device="Firefox, Windows")


async def test_g_10_mq_01_an_event_published_three_times_brings_one_mail_and_its_event(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await on_broker.publish(asked(), times=3)
        last = await on_broker.publish(asked(address="last@labo.example"))
        events = await on_broker.emitted(MailAccepted, 2)
        await on_broker.all_handled()
    assert sorted(event.cause for event in events) == sorted([cause, last])
    assert await on_broker.events(MailAccepted) == events
    assert sorted(one.recipients[0] for one in smtp.messages) == [
        "Pierre.Durand@labo.example",
        "last@labo.example",
    ]


async def test_mq_01_an_event_about_an_account_not_yet_in_the_directory_waits_for_it(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await on_broker.publish(changed())
        await on_broker.waits_in("mailer.retry.5s")
        assert await on_broker.row(cause) is None
        await on_broker.state(await on_broker.publish(created()), "accepted")
        await on_broker.state(cause, "accepted")
    assert len(smtp.messages) == 2


async def test_a_notice_about_an_unknown_account_is_dead_lettered_with_the_reason(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await on_broker.publish(changed(), subject="nonsense")
        assert "which account" in await on_broker.dead_reason()


async def test_two_mailers_send_each_mail_once(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    async with (
        system.run("mailer", IMPEX_SMTP_URL=smtp.url),
        system.run("mailer", IMPEX_SMTP_URL=smtp.url),
    ):
        for number in range(30):
            await on_broker.publish(asked(address=f"p{number}@labo.example"))
        await on_broker.emitted(MailAccepted, 30)
    recipients = [one.recipients[0] for one in smtp.messages]
    assert sorted(recipients) == sorted(f"p{number}@labo.example" for number in range(30))


async def test_b_04_lg_02_the_log_of_a_mailer_shows_no_code_link_token_name_or_address(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "550 5.1.1 <secretive@labo.example> unknown")
    process = system.spawn("mailer", IMPEX_SMTP_URL=smtp.url)
    await eventually(process.ready, every=0.1, why="the mailer is ready")
    await on_broker.publish(asked(address="secretive@labo.example"))
    await on_broker.emitted(MailRefused)
    await on_broker.state(await on_broker.publish(asked()), "accepted")
    account = created(address="discreet@labo.example", first_name="Xanthippe")
    await on_broker.state(await on_broker.publish(account), "accepted")
    await on_broker.state(await on_broker.publish(changed()), "accepted")
    assert process.stop() == 0
    log = process.log.read_text()
    (token,) = LINK.findall(smtp.messages[-1].text())
    assert "A mail was tried." in log
    secrets = (CODE, TOKEN, token, token.rpartition(".")[2], "secretive@", "discreet@", "Xanthippe")
    for secret in secrets:
        assert secret not in log
