"""`kill -9` of a mailer at each stage of a mail, and the decision of an operator on held mails."""

from uuid import UUID

import pytest

from services.mailer import operator_mails
from shared.contracts.mailer import MailAccepted, MailRefused
from tests.support.mail.mail_server import MailServer
from tests.support.mail.mailer_on_broker import MailerOnBroker
from tests.support.mail.sample_events import CODE, asked, created
from tests.support.servers.system import Spawned, System
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults


async def started(system: System, smtp: MailServer) -> Spawned:
    process = system.spawn("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_LEASE="5")
    await eventually(process.ready, 60, every=0.1, why="the mailer is ready")
    return process


async def test_b_08_a_mailer_killed_before_the_message_was_transmitted_sends_it_once(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    process = await started(system, smtp)
    cause = await on_broker.publish(asked())
    await on_broker.state(cause, "sending")
    process.kill()
    smtp.hang.clear()
    await started(system, smtp)
    row = await on_broker.state(cause, "accepted")
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_a_mailer_killed_after_the_message_was_transmitted_sends_it_once_more(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    """The same Message-ID and code, and the uncertain attempt is recorded."""
    smtp.silent_after_data = True
    process = await started(system, smtp)
    cause = await on_broker.publish(asked())
    await eventually(lambda: smtp.messages, why="the message was given")
    assert (await on_broker.row(cause))["state"] == "transmitting"
    process.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    row = await on_broker.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert CODE in second.text()
    assert row["doubts"] == 1
    outcomes = [each["outcome"] for each in await on_broker.attempts(cause)]
    assert outcomes == ["in_doubt", "accepted"]
    await on_broker.emitted(MailAccepted)


async def test_a_mail_without_a_code_is_held_after_such_a_crash(
    system: System, on_broker: MailerOnBroker, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    process = await started(system, smtp)
    cause = await on_broker.publish(created())
    await eventually(lambda: smtp.messages, why="the message was given")
    process.kill()
    smtp.silent_after_data = False
    await started(system, smtp)
    (event,) = await on_broker.emitted(MailRefused)
    assert (event.cause, event.reason) == (cause, "in_doubt")
    assert len(smtp.messages) == 1

    (waiting,) = await operator_mails.list_mails(on_broker.database, state="held")
    assert waiting.template == "finalisation"
    assert waiting.mail_id == UUID(event.mail_id)
    assert await operator_mails.send(on_broker.database, waiting.mail_id) == "sent"
    assert await operator_mails.send(on_broker.database, waiting.mail_id) != "sent"
    await on_broker.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
