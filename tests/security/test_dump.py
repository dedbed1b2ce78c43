"""A dump of all schemas and queues holds no secret, code, token or readable key of a phone (B-04,
OT-10, OT-18, LG-02, MQ-04, RE-02).

Every service runs by one clock; every journey runs once with its errors; services stop in between,
so that requests and events wait; messages fail, so that dead letters stay. After each step
everything stored is read again, and at the end all secrets that were typed, shown, mailed or
published are searched for in it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from operations.local.processes import free_port
from shared.contracts.registration.events import PasswordResetRequested
from shared.messaging.envelope import new_id
from shared.messaging.topology import dead_queue, requests_queue, retry_queue
from tests.security.data_rights_journeys import RIGHTS
from tests.security.journeys import (
    DECLARED,
    JOURNEYS,
    NAME,
    PHONE,
    STREET,
    accept,
    ask,
    person_again,
    prove,
    request_password_reset,
    settled,
    somebody,
)
from tests.security.leak_control import plant, require_control
from tests.security.leak_sources import REPLY_COPIES, LeakSources
from tests.security.metric_labels import unexpected_labels
from tests.security.recording_browser import REPORTER, RecordingPortal
from tests.security.secrets_seen import ENOUGH, Secrets
from tests.support import eventually
from tests.support.cheap_hashes import cheap_hashes
from tests.support.clock import Clock
from tests.support.logs import written_log
from tests.support.servers.bus_fixture import forge
from tests.support.servers.desk import desk_settings
from tests.support.servers.portal import separate_system
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System, gateway_settings

#: Every journey and service, on a machine that others use too.
pytestmark = pytest.mark.timeout(300)

SERVICES = (
    *("registration", "mfa", "profile", "dossiers", "mailer", "support"),
    *("gateway", "desk"),
)
#: Kinds that the journeys must produce, so that the search is not empty.
MET = (
    "password", "TOTP key", "otpauth URI", "recovery code", "form token", "link token",
    "disavowal token", "cookie impex-session", "cookie impex-presession", "cookie impex-browser",
    "key ring", "server password", "words to the desk", REPORTER,
)  # fmt: skip
#: Series that the journeys must produce; all services of this process show the same.
MEASURED = (
    'impex_sign_ins_total{outcome="right",service="registration"}',
    'impex_sign_ins_total{outcome="wrong",service="registration"}',
    'impex_codes_total{kind="totp",outcome="right",service="mfa"}',
    'impex_codes_total{kind="totp",outcome="wrong",service="mfa"}',
    'impex_codes_total{kind="mailed",outcome="right",service="registration"}',
    'impex_codes_total{kind="recovery",outcome="right",service="mfa"}',
    'impex_enrolments_total{by="first",service="mfa"}',
    'impex_mails_total{outcome="accepted",template="validation"}',
    'impex_mail_seconds_count{template="validation"}',
    'impex_mails_waiting{state="deferred"}',
    'impex_database_connections{service="gateway",state="limit"}',
    'impex_http_requests_total{method="POST",route="/connexion",status="303"}',
)
CODES = ("validation code", "address code", "TOTP code")
#: Tables that each service writes to, made to refuse every row.
REFUSING = (
    "gateway.sessions", "registration.requests", "mfa.enrolments", "mailer.deliveries",
    "profile.profiles",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _quick_starts() -> Iterator[None]:
    with cheap_hashes():
        yield


@dataclass
class Everybody:
    """All services in this loop, each stopped and started by itself."""

    system: System
    clock: Clock
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVICES})
    _stacks: dict[str, AsyncExitStack] = field(default_factory=dict)

    @property
    def running(self) -> list[str]:
        """The services that were started and not stopped."""
        return list(self._stacks)

    async def start(self, *names: str) -> None:
        for name in names:
            self._stacks[name] = AsyncExitStack()
            health = {f"IMPEX_{name.upper()}_HEALTH_PORT": str(self.ports[name])}
            run = self.system.run(name, clock=self.clock, **health)
            await self._stacks[name].enter_async_context(run)

    async def stop(self, *names: str) -> None:
        for name in names:
            await self._stacks.pop(name).aclose()


@asynccontextmanager
async def recorded_portal(
    test_servers: TestServers, folder: Path
) -> AsyncIterator[tuple[RecordingPortal, Everybody]]:
    """A portal with every service and a mail server, with recording browsers."""
    async with separate_system(test_servers, folder) as (system, sent_mails):
        port, clock = free_port(), Clock()
        portal = RecordingPortal(system, f"http://127.0.0.1:{port}", sent_mails, [], clock)
        await portal.mails.start()
        system.settings |= {
            **gateway_settings(port),
            **desk_settings(free_port()),
            "IMPEX_SMTP_URL": portal.mails.url,
            "IMPEX_LOG_LEVEL": "debug",
        }
        everybody = Everybody(system, clock)
        await everybody.start(*SERVICES)
        try:
            yield portal, everybody
        finally:
            await asyncio.gather(*(one.close() for one in portal.browsers))
            await everybody.stop(*everybody.running)
            await portal.mails.stop()


async def test_b_04_ot_18_lg_02_mq_04_a_dump_of_everything_holds_no_secret(
    test_servers: TestServers, tmp_path: Path
) -> None:
    with written_log("debug") as log:
        async with recorded_portal(test_servers, tmp_path) as (portal, everybody):
            evidence = LeakSources(portal.system)
            record_server_secrets(portal)
            for journey in (*JOURNEYS, *RIGHTS):
                await journey(portal)
                await evidence.collect()
            await while_the_second_factor_is_stopped(portal, everybody, evidence)
            await while_the_tables_refuse(portal, evidence)
            await while_the_mailer_is_stopped(portal, everybody, evidence)
            await dead_letters(portal, evidence)
            assert evidence.pieces[f"queue {REPLY_COPIES}"]
            await evidence.pages(everybody.ports)
            portal.read_mails()
            require_enough(portal.seen)
            await plant(portal.system, evidence)
        evidence.add("log", ours(log.getvalue()))
    texts = evidence.texts()
    require_control(texts)
    measured = [text for place, text in texts.items() if place.endswith(" /metrics")]
    assert unexpected_labels(measured) == set(), "a label has a value that is not known before"
    for series in MEASURED:
        assert series in measured[0], "a journey is in the metrics"
    assert "Traceback" in texts["log"], "a trace is looked at too"
    leaks = portal.seen.found_in(texts)
    assert leaks == {(REPORTER, "table mailer.deliveries")}, "only mails have an address in clear"
    # The information is in profile's own table, and sealed on its way.
    declared = Secrets()
    declared.add("telephone", PHONE, PHONE.removeprefix("0"))
    declared.add("street", STREET)
    assert {place for _, place in declared.found_in(texts)} == {"table profile.profiles"}
    # Tables need names and addresses; logs do not.
    personal = Secrets()
    personal.add("name", NAME)
    personal.add("address", *portal.addresses)
    named = personal.found_in({"log": texts["log"]})
    assert not named


def ours(log: str) -> list[str]:
    """The lines of this process without those of the mail server, which reads mails."""
    return [line for line in log.splitlines() if json.loads(line).get("source") != "mail.log"]


def record_server_secrets(portal: RecordingPortal) -> None:
    """Keys and the servers' passwords."""
    for name, value in portal.system.environment(*SERVICES).items():
        if "_KEYS" in name:
            portal.seen.add("key ring", *(one.partition(":")[2] for one in value.split(",")))
    passwords = {**portal.system.database.passwords, **portal.system.broker.passwords}
    portal.seen.add("server password", *passwords.values())


async def while_the_second_factor_is_stopped(
    portal: RecordingPortal, everybody: Everybody, evidence: LeakSources
) -> None:
    """A code gets no answer from the second factor, and is sent again after its restart."""
    person = await settled(portal)
    page = await person.give_password(browser=person_again(person))
    await everybody.stop("mfa")
    posting = asyncio.create_task(person.give_code(page))
    waiting = requests_queue("mfa")
    await eventually(lambda: portal.system.broker.depths()[waiting], 60, why="a code waits")
    await evidence.collect()
    assert evidence.pieces[f"queue {waiting}"]
    assert (await posting).status == 503
    await everybody.start("mfa")
    page = await person.browser.get("/connexion/code")
    assert (await person.give_code(page)).path == "/informations"


async def while_the_tables_refuse(portal: RecordingPortal, evidence: LeakSources) -> None:
    """Each service fails in the middle of its work, and PostgreSQL reports the whole row."""
    person, half, other = await settled(portal), somebody(portal), somebody(portal)
    await ask(half)
    await prove(half)
    await accept(half)
    page = await half.give_password()
    declaring = await person.browser.get("/informations")
    connection = await asyncpg.connect(portal.system.database.admin_url)
    for table in REFUSING:
        await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT no CHECK (false) NOT VALID")
    for failing in (
        half.browser.post(page, "/connexion/telephone/recommencer"),
        person.browser.post(declaring, "/informations", DECLARED),
        person.give_password(browser=person_again(person)),
        ask(other),
    ):
        assert (await failing).status in (500, 503)
    await request_password_reset(portal, person)
    await eventually(lambda: portal.system.broker.depths()[retry_queue("mailer", "5s")], 60)
    await evidence.collect()
    for table in REFUSING:
        await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT no")
    await connection.close()


async def while_the_mailer_is_stopped(
    portal: RecordingPortal, everybody: Everybody, evidence: LeakSources
) -> None:
    """Events that need mails wait in the mailer's queue, then the mails are sent."""
    person = await settled(portal)
    await eventually(lambda: not portal.system.broker.depths()["mailer"], why="nothing waits")
    await everybody.stop("mailer")
    other = somebody(portal)
    await ask(other)
    browser = portal.browser()
    for path in ("/mot-de-passe-oublie", "/telephone-perdu"):
        page = await browser.get(path)
        await browser.post(page, path, {"address": person.address})
    await person.sign_in(browser)
    for kind in ("PasswordReset", "LostPhone"):
        await portal.sent_mails.to(person.address, kind=kind)
    await eventually(lambda: portal.system.broker.depths()["mailer"] >= 4, why="four events wait")
    await evidence.collect()
    assert len(evidence.pieces["queue mailer"]) >= 8
    await everybody.start("mailer")
    await portal.mail(person.address, "/mot-de-passe")


async def dead_letters(portal: RecordingPortal, evidence: LeakSources) -> None:
    """A truncated event, one with a missing field, and one whose secret cannot be opened."""
    kind = PasswordResetRequested.TYPE
    waited = [body for body in evidence.pieces["queue mailer"] if f'"{kind}"' in body]
    real = next(body for body in waited if json.loads(body).get("type") == kind)
    broker, dead = portal.system.broker, dead_queue("mailer")
    incomplete, altered = json.loads(real), json.loads(real)
    del incomplete["data"]["address"]
    altered["data"]["link_token"]["box"] = "A" * 60
    for document in (incomplete, altered):
        document["id"] = new_id()
    for body, message_id in (
        (real[:-40], new_id()),
        (json.dumps(incomplete), incomplete["id"]),
        (json.dumps(altered), altered["id"]),
    ):
        await forge(
            broker.url("registration"),
            body.encode(),
            key=kind,
            message_id=message_id,
            user="registration",
        )
    await eventually(lambda: broker.depths()[dead] >= 2, why="two dead letters")
    await evidence.collect()
    assert evidence.pieces[f"queue {dead}"]


def require_enough(seen: Secrets) -> None:
    """Every kind occurred, with enough codes to detect a leak."""
    assert not [kind for kind in MET if not seen.long[kind]]
    assert not [kind for kind in CODES if len(seen.codes[kind]) < ENOUGH]


async def test_ot_10_keys_of_two_accounts_swapped_open_for_neither(
    test_servers: TestServers, tmp_path: Path
) -> None:
    """Write access to the table does not let one person's phone open another's account."""
    swap = """
        UPDATE mfa.authenticators AS mine SET key_box = other.key_box, key_id = other.key_id
        FROM mfa.authenticators AS other WHERE mine.account_id <> other.account_id
    """
    with written_log() as log:
        async with recorded_portal(test_servers, tmp_path) as (portal, _everybody):
            owner, thief = await settled(portal), await settled(portal)
            connection = await asyncpg.connect(portal.system.database.admin_url)
            assert await connection.execute(swap) == "UPDATE 2"
            portal.clock.advance(seconds=30)
            assert thief.phone is not None
            assert owner.phone is not None
            for code in (thief.phone.code(), owner.phone.code()):
                page = await owner.give_password(browser=person_again(owner))
                answer = await owner.give_code(page, code)
                assert answer.status in (500, 503), answer.text
                home = await owner.browser.get("/accueil")
                assert home.path == "/connexion/code", "nothing was opened"
            assert await connection.fetchval("SELECT count(*) FROM mfa.tries") == 0
            assert await connection.execute(swap) == "UPDATE 2"
            await connection.close()
            for person in (owner, thief):
                assert (await person.sign_in(person_again(person))).path == "/informations"
            portal.read_mails()
    assert '"action":"crypto_decrypt_fail"' in log.getvalue()
    leaks = portal.seen.found_in({"log": "\n".join(ours(log.getvalue()))})
    assert not leaks
