"""Security notices: from what happened to an account to the mail that tells its holder."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from services.mailer.messages import NOT_ME_PURPOSE
from shared.contracts.mailer import MailAccepted, MailRefused
from shared.contracts.mfa.events import RecoveryCodeUsed
from shared.contracts.registration.events import PasswordChanged
from shared.security.sealing import KeyRing
from shared.security.signed_tokens import read
from tests.support.mail.mail_server import MailServer
from tests.support.mail.mailer_fixture import ACCOUNT, OTHER, MailerFixture, created, now
from tests.support.mail.sample_events import everything, locked, opened, refused
from tests.support.servers.system import System, keys
from tests.support.waiting import eventually

LINK = re.compile(r"http://127\.0\.0\.1:8080/ce-n-est-pas-moi\?jeton=(\S+)")
TABLES = ("deliveries", "attempts", "directory", "inbox", "outbox", "closed_requests")


def changed() -> PasswordChanged:
    return PasswordChanged(by="reset", changed_at=now(), device="Firefox, Windows")


async def known(mailer: MailerFixture, account: str = ACCOUNT, **more: str) -> None:
    """The directory has the account, and its finalisation mail has left."""
    await mailer.state(await mailer.publish(created(**more), subject=account), "accepted")


async def test_g_50_au_07_each_security_event_brings_its_one_mail_however_often_it_is_said(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    """B-04: no table holds the token of a link, and no mail leads where its account is not."""
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        causes = {await mailer.publish(event, times=2): name for event, name in everything()}
        rows = [await mailer.state(cause, "accepted") for cause in causes]
        await mailer.all_handled()
        kept = " ".join(
            [str(await mailer.database.fetch(f"SELECT t::text FROM {table} t")) for table in TABLES]
        )
    assert [row["template"] for row in rows] == list(causes.values())
    assert all((row["request_id"], row["subject"]) == (None, ACCOUNT) for row in rows)
    notices = smtp.messages[1:]
    assert len(notices) == len(causes)
    assert {one.recipients for one in notices} == {("pierre@labo.example",)}
    assert all("Bonjour Élodie O'Brien," in one.text() for one in notices)
    assert len({one.message["Message-ID"] for one in notices}) == len(causes)
    tokens = [token for one in notices for token in LINK.findall(one.text())]
    assert len(tokens) == len(causes) - 2
    assert not any(token in kept or token.rpartition(".")[2] in kept for token in tokens)


async def test_the_link_that_was_sent_is_one_that_registration_reads(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        row = await mailer.state(await mailer.publish(changed()), "accepted")
    (token,) = LINK.findall(smtp.messages[-1].text())
    signed = read(KeyRing.parse(keys()["IMPEX_DISAVOWAL_KEYS"]), NOT_ME_PURPOSE, token)
    assert signed is not None
    assert signed.parts == (UUID(ACCOUNT).hex, row["mail_id"].hex)
    assert signed.expires_at == (row["written_at"] + timedelta(days=7)).replace(microsecond=0)


async def test_g_51_the_notice_is_in_the_holders_language(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer, language="en")
        await mailer.publish(opened(new=True))
        await mailer.hears(MailAccepted, 2)
    notice = smtp.messages[-1]
    assert notice.message["Subject"] == "New sign-in to your IMPEXWEB account"
    assert "Device: Firefox, Windows\n    Network: 203.0.113.0/24" in notice.text().replace(
        "\r\n", "\n"
    )


async def test_mq_01_a_notice_replayed_after_the_inbox_forgot_it_is_no_second_mail(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        cause = await mailer.publish(changed())
        await mailer.state(cause, "accepted")
        await mailer.database.execute("DELETE FROM inbox WHERE message_id = $1", UUID(cause))
        await mailer.replay(cause)
        await mailer.all_handled()
    assert len(smtp.messages) == 2


async def test_mq_01_an_event_about_an_account_not_yet_in_the_directory_waits_for_it(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(changed())
        await mailer.waits_in("mailer.retry.5s")
        assert await mailer.row(cause) is None
        await known(mailer)
        await mailer.state(cause, "accepted")
    assert len(smtp.messages) == 2


async def test_au_07_a_lock_of_no_account_is_told_to_nobody(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(locked(), subject=None)
        await mailer.all_handled()
        assert await mailer.templates() == []
    assert smtp.messages == []


async def test_au_07_refused_codes_are_told_at_the_third_and_the_sixth(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        causes = [await mailer.publish(refused(number)) for number in range(8)]
        await mailer.all_handled()
        told = [number for number, cause in enumerate(causes) if await mailer.row(cause)]
    assert told == [3, 6]


@pytest.mark.parametrize(
    ("new", "failures", "template"),
    [
        (True, 0, "new_device"),
        (True, 5, "new_device"),
        (False, 2, None),
        (False, 3, "opened_after_failures"),
    ],
)
async def test_au_07_a_sign_in_is_told_from_a_new_device_or_after_three_failures(
    system: System,
    mailer: MailerFixture,
    smtp: MailServer,
    new: bool,
    failures: int,
    template: str | None,
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        cause = await mailer.publish(opened(new=new, failures=failures))
        await mailer.all_handled()
        row = await mailer.row(cause)
    assert (row and row["template"]) == template


async def test_notices_about_failures_are_three_a_day_for_an_account(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    """In whatever order they are heard of; a day on there are more, and others have their own."""
    start = now()
    hours = [10, 0, 5, 1, 12, 23]
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await known(mailer, OTHER)
        causes = {}
        for hour in hours:
            at = start + timedelta(hours=hour)
            event = opened(failures=3, at=at) if hour % 2 else refused(3, at)
            causes[hour] = await mailer.publish(event)
            await mailer.all_handled()
        tomorrow = await mailer.publish(refused(3, start + timedelta(hours=36)))
        other = await mailer.publish(refused(3, start), subject=OTHER)
        await mailer.all_handled()
        told = [hour for hour in hours if await mailer.row(causes[hour])]
        assert told == [10, 0, 5]
        assert await mailer.row(tomorrow)
        assert await mailer.row(other)


async def test_changes_new_devices_locks_and_recovery_codes_are_always_told(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    used = RecoveryCodeUsed(left=3, used_at=now())
    events = [
        *(refused(3) for _ in range(4)),
        *(event for _ in range(4) for event in (changed(), opened(new=True), locked(), used)),
    ]
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        for event in events:
            await mailer.publish(event)
        await mailer.all_handled()
        templates = await mailer.templates()
    assert templates.count("code_refused") == 3
    for name in ("password_changed", "new_device", "sign_in_locked", "recovery_code_used"):
        assert templates.count(name) == 4


async def test_parallel_mailers_keep_to_three(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with (
        system.run("mailer", IMPEX_SMTP_URL=smtp.url),
        system.run("mailer", IMPEX_SMTP_URL=smtp.url),
    ):
        await known(mailer)
        for _ in range(20):
            await mailer.publish(refused(3))
        await mailer.all_handled()
        assert (await mailer.templates()).count("code_refused") == 3


async def test_a_notice_in_doubt_waits_for_a_person(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        smtp.drop_after_data = 1
        await mailer.state(await mailer.publish(changed()), "held")
        (told,) = await mailer.hears(MailRefused)
    assert (told.template, told.reason) == ("password_changed", "in_doubt")


async def test_in_04_what_a_browser_says_of_itself_is_one_short_line(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    device = "Evil\r\n\r\nhttps://elsewhere/ " + "x" * 200
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        event = PasswordChanged(by="person", changed_at=now(), device=device)
        await mailer.state(await mailer.publish(event), "accepted")
    (line,) = [one for one in smtp.messages[-1].text().splitlines() if "Appareil" in one]
    assert line.strip().startswith("Appareil\u00a0: Evilhttpselsewhere xxx")
    assert len(line) <= 80


async def test_59_a_notice_about_no_account_dies_with_the_reason(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(changed(), subject="nonsense")
        assert "which account" in await mailer.dead_reason()


async def test_b_04_lg_02_no_log_shows_an_address_a_name_or_a_token(
    system: System, mailer: MailerFixture, smtp: MailServer
) -> None:
    process = system.spawn("mailer", IMPEX_SMTP_URL=smtp.url)
    await eventually(process.ready, 60, every=0.1, why="the mailer is ready")
    await known(mailer, address="discreet@labo.example", first_name="Xanthippe")
    await mailer.state(await mailer.publish(changed()), "accepted")
    assert process.stop() == 0
    said = process.log.read_text()
    (token,) = LINK.findall(smtp.messages[-1].text())
    assert "A mail was tried." in said
    for secret in (token, token.rpartition(".")[2], "discreet@", "Xanthippe"):
        assert secret not in said
