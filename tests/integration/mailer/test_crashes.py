"""`kill -9` of a mailer at each moment of a mail, and what a person does with what is in doubt."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.mailer import held
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.integration.mailer.post_office import CODE, TOKEN, PostOffice, asked, created
from tests.support.mail_server import MailServer
from tests.support.system import Spawned, System
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults


async def started(system: System, smtp: MailServer) -> Spawned:
    mailer = system.spawn("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_LEASE="2")
    await eventually(mailer.ready, 30, every=0.1, why="the mailer is ready")
    return mailer


async def test_b_08_a_mailer_killed_before_the_message_was_given_sends_it_once(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    mailer = await started(system, smtp)
    cause = await office.say(asked())
    await office.state(cause, "sending")
    mailer.kill()
    smtp.hang.clear()
    await started(system, smtp)
    row = await office.state(cause, "accepted")
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_59_a_mailer_killed_after_the_message_was_given_sends_it_once_more(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    """Settled 10: the same Message-ID and code, and the doubt is on record."""
    smtp.silent_after_data = True
    mailer = await started(system, smtp)
    cause = await office.say(asked())
    await eventually(lambda: smtp.messages, why="the message was given")
    assert (await office.row(cause))["state"] == "transmitting"
    mailer.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    row = await office.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert CODE in second.text()
    assert row["doubts"] == 1
    outcomes = [each["outcome"] for each in await office.attempts(cause)]
    assert outcomes == ["in_doubt", "accepted"]
    await office.hears(MailAccepted)


async def test_59_a_mail_without_a_code_waits_for_a_person_after_such_a_crash(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    mailer = await started(system, smtp)
    cause = await office.say(created())
    await eventually(lambda: smtp.messages, why="the message was given")
    mailer.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    (told,) = await office.hears(MailRefused)
    assert (told.cause, told.reason) == (cause, "in_doubt")
    assert len(smtp.messages) == 1

    (waiting,) = await held.listing(office.database)
    assert waiting.template == "finalisation"
    assert waiting.mail_id == UUID(told.mail_id)
    assert await held.send(office.database, waiting.mail_id)
    assert not await held.send(office.database, waiting.mail_id)
    await office.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_a_person_drops_a_mail_in_doubt(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(created())
        row = await office.state(cause, "held")
        assert await held.drop(office.database, row["mail_id"])
        assert await held.listing(office.database) == []
        assert (await office.row(cause))["state"] == "dropped"
    assert len(smtp.messages) == 1


async def test_b_04_lg_02_the_log_of_a_mailer_shows_no_code_link_or_address(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "550 5.1.1 <secretive@labo.example> unknown")
    mailer = await started(system, smtp)
    await office.say(asked(address="secretive@labo.example"))
    await office.say(created(address="discreet@labo.example", first_name="Xanthippe"))
    await office.hears(MailAccepted)
    await office.hears(MailRefused)
    assert mailer.stop() == 0
    said = mailer.log.read_text()
    assert "A mail was tried." in said
    for secret in (CODE, TOKEN, "secretive@", "discreet@", "Xanthippe"):
        assert secret not in said


async def test_b_08_a_result_is_recorded_though_the_database_went_away_meanwhile(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked())
        await eventually(lambda: smtp.messages, why="the message was given")
        await office.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'impex_mailer' AND datname = current_database()"
        )
        smtp.silent_after_data = False
        row = await office.state(cause, "accepted")
        await office.hears(MailAccepted)
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_cr_01_a_mail_whose_key_is_missing_waits_until_the_key_is_back(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    """The sealed code cannot be opened: its key is not in the ring yet."""
    other = "t9:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SEAL_KEYS_MAILER=other):
        cause = await office.say(asked())
        await office.hears(MailDeferred)
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await office.make_due(cause)
        await office.state(cause, "accepted")
    assert CODE in smtp.messages[0].text()
