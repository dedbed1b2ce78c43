"""Replies of the mail server, and the resulting state of the mail (EM-11)."""

import dataclasses
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from aiosmtpd.smtp import SMTP

from operations.local.processes import free_port
from services.mailer import claims, operator_mails
from services.mailer.deliveries import Outcome, OutcomeKind, decide
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.registration.events import AccountRequested
from shared.outbox import outbox_row
from shared.security.seal_keys import SealingRing, new_seal_key
from shared.security.sealing import Sealer, new_key, seal_context
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import CODE, TOKEN, asked, created, now
from tests.support.waiting import eventually

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


async def test_em_11_a_permanent_refusal_ends_the_mail_with_the_reason(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(REFUSALS, 1):
            smtp.answer(stage, reply)
            cause = await mailer.publish(asked())
            event = (await mailer.emitted(MailRefused, number))[-1]
            assert (event.cause, event.reason) == (cause, reason), reply
            row = await mailer.row(cause)
            assert (row["state"], row["sealed"]) == ("refused", None)
            (attempt,) = await mailer.attempts(cause)
            assert attempt["smtp_code"] == int(reply[:3])
            assert attempt["answer"] == reply[4:]
    assert smtp.messages == []


async def test_em_11_an_answer_in_another_encoding_is_stored(
    mailer: MailerHarness, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SMTP.push

    async def push(self: SMTP, status: str | bytes) -> None:
        await known(self, status.encode("latin-1") if isinstance(status, str) else status)

    monkeypatch.setattr(SMTP, "push", push)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        smtp.answer("RCPT", "550 5.1.1 boîte inconnue")
        refused = await mailer.publish(asked())
        await mailer.emitted(MailRefused)
        smtp.answer("DATA", "250 2.0.0 accepté")
        accepted = await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
    for cause, answer in (
        (refused, "5.1.1 bo\N{REPLACEMENT CHARACTER}te inconnue"),
        (accepted, "2.0.0 accept\N{REPLACEMENT CHARACTER}"),
    ):
        (attempt,) = await mailer.attempts(cause)
        assert attempt["answer"] == answer


async def test_em_11_a_temporary_refusal_is_retried(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        for number, (stage, reply, reason) in enumerate(DEFERRALS, 1):
            smtp.answer(stage, reply)
            cause = await mailer.publish(asked())
            event = (await mailer.emitted(MailDeferred, number))[-1]
            assert (event.cause, event.reason) == (cause, reason), reply
            assert event.next_try_at - event.at == timedelta(minutes=1)
            await mailer.make_due(cause)
            await mailer.state(cause, "accepted")
        accepted = await mailer.emitted(MailAccepted, len(DEFERRALS))
    assert len(smtp.messages) == len(accepted) == len(DEFERRALS)
    assert await mailer.events(MailRefused) == []


async def test_em_11_the_delays_follow_the_setting_then_are_hourly(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.always("RCPT", "450 4.2.0 greylisted")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_RETRY="2,7"):
        cause = await mailer.publish(asked())
        for number in range(1, 5):
            await mailer.emitted(MailDeferred, number)
            await mailer.state(cause, "deferred")
            await mailer.make_due(cause)
        events = await mailer.emitted(MailDeferred, 5)
    waits = [round((one.next_try_at - one.at).total_seconds() / 60) for one in events]
    assert waits == [2, 7, 60, 60, 60]


async def test_a_mail_is_not_deferred_beyond_the_validity_of_its_code(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.answer("RCPT", "450 4.2.0 greylisted")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked(life=timedelta(seconds=50)))
        (event,) = await mailer.emitted(MailRefused)
        row = await mailer.row(cause)
    assert (event.reason, row["state"], row["sealed"]) == ("expired", "refused", None)


async def test_an_expired_code_is_not_mailed(mailer: MailerHarness, smtp: MailServer) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked(life=timedelta(seconds=-1)))
        (event,) = await mailer.emitted(MailRefused)
        row = await mailer.row(cause)
    assert (event.reason, row["state"], row["sealed"]) == ("expired", "dropped", None)
    assert smtp.messages == []


async def test_silence_before_the_message_was_transmitted_is_a_deferral(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_TIMEOUT="1"):
        cause = await mailer.publish(asked())
        (event,) = await mailer.emitted(MailDeferred)
        smtp.hang.clear()
        await mailer.make_due(cause)
        row = await mailer.state(cause, "accepted")
    assert (event.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_em_11_mails_are_deferred_at_once_while_a_silent_server_is_asked_again(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """It accepts connections and greets nobody: only the first mail waits for the time limit."""
    smtp.hang.add("CONNECT")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_TIMEOUT="3"):
        first = await mailer.publish(asked())
        await mailer.emitted(MailDeferred)
        await eventually(lambda: smtp.connections == 2, why="the server is asked again")
        later = await mailer.publish(asked())
        events = await mailer.emitted(MailDeferred, 2)
        assert (smtp.connections, smtp.without_greeting) == (2, 1)
        smtp.hang.clear()
        await mailer.emitted(MailAccepted, 2)
        rows = [await mailer.row(cause) for cause in (first, later)]
    assert [one.reason for one in events] == ["unreachable"] * 2
    assert [row["doubts"] for row in rows] == [0, 0]
    assert len(smtp.messages) == 2


async def test_silence_after_the_message_was_transmitted_is_an_uncertain_attempt(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.hang.add("DATA")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_FINAL_TIMEOUT="1"):
        cause = await mailer.publish(asked())
        row = await mailer.uncertain(cause, 1)
        outcomes = [each["outcome"] for each in await mailer.attempts(cause)]
    assert (row["reason"], outcomes) == ("in_doubt", ["in_doubt"])
    assert await mailer.events(MailRefused) == []


async def test_r_04_an_uncertain_validation_mail_waits_and_is_sent_again_with_the_same_id_and_code(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """By itself: a mail server that is cut for a moment costs nobody another message."""
    smtp.drop_after_data = 1
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        waiting = await mailer.uncertain(cause, 1)
        (attempt,) = await mailer.attempts(cause)
        assert 4 < (waiting["due_at"] - attempt["ended_at"]).total_seconds() <= 6
        await mailer.emitted(MailAccepted)
        row = await mailer.state(cause, "accepted")
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text() == second.text()
    assert row["doubts"] == 1


async def test_r_04_a_mail_is_held_at_its_third_uncertain_attempt(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.drop_after_data = 5
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        for number in (1, 2):
            await mailer.uncertain(cause, number)
            await mailer.make_due(cause)
        (event,) = await mailer.emitted(MailRefused)
        row = await mailer.state(cause, "held")
    assert (event.reason, len(smtp.messages)) == ("in_doubt", 3)
    assert row["sealed"] is not None  # so that an operator may still send it


async def test_a_mail_without_a_secret_is_held_at_its_first_uncertain_attempt(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.drop_after_data = 1
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(created())
        (event,) = await mailer.emitted(MailRefused)
    assert (event.reason, len(smtp.messages)) == ("in_doubt", 1)


async def test_r_06_a_mailer_that_was_stopped_for_a_while_keeps_its_own_mails(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """A lease that ran out meanwhile is renewed: a mail on its way does not become uncertain."""
    smtp.silent_after_data = True
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(created())
        await mailer.state(cause, "transmitting")
        await mailer.database.execute("UPDATE deliveries SET lease_until = now() - interval '1 h'")

        async def renewed() -> bool:
            row = await mailer.row(cause)
            return bool(row["lease_until"] > row["written_at"])

        await eventually(renewed, why="the lease is renewed")
        smtp.silent_after_data = False
        row = await mailer.state(cause, "accepted")
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_a_connection_lost_before_the_message_was_transmitted_is_a_deferral(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.hang.add("RCPT")
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await mailer.state(cause, "sending")
        await smtp.stop()
        (event,) = await mailer.emitted(MailDeferred)
        smtp.hang.clear()
        await smtp.start()
        await mailer.make_due(cause)
        row = await mailer.state(cause, "accepted")
    assert (event.reason, row["doubts"], len(smtp.messages)) == ("unreachable", 0, 1)


async def test_a_mail_server_that_is_unavailable_holds_everything_and_loses_nothing(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    await smtp.stop()
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        causes = [await mailer.publish(asked(address=f"p{n}@labo.example")) for n in range(8)]
        events = await mailer.emitted(MailDeferred, 8)
        assert {one.reason for one in events} == {"unreachable"}
        await smtp.start()
        await mailer.emitted(MailAccepted, 8)
        deferred = sorted(one.cause for one in await mailer.events(MailDeferred))
    assert deferred == sorted(causes)  # reported once each
    assert sorted(one.recipients[0] for one in smtp.messages) == [
        f"p{n}@labo.example" for n in range(8)
    ]


async def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
        await smtp.stop()
        await smtp.start()
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted, 2)
    assert await mailer.events(MailDeferred) == []
    assert len(smtp.messages) == 2


async def test_one_connection_carries_many_mails(mailer: MailerHarness, smtp: MailServer) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SMTP_CONNECTIONS="2"):
        for _ in range(20):
            await mailer.publish(asked())
        await mailer.emitted(MailAccepted, 20)
    assert smtp.connections <= 2


async def test_an_operator_drops_a_held_mail(mailer: MailerHarness, smtp: MailServer) -> None:
    smtp.drop_after_data = 1
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(created())
        row = await mailer.state(cause, "held")
        assert await operator_mails.drop(mailer.database, row["mail_id"])
        assert await operator_mails.list_mails(mailer.database) == []
        assert (await mailer.row(cause))["state"] == "dropped"
    assert len(smtp.messages) == 1


async def test_b_08_a_result_is_recorded_after_a_database_outage(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.silent_after_data = True
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await eventually(lambda: smtp.messages, why="the message was given")
        await mailer.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'impex_mailer' AND datname = current_database()"
        )
        smtp.silent_after_data = False
        row = await mailer.state(cause, "accepted")
        await mailer.emitted(MailAccepted)
    assert (row["doubts"], len(smtp.messages)) == (0, 1)


async def test_cr_01_a_mail_whose_key_is_missing_waits_for_the_key(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """The sealed code cannot be opened: its key is not in the ring yet."""
    other = "t9:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SEAL_KEYS_MAILER=other):
        cause = await mailer.publish(asked())
        await mailer.emitted(MailDeferred)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.make_due(cause)
        await mailer.state(cause, "accepted")
    assert CODE in smtp.messages[0].text()


async def test_s_02_a_code_sealed_before_the_upgrade_is_mailed_after_it(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """Stored under the key that registration shared; the ring was rotated while it waited."""
    shared = new_key("k1")
    sealer = Sealer("mailer", SealingRing.parse(shared))
    code, token = (
        sealer.seal(plain, seal_context(AccountRequested, field))
        for plain, field in ((CODE, "code"), (TOKEN, "link_token"))
    )
    event = msgspec.structs.replace(asked(), code=code, link_token=token)
    nobody = f"smtp://127.0.0.1:{free_port()}"
    async with mailer.run(IMPEX_SMTP_URL=nobody, IMPEX_SEAL_KEYS_MAILER=shared):
        cause = await mailer.publish(event)
        await mailer.emitted(MailDeferred)
    rotated = f"{new_seal_key('k2')},{shared}"
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_SEAL_KEYS_MAILER=rotated):
        await mailer.make_due(cause)
        await mailer.state(cause, "accepted")
    assert CODE in smtp.messages[0].text()


async def test_b_08_who_lost_a_claim_records_and_publishes_nothing(mailer: MailerHarness) -> None:
    """Another mailer has the mail by now; the outcome, the attempt and the event are its own."""
    async with mailer.run(IMPEX_SMTP_URL=f"smtp://127.0.0.1:{free_port()}"):
        cause = await mailer.publish(asked())
        await mailer.emitted(MailDeferred)
    at = now()
    (delivery,) = await claims.claim(mailer.database, 1, uuid4(), 60, at + timedelta(days=1))
    accepted = Outcome(kind=OutcomeKind.ACCEPTED, code=250, answer="OK")
    transition = decide(delivery, accepted, at, ())
    event = MailAccepted(mail_id=str(delivery.mail_id), cause=cause, template="validation", at=at)
    row = outbox_row("mailer", event, subject=None, now=at)

    async def record(claim: UUID) -> tuple[bool, str, int, int]:
        done = await claims.record(
            mailer.database,
            dataclasses.replace(delivery, claim=claim),
            transition,
            at,
            attempt=(accepted, at),
            events=[row],
        )
        attempts = len(await mailer.attempts(cause))
        state = (await mailer.row(cause))["state"]
        return done, state, attempts, len(await mailer.events(MailAccepted))

    before = len(await mailer.attempts(cause))
    assert await record(uuid4()) == (False, "sending", before, 0)
    assert delivery.claim is not None
    assert await record(delivery.claim) == (True, "accepted", before + 1, 1)
    # The answer to the commit was lost: the same again.
    assert await record(delivery.claim) == (False, "accepted", before + 1, 1)
