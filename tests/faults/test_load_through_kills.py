"""`kill -9` of every service and both servers in turn, under a steady load of whole journeys.

People go from the account form to a sign-in on a second device, and another application files a
dossier for each: some are on their way whenever something is killed. Once all have arrived,
everything is counted.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from aiormq.exceptions import AMQPError, ChannelInvalidStateError

from operations.provision.partners import FOLDER, partner, write
from operations.provision.permissions import partner_definitions
from services.push.store import MAX_AT_ONCE, set_receiver
from services.support.journal_verification_store import verify
from shared.contracts.base import EVENTS
from shared.contracts.registration.events import AccountCreated
from shared.database import acquire, open_pool
from shared.database.pool import CONNECTION_ERRORS
from shared.messaging.envelope import Envelope, contract
from shared.security.sealing import KeyRing
from tests.support import eventually
from tests.support.actors.filing_app import connect_filing_app, filed
from tests.support.actors.retrying_account_holder import RetryingAccountHolder
from tests.support.actors.retrying_registrant import PAUSE
from tests.support.servers.captured_events import capture_events, take_captured
from tests.support.servers.fault_rig import SERVICES, FaultRig
from tests.support.servers.services import principals, services

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

#: So many people are on their way at any moment.
AT_ONCE = 4
#: What a journey publishes once all its mails are sent, and how often.
JOURNEY = {
    "registration.AccountRequested.v1": 1,
    "registration.EmailVerified.v1": 1,
    "registration.AccountCreated.v1": 1,
    "registration.PasswordAccepted.v1": 2,
    "mfa.AuthenticatorEnrolled.v1": 1,
    "gateway.SessionOpened.v1": 2,
}
#: Published again where the broker did not confirm it, and once for each mail.
OTHERS = {"backoffice.DossierFiled.v1", "mailer.MailAccepted.v1", "mailer.MailRefused.v1"}
#: The mails of a journey; the first bears a code, and is sent again after an uncertain attempt.
CODE_MAIL = "validation"
MAILS = (CODE_MAIL, "finalisation", "phone_enrolled", "new_device")
PARTNER = "laboratory"
OWNED = """
select account.id::text,
    (select count(*) from registration.requests where address = account.address) as requests,
    (select count(*) from mfa.authenticators where account_id = account.id) as phones,
    (select count(*) from gateway.sessions where account_id = account.id and level = 'full')
        as sessions,
    (select count(*) from dossiers.dossiers where account_id = account.id) as dossiers
from registration.accounts as account where address = any($1)
"""
#: What the other application meets while a server that was killed is not back yet.
UNAVAILABLE_ERRORS = (
    *CONNECTION_ERRORS,
    *(asyncpg.InterfaceError, AMQPError, ChannelInvalidStateError, OSError, TimeoutError),
)


@dataclass
class Load:
    """A steady load: where a person has arrived another begins, until `stopping`."""

    rig: FaultRig
    people: list[RetryingAccountHolder] = field(default_factory=list)
    arrived: int = 0
    stopping: bool = False

    @property
    def addresses(self) -> list[str]:
        """Everybody's address."""
        return [person.address for person in self.people]

    async def run(self) -> None:
        """All of them; the first one that fails ends it."""
        async with asyncio.TaskGroup() as together:
            for _ in range(AT_ONCE):
                together.create_task(self._one_after_another())

    async def _one_after_another(self) -> None:
        while not self.stopping:
            person = self.rig.account_holder()
            self.people.append(person)
            await person.settle()
            person.another_browser()
            page = await person.give_password()
            given = page.form("/connexion/code") | {"code": person.shown.code(1)}
            answer = await person.press("/connexion/code", given)
            # Without an answer of profile, the home page shows what is left to do.
            assert answer.location in ("/informations", "/accueil"), answer.location
            await self._file(person)
            await person.close()
            self.arrived += 1

    async def _file(self, person: RetryingAccountHolder) -> None:
        """A dossier of this person, published until the broker confirms it."""
        event = filed()
        while True:
            try:
                query = "select id::text from registration.accounts where address = $1"
                (account,) = await self.rig.rows(query, person.address)
                async with connect_filing_app(self.rig.system) as app:
                    return await app.publish(account["id"], event)
            except UNAVAILABLE_ERRORS:
                await asyncio.sleep(PAUSE)


async def _kill_each(rig: FaultRig, load: Load, running: asyncio.Task[None]) -> None:
    """Kill all in turn; each is back, and somebody has arrived since, before the next one."""
    for target in (*SERVICES, "broker", "database"):
        await rig.kill(target)
        await rig.supervisor.ready()
        before = load.arrived
        await eventually(
            lambda before=before: running.done() or load.arrived > before,
            60,
            why=f"somebody arrives after {target} was killed",
        )
        if running.done():
            return


async def _add_partner(rig: FaultRig) -> None:
    """A partner to whom every new account is posted, provisioned as the command does it."""
    one = partner(PARTNER, [AccountCreated.TYPE], push=f"{rig.receiver.url}/{PARTNER}")
    write(one)
    broker = rig.system.broker
    broker.admin.import_definitions(partner_definitions(broker.vhost, one, "", principals()))
    await rig.receiver.start()
    connection = await asyncpg.connect(
        rig.system.database.admin_url, server_settings={"search_path": "push"}
    )
    await set_receiver(connection, one.name, one.push)
    await connection.close()


async def test_b_08_whole_journeys_go_through_a_kill_of_each_part(
    ready_rig: FaultRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B-08, B-05: each person has one account, phone and dossier, every event is in the journal
    once, and every mail was sent once; one whose fate was unknown after a kill is sent again if it
    bears a code, and held otherwise."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    rig, load = ready_rig, Load(ready_rig)
    await _add_partner(rig)
    async with capture_events(rig.system.broker):
        running = asyncio.create_task(load.run())
        try:
            await _kill_each(rig, load, running)
            load.stopping = True
            await running
        finally:
            running.cancel()
        await _at_rest(rig, load.addresses)
        events = await take_captured(rig.system.broker)

    rows = await rig.rows(OWNED, load.addresses)
    accounts = {row["id"] for row in rows}
    assert len(accounts) == len(rows) == load.arrived == len(load.people)
    counts = Counter((r["requests"], r["phones"], r["sessions"], r["dossiers"]) for r in rows)
    assert counts == {(1, 1, 2, 1): load.arrived}
    ours = {key: one for key, one in events.items() if one.subject in accounts}
    await _check_inboxes(rig, ours)
    await _check_journal(rig, accounts, ours)
    await _check_mails(rig, load.addresses)
    _check_posts(rig, ours)


async def _at_rest(rig: FaultRig, addresses: Collection[str]) -> None:
    """Wait until no mail and no post waits, every queue and outbox is empty, no letter is dead."""

    async def all_sent() -> bool:
        (row,) = await rig.rows(
            "select (select count(*) from mailer.deliveries where address = any($1)"
            " and ended_at is null and state <> 'held') as mails,"
            " (select count(*) from push.deliveries where state <> 'delivered') as posts",
            addresses,
        )
        return (row["mails"], row["posts"]) == (0, 0)

    await rig.queues_empty()
    # An attempt that was cut off by a kill is made again once its lease of a minute has run out.
    await eventually(all_sent, 90, every=0.1, why="no mail and no post waits")
    await rig.queues_empty()


async def _check_inboxes(rig: FaultRig, events: Mapping[str, Envelope]) -> None:
    """Every service has handled every event that concerns it."""
    for service in services():
        heard = {each.event.TYPE: each for each in service.hears}
        expected = {
            key
            for key, one in events.items()
            if one.type in heard and heard[one.type].concerns(contract(one, EVENTS))
        }
        query = f"select message_id::text from {service.name}.inbox where message_id = any($1)"
        rows = await rig.rows(query, list(expected))
        assert {row["message_id"] for row in rows} == expected, service.name


async def _check_journal(
    rig: FaultRig, accounts: Collection[str], events: Mapping[str, Envelope]
) -> None:
    """Every event is there once, nothing happened twice, no code was refused, the chain holds."""
    entries = await rig.rows(
        "select id::text, account_id::text, type from support.journal_entries"
        " where account_id = any($1)",
        list(accounts),
    )
    assert Counter(entry["id"] for entry in entries) == Counter(events.keys())
    said: dict[str, Counter[str]] = {account: Counter() for account in accounts}
    for entry in entries:
        if entry["type"] not in OTHERS:
            said[entry["account_id"]][entry["type"]] += 1
    assert {key: one for key, one in said.items() if one != JOURNEY} == {}

    async def all_linked() -> bool:
        query = (
            "select count(*) as n from support.journal_links where entry_number in"
            " (select number from support.journal_entries where account_id = any($1))"
        )
        (row,) = await rig.rows(query, list(accounts))
        return bool(row["n"] == len(entries))

    await eventually(all_linked, 60, every=0.1, why="every entry has a link")
    keys = KeyRing.parse(rig.system.environment("support")["IMPEX_JOURNAL_KEYS"])
    pool = await open_pool(rig.system.database.url("support"), "support", "tests", 1)
    async with acquire(pool) as connection:
        report = await verify(connection, keys)
    await pool.close()
    assert report.intact, report.findings


async def _check_mails(rig: FaultRig, addresses: Collection[str]) -> None:
    """One delivery of each mail to everybody, and as many messages as the documents allow."""
    mails = await rig.rows(
        "select mail_id::text, template, state, doubts, address from mailer.deliveries"
        " where address = any($1)",
        list(addresses),
    )
    expected = Counter((address, template) for address in addresses for template in MAILS)
    assert Counter((mail["address"], mail["template"]) for mail in mails) == expected
    received = Counter(
        str(one.message["Message-ID"]).strip("<>").partition("@")[0] for one in rig.smtp.messages
    )
    for mail in mails:
        sent, doubts = received[mail["mail_id"]], mail["doubts"]
        if mail["template"] == CODE_MAIL:
            assert mail["state"] == "accepted", mail
            assert 1 <= sent <= 1 + doubts <= 2, (sent, mail)
        elif doubts:
            assert (mail["state"], doubts, sent <= 1) == ("held", 1, True), (sent, mail)
        else:
            assert (mail["state"], sent) == ("accepted", 1), (sent, mail)
    # Only kills of the mailer and of the database leave doubts, about the mails of that moment: at
    # most two of each person.
    assert sum(mail["doubts"] for mail in mails) <= 2 * 2 * AT_ONCE


def _check_posts(rig: FaultRig, events: Mapping[str, Envelope]) -> None:
    """The partner has every new account; it may be posted again where push or the database was
    killed between the answer and its commit."""
    created = {key for key, one in events.items() if one.type == AccountCreated.TYPE}
    posted = [json.loads(one.body)["id"] for one in rig.receiver.to(f"/{PARTNER}")]
    assert set(posted) == created
    assert len(posted) <= len(created) + 2 * MAX_AT_ONCE
