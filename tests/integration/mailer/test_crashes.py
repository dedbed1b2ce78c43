"""`kill -9` of a mailer at each moment of a mail, and what a person does with what is in doubt."""

from uuid import UUID

import pytest

from services.mailer import held_mails
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.support.mail.mail_server import MailServer
from tests.support.mail.mailer_fixture import CODE, TOKEN, MailerFixture, asked, created
from tests.support.servers.system import Spawned, System
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults


async def started(system: System, smtp: MailServer) -> Spawned:
    process = system.spawn("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_LEASE="5")
    await eventually(process.ready, 60, every=0.1, why="the mailer is ready")
    return process


async def test_b_08_a_mailer_killed_before_the_message_was_given_sends_it_once(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    process = await started(system, smtp)
    cause = await mailer.publish(asked())
    await mailer.state(cause, "sending")
    process.kill()
    smtp.hang.clear()
    await started(system, smtp)
    row = await mailer.state(cause, "accepted")
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_59_a_mailer_killed_after_the_message_was_given_sends_it_once_more(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    """The same Message-ID and code, and the doubt is on record."""
    smtp.silent_after_data = True
    process = await started(system, smtp)
    cause = await mailer.publish(asked())
    await eventually(lambda: smtp.messages, why="the message was given")
    assert (await mailer.row(cause))["state"] == "transmitting"
    process.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    row = await mailer.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert CODE in second.text()
    assert row["doubts"] == 1
    outcomes = [each["outcome"] for each in await mailer.attempts(cause)]
    assert outcomes == ["in_doubt", "accepted"]
    await mailer.hears(MailAccepted)


async def test_59_a_mail_without_a_code_waits_for_a_person_after_such_a_crash(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    process = await started(system, smtp)
    cause = await mailer.publish(created())
    await eventually(lambda: smtp.messages, why="the message was given")
    process.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    (told,) = await mailer.hears(MailRefused)
    assert (told.cause, told.reason) == (cause, "in_doubt")
    assert len(smtp.messages) == 1

    (waiting,) = await held_mails.list_held(mailer.database)
    assert waiting.template == "finalisation"
    assert waiting.mail_id == UUID(told.mail_id)
    assert await held_mails.send(mailer.database, waiting.mail_id)
    assert not await held_mails.send(mailer.database, waiting.mail_id)
    await mailer.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_a_person_drops_a_mail_in_doubt(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(created())
        row = await mailer.state(cause, "held")
        assert await held_mails.drop(mailer.database, row["mail_id"])
        assert await held_mails.list_held(mailer.database) == []
        assert (await mailer.row(cause))["state"] == "dropped"
    assert len(smtp.messages) == 1


async def test_b_04_lg_02_the_log_of_a_mailer_shows_no_code_link_or_address(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "550 5.1.1 <secretive@labo.example> unknown")
    process = await started(system, smtp)
    await mailer.publish(asked(address="secretive@labo.example"))
    await mailer.publish(created(address="discreet@labo.example", first_name="Xanthippe"))
    await mailer.hears(MailAccepted)
    await mailer.hears(MailRefused)
    assert process.stop() == 0
    said = process.log.read_text()
    assert "A mail was tried." in said
    for secret in (CODE, TOKEN, "secretive@", "discreet@", "Xanthippe"):
        assert secret not in said


async def test_b_08_a_result_is_recorded_though_the_database_went_away_meanwhile(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await eventually(lambda: smtp.messages, why="the message was given")
        await mailer.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'impex_mailer' AND datname = current_database()"
        )
        smtp.silent_after_data = False
        row = await mailer.state(cause, "accepted")
        await mailer.hears(MailAccepted)
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_cr_01_a_mail_whose_key_is_missing_waits_until_the_key_is_back(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    """The sealed code cannot be opened: its key is not in the ring yet."""
    other = "t9:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SEAL_KEYS_MAILER=other):
        cause = await mailer.publish(asked())
        await mailer.hears(MailDeferred)
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await mailer.make_due(cause)
        await mailer.state(cause, "accepted")
    assert CODE in smtp.messages[0].text()
