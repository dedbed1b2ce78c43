"""What the mail server says, and what becomes of the mail (bad inputs 58 and 59, EM-11)."""

from datetime import timedelta

from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.support.mail.mail_server import MailServer
from tests.support.mail.mailer_fixture import MailerFixture, asked, created
from tests.support.servers.system import System

REFUSALS = [
    ("MAIL", "550 5.7.1 not from you", "refused"),
    ("RCPT", "550 5.1.1 no such user", "unknown_mailbox"),
    ("RCPT", "551 gone away", "unknown_mailbox"),
    ("RCPT", "550 5.7.26 policy", "refused"),
    ("RCPT", "552 5.2.2 mailbox full", "mailbox_full"),
    ("RCPT", "554 5.7.1 blocked", "refused"),
    ("DATA", "550 content", "refused"),
    ("DATA", "552 5.2.2 mailbox full", "mailbox_full"),
    ("DATA", "554 5.6.0 no", "refused"),
]
DEFERRALS = [
    ("MAIL", "451 4.7.1 later", "refused"),
    ("RCPT", "421 4.3.2 closing", "unreachable"),
    ("RCPT", "450 4.2.0 greylisted", "refused"),
    ("RCPT", "451 4.3.0 later", "refused"),
    ("RCPT", "452 4.2.2 over quota", "mailbox_full"),
    ("DATA", "451 4.3.0 later", "refused"),
]


async def test_em_11_a_refusal_for_good_ends_the_mail_and_says_why(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(REFUSALS, 1):
            smtp.answer(stage, reply)
            cause = await mailer.publish(asked())
            told = (await mailer.hears(MailRefused, number))[-1]
            assert (told.cause, told.reason) == (cause, reason), reply
            row = await mailer.row(cause)
            assert (row["state"], row["sealed"]) == ("refused", None)
            (attempt,) = await mailer.attempts(cause)
            assert attempt["smtp_code"] == int(reply[:3])
            assert attempt["answer"] == reply[4:]
    assert smtp.messages == []


async def test_em_11_a_refusal_for_now_is_tried_again(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(DEFERRALS, 1):
            smtp.answer(stage, reply)
            cause = await mailer.publish(asked())
            told = (await mailer.hears(MailDeferred, number))[-1]
            assert (told.cause, told.reason) == (cause, reason), reply
            assert told.next_try_at - told.at == timedelta(minutes=1)
            await mailer.make_due(cause)
            await mailer.state(cause, "accepted")
        accepted = await mailer.hears(MailAccepted, len(DEFERRALS))
    assert len(smtp.messages) == len(accepted) == len(DEFERRALS)
    assert mailer.of(MailRefused) == []


async def test_em_11_the_waits_grow_as_the_setting_says_then_come_hourly(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.always("RCPT", "450 4.2.0 greylisted")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_RETRY="2,7"):
        cause = await mailer.publish(asked())
        for number in range(1, 5):
            await mailer.hears(MailDeferred, number)
            await mailer.state(cause, "deferred")
            await mailer.make_due(cause)
        told = await mailer.hears(MailDeferred, 5)
    waits = [round((one.next_try_at - one.at).total_seconds() / 60) for one in told]
    assert waits == [2, 7, 60, 60, 60]


async def test_a_deferral_beyond_the_life_of_the_code_is_the_end(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "450 4.2.0 greylisted")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked(life=timedelta(seconds=50)))
        (told,) = await mailer.hears(MailRefused)
        row = await mailer.row(cause)
    assert (told.reason, row["state"], row["sealed"]) == ("expired", "refused", None)


async def test_a_code_that_has_run_out_is_not_mailed_late(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked(life=timedelta(seconds=-1)))
        (told,) = await mailer.hears(MailRefused)
        row = await mailer.row(cause)
    assert (told.reason, row["state"], row["sealed"]) == ("expired", "dropped", None)
    assert smtp.messages == []


async def test_59_silence_before_the_message_was_given_is_no_doubt(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_TIMEOUT="1"):
        cause = await mailer.publish(asked())
        (told,) = await mailer.hears(MailDeferred)
        smtp.hang.clear()
        await mailer.make_due(cause)
        row = await mailer.state(cause, "accepted")
    assert (told.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_59_silence_after_the_message_was_given_is_a_doubt(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.hang.add("DATA")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_FINAL_TIMEOUT="1"):
        cause = await mailer.publish(asked())

        row = await mailer.state(cause, "held")
        (told,) = await mailer.hears(MailRefused)
        outcomes = [each["outcome"] for each in await mailer.attempts(cause)]
    assert (told.reason, row["doubts"], outcomes) == ("in_doubt", 2, ["in_doubt", "in_doubt"])


async def test_59_a_validation_mail_in_doubt_goes_again_once_with_the_same_id_and_code(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await mailer.hears(MailAccepted)
        row = await mailer.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert row["doubts"] == 1


async def test_59_a_second_doubt_waits_for_a_person(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.drop_after_data = 5
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        (told,) = await mailer.hears(MailRefused)
        row = await mailer.state(cause, "held")
    assert (told.reason, len(smtp.messages)) == ("in_doubt", 2)
    assert row["sealed"] is not None  # so that a person may still send it


async def test_59_a_mail_that_opens_nothing_is_held_at_the_first_doubt(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(created())
        (told,) = await mailer.hears(MailRefused)
    assert (told.reason, len(smtp.messages)) == ("in_doubt", 1)


async def test_a_connection_lost_before_the_message_was_given_is_no_doubt(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await mailer.state(cause, "sending")
        await smtp.stop()
        (told,) = await mailer.hears(MailDeferred)
        smtp.hang.clear()
        await smtp.start()
        await mailer.make_due(cause)
        row = await mailer.state(cause, "accepted")
    assert (told.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_a_mail_server_that_is_away_holds_everything_and_loses_nothing(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    await smtp.stop()
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        causes = [await mailer.publish(asked(address=f"p{n}@labo.example")) for n in range(8)]
        told = await mailer.hears(MailDeferred, 8)
        assert {one.reason for one in told} == {"unreachable"}
        await smtp.start()
        await mailer.hears(MailAccepted, 8)
        deferred = sorted(one.cause for one in mailer.of(MailDeferred))
    assert deferred == sorted(causes)  # said once each
    assert sorted(one.recipients[0] for one in smtp.messages) == [
        f"p{n}@labo.example" for n in range(8)
    ]


async def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(asked())
        await mailer.hears(MailAccepted)
        await smtp.stop()
        await smtp.start()
        await mailer.publish(asked())
        await mailer.hears(MailAccepted, 2)
    assert mailer.of(MailDeferred) == []
    assert len(smtp.messages) == 2


async def test_one_connection_carries_many_mails(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_CONNECTIONS="2"):
        for _ in range(20):
            await mailer.publish(asked())
        await mailer.hears(MailAccepted, 20)
    assert smtp.connections <= 2
