"""What the mail server says, and what becomes of the mail (bad inputs 58 and 59, EM-11)."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.integration.mailer.post_office import PostOffice, asked, created
from tests.support.mail_server import MailServer
from tests.support.system import System

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
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(REFUSALS, 1):
            smtp.answer(stage, reply)
            cause = await office.say(asked())
            told = (await office.hears(MailRefused, number))[-1]
            assert (told.cause, told.reason) == (cause, reason), reply
            row = await office.row(cause)
            assert (row["state"], row["sealed"]) == ("refused", None)
            (attempt,) = await office.attempts(cause)
            assert attempt["smtp_code"] == int(reply[:3])
            assert attempt["answer"] == reply[4:]
    assert smtp.messages == []


async def test_em_11_a_refusal_for_now_is_tried_again(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(DEFERRALS, 1):
            smtp.answer(stage, reply)
            cause = await office.say(asked())
            told = (await office.hears(MailDeferred, number))[-1]
            assert (told.cause, told.reason) == (cause, reason), reply
            assert told.next_try_at - told.at == timedelta(minutes=1)
            await office.make_due(cause)
            await office.state(cause, "accepted")
        accepted = await office.hears(MailAccepted, len(DEFERRALS))
    assert len(smtp.messages) == len(accepted) == len(DEFERRALS)
    assert office.of(MailRefused) == []


async def test_em_11_the_waits_grow_as_the_setting_says_then_come_hourly(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.always("RCPT", "450 4.2.0 greylisted")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_RETRY="2,7"):
        cause = await office.say(asked())
        for number in range(1, 5):
            await office.hears(MailDeferred, number)
            await office.state(cause, "deferred")
            await office.make_due(cause)
        told = await office.hears(MailDeferred, 5)
    waits = [round((one.next_try_at - one.at).total_seconds() / 60) for one in told]
    assert waits == [2, 7, 60, 60, 60]


async def test_a_deferral_beyond_the_life_of_the_code_is_the_end(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "450 4.2.0 greylisted")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked(life=timedelta(seconds=50)))
        (told,) = await office.hears(MailRefused)
        row = await office.row(cause)
    assert (told.reason, row["state"], row["sealed"]) == ("expired", "refused", None)


async def test_a_code_that_has_run_out_is_not_mailed_late(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked(life=timedelta(seconds=-1)))
        (told,) = await office.hears(MailRefused)
        row = await office.row(cause)
    assert (told.reason, row["state"], row["sealed"]) == ("expired", "dropped", None)
    assert smtp.messages == []


async def test_59_silence_before_the_message_was_given_is_no_doubt(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_TIMEOUT="1"):
        cause = await office.say(asked())
        (told,) = await office.hears(MailDeferred)
        smtp.hang.clear()
        await office.make_due(cause)
        row = await office.state(cause, "accepted")
    assert (told.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_59_silence_after_the_message_was_given_is_a_doubt(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.hang.add("DATA")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_FINAL_TIMEOUT="1"):
        cause = await office.say(asked())

        row = await office.state(cause, "held")
        (told,) = await office.hears(MailRefused)
        outcomes = [each["outcome"] for each in await office.attempts(cause)]
    assert (told.reason, row["doubts"], outcomes) == ("in_doubt", 2, ["in_doubt", "in_doubt"])


async def test_59_a_validation_mail_in_doubt_goes_again_once_with_the_same_id_and_code(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked())
        await office.hears(MailAccepted)
        row = await office.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert row["doubts"] == 1


async def test_59_a_second_doubt_waits_for_a_person(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.drop_after_data = 5
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked())
        (told,) = await office.hears(MailRefused)
        row = await office.state(cause, "held")
    assert (told.reason, len(smtp.messages)) == ("in_doubt", 2)
    assert row["sealed"] is not None  # so that a person may still send it


async def test_59_a_mail_that_opens_nothing_is_held_at_the_first_doubt(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await office.say(created())
        (told,) = await office.hears(MailRefused)
    assert (told.reason, len(smtp.messages)) == ("in_doubt", 1)


async def test_a_connection_lost_before_the_message_was_given_is_no_doubt(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await office.say(asked())
        await office.state(cause, "sending")
        await smtp.stop()
        (told,) = await office.hears(MailDeferred)
        smtp.hang.clear()
        await smtp.start()
        await office.make_due(cause)
        row = await office.state(cause, "accepted")
    assert (told.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_a_mail_server_that_is_away_holds_everything_and_loses_nothing(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    await smtp.stop()
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        causes = [await office.say(asked(address=f"p{n}@labo.example")) for n in range(8)]
        told = await office.hears(MailDeferred, 8)
        assert {one.reason for one in told} == {"unreachable"}
        await smtp.start()
        await office.hears(MailAccepted, 8)
        deferred = sorted(one.cause for one in office.of(MailDeferred))
    assert deferred == sorted(causes)  # said once each
    assert sorted(one.recipients[0] for one in smtp.messages) == [
        f"p{n}@labo.example" for n in range(8)
    ]


async def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await office.say(asked())
        await office.hears(MailAccepted)
        await smtp.stop()
        await smtp.start()
        await office.say(asked())
        await office.hears(MailAccepted, 2)
    assert office.of(MailDeferred) == []
    assert len(smtp.messages) == 2


async def test_one_connection_carries_many_mails(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_CONNECTIONS="2"):
        for _ in range(20):
            await office.say(asked())
        await office.hears(MailAccepted, 20)
    assert smtp.connections <= 2
