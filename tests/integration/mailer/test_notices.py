"""Security notices: from what happened to an account to the mail to its holder."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from services.mailer.messages import NOT_ME_PURPOSE
from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import MailAccepted, MailRefused
from shared.contracts.mfa.events import AuthenticatorReplaced, RecoveryCodeUsed
from shared.contracts.registration.events import AccountThawed, PasswordChanged
from shared.contracts.registration.recovery_address import RecoveryAddressChanged
from shared.security.sealing import KeyRing
from shared.security.signed_tokens import read
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import (
    ACCOUNT,
    OTHER,
    created,
    everything,
    locked,
    now,
    opened,
    refused,
    removal_planned,
    replacement_opened,
    replacement_planned,
)
from tests.support.servers.system import keys

LINK = re.compile(r"http://127\.0\.0\.1:8080/ce-n-est-pas-moi\?jeton=(\S+)")
TABLES = ("deliveries", "attempts", "directory", "inbox", "outbox", "closed_requests")


def changed() -> PasswordChanged:
    return PasswordChanged(by="reset", changed_at=now(), device="Firefox, Windows")


async def known(mailer: MailerHarness, account: str = ACCOUNT, **more: str) -> None:
    """The directory has the account, and its finalisation mail has left."""
    await mailer.state(await mailer.publish(created(**more), subject=account), "accepted")


async def test_g_50_au_07_each_security_event_brings_its_one_mail_however_often_it_is_published(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """B-04: no table holds the token of a link, and no mail goes to another account's address."""
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        causes = {await mailer.publish(event, times=2): name for event, name in everything()}
        rows = [await mailer.state(cause, "accepted") for cause in causes]
        await mailer.all_handled()
        stored = " ".join(
            [str(await mailer.database.fetch(f"SELECT t::text FROM {table} t")) for table in TABLES]
        )
    assert [row["template"] for row in rows] == list(causes.values())
    owners = {row["template"]: (row["request_id"], row["subject"]) for row in rows}
    # Whoever joined an account again did so by a request.
    assert owners.pop("account_resumed")[1] == ACCOUNT
    assert set(owners.values()) == {(None, ACCOUNT)}, owners
    notices = smtp.messages[1:]
    assert len(notices) == len(causes)
    assert {one.recipients for one in notices} == {("pierre@labo.example",)}
    assert all("Bonjour Élodie O'Brien," in one.text() for one in notices)
    assert len({one.message["Message-ID"] for one in notices}) == len(causes)
    tokens = [token for one in notices for token in LINK.findall(one.text())]
    # Not where an account is closed or has no credentials, strangers provoke it (S-04), or a lost
    # phone has its own link.
    assert len(tokens) == len(causes) - 6
    assert not any(token in stored or token.rpartition(".")[2] in stored for token in tokens)


async def test_the_sent_link_is_accepted_by_registration(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        row = await mailer.state(await mailer.publish(changed()), "accepted")
    (token,) = LINK.findall(smtp.messages[-1].text())
    signed = read(KeyRing.parse(keys()["IMPEX_DISAVOWAL_KEYS"]), NOT_ME_PURPOSE, token)
    assert signed is not None
    assert signed.parts == (UUID(ACCOUNT).hex, row["mail_id"].hex)
    assert signed.expires_at == (row["written_at"] + timedelta(days=7)).replace(microsecond=0)


async def test_g_51_the_notice_is_in_the_holders_language(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer, language="en")
        await mailer.publish(opened(new=True))
        await mailer.emitted(MailAccepted, 2)
    notice = smtp.messages[-1]
    assert notice.message["Subject"] == "New sign-in to your IMPEXWEB account"
    assert "Device: Firefox, Windows\n    Network: 203.0.113.0/24" in notice.text().replace(
        "\r\n", "\n"
    )


async def test_mq_01_a_notice_replayed_after_the_inbox_was_purged_is_no_second_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        cause = await mailer.publish(changed())
        await mailer.state(cause, "accepted")
        await mailer.database.execute("DELETE FROM inbox WHERE message_id = $1", UUID(cause))
        await mailer.replay(cause)
        await mailer.all_handled()
    assert len(smtp.messages) == 2


async def test_au_07_a_lock_of_no_account_brings_no_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(locked(), subject=None)
        await mailer.all_handled()
        assert await mailer.templates() == []
    assert smtp.messages == []


async def test_au_07_refused_codes_bring_a_mail_at_the_third_and_the_sixth(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        causes = [await mailer.publish(refused(number)) for number in range(8)]
        await mailer.all_handled()
        noticed = [number for number, cause in enumerate(causes) if await mailer.row(cause)]
    assert noticed == [3, 6]


@pytest.mark.parametrize(
    ("new", "failures", "template"),
    [
        (True, 0, "new_device"),
        (True, 5, "new_device"),
        (False, 2, None),
        (False, 3, "opened_after_failures"),
    ],
)
async def test_au_07_a_sign_in_brings_a_mail_from_a_new_device_or_after_three_failures(
    mailer: MailerHarness,
    smtp: MailServer,
    new: bool,
    failures: int,
    template: str | None,
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        cause = await mailer.publish(opened(new=new, failures=failures))
        await mailer.all_handled()
        row = await mailer.row(cause)
    assert (row and row["template"]) == template


async def test_notices_about_failures_are_three_a_day_for_an_account(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """In any order; a day later more are allowed, and each account has its own limit."""
    start = now()
    hours = [10, 0, 5, 1, 12, 23]
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
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
        noticed = [hour for hour in hours if await mailer.row(causes[hour])]
        assert noticed == [10, 0, 5]
        assert await mailer.row(tomorrow)
        assert await mailer.row(other)


def later() -> SessionOpened:
    """A new device an hour later: another act."""
    return opened(new=True, at=now() + timedelta(hours=1))


@pytest.mark.parametrize(
    ("stronger", "sent"),
    [
        (lambda: changed(), False),
        (lambda: AuthenticatorReplaced(by="phone", replaced_at=now()), True),
        (lambda: AccountThawed(thawed_at=now()), False),
        (lambda: locked(), True),
    ],
    ids=["password", "phone", "thaw", "lock"],
)
async def test_p_17_a_sign_in_of_the_same_act_brings_no_mail_of_its_own(
    mailer: MailerHarness, smtp: MailServer, stronger: Callable[[], Event], sent: bool
) -> None:
    """After a lock, or on another device after a new phone, it is another act; so it is later."""
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await mailer.state(await mailer.publish(stronger()), "accepted")
        await mailer.publish(opened(new=True))
        await mailer.all_handled()
        assert ("new_device" in await mailer.templates()) == sent
        await mailer.state(await mailer.publish(later()), "accepted")
        assert "new_device" in await mailer.templates()


async def test_changes_new_devices_locks_and_recovery_codes_always_bring_a_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    used = RecoveryCodeUsed(left=3, used_at=now())
    events = [
        *(refused(3) for _ in range(4)),
        *(event for _ in range(4) for event in (changed(), later(), locked(), used)),
    ]
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        for event in events:
            await mailer.publish(event)
        await mailer.all_handled()
        templates = await mailer.templates()
    assert templates.count("code_refused") == 3
    for name in ("password_changed", "new_device", "sign_in_locked", "recovery_code_used"):
        assert templates.count(name) == 4


async def test_parallel_mailers_keep_to_three(mailer: MailerHarness, smtp: MailServer) -> None:
    async with (
        mailer.run(IMPEX_SMTP_URL=smtp.url),
        mailer.run(IMPEX_SMTP_URL=smtp.url),
    ):
        await known(mailer)
        await asyncio.gather(*(mailer.publish(refused(3)) for _ in range(20)))
        await mailer.all_handled()
        assert (await mailer.templates()).count("code_refused") == 3


async def test_an_uncertain_notice_is_held(mailer: MailerHarness, smtp: MailServer) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        smtp.drop_after_data = 1
        await mailer.state(await mailer.publish(changed()), "held")
        (event,) = await mailer.emitted(MailRefused)
    assert (event.template, event.reason) == ("password_changed", "in_doubt")


async def test_in_04_the_user_agent_is_one_short_line(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    device = "Evil\r\n\r\nhttps://elsewhere/ " + "x" * 200
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        event = PasswordChanged(by="person", changed_at=now(), device=device)
        await mailer.state(await mailer.publish(event), "accepted")
    (line,) = [one for one in smtp.messages[-1].text().splitlines() if "Appareil" in one]
    assert line.strip().startswith("Appareil\u00a0: Evilhttpselsewhere xxx")
    assert len(line) <= 80


async def test_ot_19_each_notice_of_a_lost_phone_goes_to_both_addresses(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    second = "secours@labo.example"
    events = (
        removal_planned(),
        replacement_planned(),
        replacement_planned(again=True),
        replacement_opened(),
        AuthenticatorReplaced(by="delay", replaced_at=now()),
    )
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await mailer.publish(RecoveryAddressChanged(address=second, changed_at=now()))
        await mailer.all_handled()
        for event in events:
            await mailer.publish(event, times=2)
        # With a code of the old phone it is no recovery.
        await mailer.publish(AuthenticatorReplaced(by="phone", replaced_at=now()))
        await mailer.all_handled()
        rows = await mailer.database.fetch("SELECT template, address FROM deliveries")
    (first,) = {row["address"] for row in rows} - {second}
    links = [
        {
            link
            for message in smtp.messages
            if address in message.recipients
            for link in re.findall(r"https?://\S+/suivi/demande\S*", message.text())
        }
        for address in (first, second)
    ]
    assert links[0] == links[1] != set(), "either address stops it"
    sent = Counter((row["template"], row["address"] == second) for row in rows)
    notices = {
        "phone_removal_planned": 1,
        "phone_replacement_planned": 2,
        "phone_replacement_open": 1,
        "phone_replaced": 2,
    }
    assert {name: sent[name, False] for name in notices} == notices
    seconds = {f"{name}_second": count for name, count in notices.items()}
    seconds["phone_replaced_second"] = 1
    assert {name: sent[name, True] for name in seconds} == seconds
