"""Least privilege on the broker and in the database, tested by trying what must be refused.

CR-06 and DB-01: one broker user and one database role per service, each with what it needs.
"""

from collections.abc import Awaitable, Callable, Iterator

import aiormq
import asyncpg
import pytest
from aiormq.abc import AbstractChannel
from pamqp.commands import Basic

from operations import service_registry
from operations.install.paths import ROOT
from operations.provision.database_admin import run_blocking, with_url_parts
from operations.provision.partners import declared
from operations.provision.permissions import Principal, definitions
from shared.contracts.base import EVENTS, REQUESTS
from shared.database.locks import LOCK, lock_name
from shared.messaging import topology
from shared.messaging.topology import declare, service_topology
from tests.support.servers.shared_servers import ADMIN, Broker, Database, TestServers

SERVICES = ("registration", "mailer", "dossiers", "gateway")
Act = Callable[[AbstractChannel], Awaitable[object]]


def publish(exchange: str, key: str, user: str = "") -> Act:
    """Publish and wait for the broker's confirm."""

    async def act(channel: AbstractChannel) -> None:
        properties = Basic.Properties(user_id=user or None)
        await channel.basic_publish(
            b"{}", exchange=exchange, routing_key=key, properties=properties
        )

    return act


def bind(queue: str, key: str, exchange: str = topology.EVENTS) -> Act:
    """Bind a queue by one key, by default to events of that type."""
    return lambda channel: channel.queue_bind(queue, exchange, key)


def declare_queue(name: str) -> Act:
    """Make a queue."""
    return lambda channel: channel.queue_declare(name, durable=True)


def declare_exchange(name: str) -> Act:
    """Make an exchange."""
    return lambda channel: channel.exchange_declare(name, exchange_type="direct", durable=True)


def delete_queue(name: str) -> Act:
    """Delete a queue."""
    return lambda channel: channel.queue_delete(name)


def take(queue: str) -> Act:
    """Read from a queue."""
    return lambda channel: channel.basic_get(queue)


REFUSED: list[tuple[str, str, Act]] = [
    (
        "mailer",
        "publish an event of registration",
        publish("impex.events", "registration.EmailVerified.v1"),
    ),
    ("registration", "publish another's event", publish("impex.events", "mailer.MailAccepted.v1")),
    ("gateway", "publish any event", publish("impex.events", "registration.AccountCreated.v1")),
    ("gateway", "publish an event of mfa", publish("impex.events", "mfa.AuthenticatorRemoved.v1")),
    (
        "mfa",
        "publish an event of registration",
        publish("impex.events", "registration.PasswordChanged.v1"),
    ),
    ("mfa", "ask registration", publish("impex.requests", "registration.Disavow.v1")),
    ("mfa", "read requests of others", take("registration.requests")),
    ("mfa", "bind more than it declares", bind("mfa", "registration.AccountCreated.v1")),
    ("registration", "answer for mfa", take("mfa.requests")),
    (
        "gateway",
        "publish an event of profile",
        publish("impex.events", "profile.AccountValidated.v1"),
    ),
    (
        "profile",
        "publish an event about a dossier",
        publish("impex.events", "backoffice.DossierFiled.v1"),
    ),
    ("profile", "ask registration", publish("impex.requests", "registration.Disavow.v1")),
    ("profile", "read requests of others", take("mfa.requests")),
    ("profile", "bind more than it declares", bind("profile", "registration.SignInLocked.v1")),
    (
        "mailer",
        "sign as another",
        publish("impex.events", "mailer.MailAccepted.v1", user="registration"),
    ),
    ("mailer", "ask registration", publish("impex.requests", "registration.SignIn.v1")),
    ("gateway", "write into any queue", publish("", "mailer")),
    ("mailer", "fill registration's retry queue", publish("registration.retry", "registration")),
    ("mailer", "read registration's events", take("registration")),
    ("mailer", "read registration's dead letters", take("registration.dead")),
    ("gateway", "read mails that failed", take("mailer.dead")),
    ("gateway", "read requests of others", take("registration.requests")),
    ("registration", "read the unrouted", take("impex.unrouted.events")),
    ("registration", "read the mailer's events", take("mailer")),
    ("mailer", "bind what it does not declare", bind("mailer", "registration.EmailVerified.v1")),
    ("mailer", "bind everything", bind("mailer", "#")),
    ("registration", "bind its own events", bind("registration", "registration.*.*")),
    ("gateway", "bind an account's creation", bind("gateway", "registration.AccountCreated.v1")),
    ("mailer", "declare a foreign queue", declare_queue("registration.more")),
    ("mailer", "declare a queue of the installation", declare_queue("impex.spy")),
    ("gateway", "declare a queue with another's prefix", declare_queue("mailer2")),
    ("registration", "declare an exchange of the installation", declare_exchange("impex.more")),
    ("mailer", "delete a foreign queue", delete_queue("registration")),
    ("gateway", "delete the dead letters", delete_queue("mailer.dead")),
    ("backoffice", "publish an event of a service", publish("impex.events", "mfa.CodeRefused.v1")),
    (
        "backoffice",
        "publish an unrouted event",
        publish("impex.events", "backoffice.DossierFiled.v2"),
    ),
    ("backoffice", "publish under another's prefix", publish("impex.events", "backoffice2.A")),
    (
        "backoffice",
        "sign as another",
        publish("impex.events", "backoffice.DossierFiled.v1", user="dossiers"),
    ),
    ("backoffice", "ask anybody", publish("impex.requests", "dossiers.ListDossiers.v1")),
    ("backoffice", "write into any queue", publish("", "dossiers")),
    ("backoffice", "retry", publish("dossiers.retry", "dossiers")),
    ("backoffice", "dead-letter", publish("impex.dead", "dossiers")),
    ("backoffice", "read its own events", take("dossiers")),
    ("backoffice", "read dead letters", take("dossiers.dead")),
    ("dossiers", "read what waits for the back office", take("backoffice.events")),
    ("backoffice", "hear more than was agreed", bind("backoffice.events", "mfa.CodeRefused.v1")),
    ("backoffice", "bind its own events", bind("dossiers", "backoffice.DossierFiled.v1")),
    (
        "backoffice",
        "hear what another partner is notified of",
        bind("backoffice.events", "dossiers.DossierAccepted.v1.labo", topology.PARTNERS),
    ),
    (
        "backoffice",
        "notify a partner",
        publish(topology.PARTNERS, "dossiers.DossierAccepted.v1.labo"),
    ),
    (
        "registration",
        "notify a partner of dossiers",
        publish(topology.PARTNERS, "dossiers.DossierAccepted.v1.labo"),
    ),
    ("backoffice", "declare a queue of its own name", declare_queue("backoffice")),
    ("backoffice", "declare an exchange of its own name", declare_exchange("backoffice.more")),
    ("dossiers", "publish what it consumes", publish("impex.events", "backoffice.DossierFiled.v1")),
    (
        "gateway",
        "publish an event about a dossier",
        publish("impex.events", "backoffice.DossierX.v1"),
    ),
]


async def make_queues(broker: Broker) -> None:
    """Every service's queues, made by the service's own user."""
    for name in SERVICES:
        one = service_registry.service(name)
        own = service_topology(
            name, [row.event for row in one.hears], [row.request for row in one.answers]
        )
        connection = await aiormq.connect(broker.url(name))
        await declare(await connection.channel(), own)
        await connection.close()


@pytest.fixture(scope="module")
def ready(test_servers: TestServers) -> Iterator[Broker]:
    """One virtual host for all tests here: what is refused leaves nothing behind."""
    broker = test_servers.broker()
    run_blocking(make_queues(broker))
    yield broker
    test_servers.delete(broker)


@pytest.fixture(scope="module")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """One database with every table, for the same reason."""
    database = test_servers.migrated(service_registry.services())
    yield database
    test_servers.drop(database)


@pytest.mark.parametrize(("user", "deed", "act"), REFUSED, ids=[f"{u}: {d}" for u, d, _ in REFUSED])
async def test_cr_06_a_service_may_not(ready: Broker, user: str, deed: str, act: Act) -> None:
    connection = await aiormq.connect(ready.url(user))
    channel = await connection.channel(publisher_confirms=True)
    with pytest.raises(
        (aiormq.exceptions.ChannelAccessRefused, aiormq.exceptions.ChannelPreconditionFailed)
    ) as refused:
        await act(channel)
    assert "refused" in str(refused.value) or "user_id" in str(refused.value)
    await connection.close()


PARTNERS = [one.name for one in declared()]
USERS = [*service_registry.principals(), *(Principal(name) for name in PARTNERS)]
ASKED = tuple(REQUESTS.values())
EMITTED = tuple(EVENTS.values())
NAMES = [one.name for one in USERS]
#: Patterns that would match keys of others, and keys that nobody has.
WILD = ["#", "*", "*.*.*", "registration.#", "registration.*.*", "#.v1", "", "nobody"]
#: What is for one partner, by the service that notifies it.
NOTICES = {
    user.name: [
        topology.partner_key(one.TYPE, name)
        for one in user.emits
        if one.TO_PARTNER
        for name in PARTNERS
    ]
    for user in USERS
}
KEYS = {
    topology.EVENTS: [*(one.TYPE for one in EMITTED), *NAMES, *WILD],
    topology.REQUESTS: [*(one.TYPE for one in ASKED), *NAMES, *WILD],
    topology.REPLIES: [*(f"{name}.replies.{'0a' * 8}" for name in NAMES), *NAMES, *WILD],
    topology.DEAD: [
        *(*NAMES, topology.DISCARDED),
        *(f"{name}.dead" for name in NAMES),
        *WILD,
    ],
    topology.PARTNERS: [*NAMES, *(key for keys in NOTICES.values() for key in keys), *WILD],
}


def may_bind(user: Principal, exchange: str, key: str) -> bool:
    """What a service subscribes to, answers, and its own dead letters."""
    heard, answered = ({m.TYPE for m in kinds} for kinds in (user.hears, user.answers))
    own = {user.name} if heard else set()
    return key in {
        topology.EVENTS: heard,
        topology.REQUESTS: answered,
        topology.REPLIES: {f"{user.name}.replies.{'0a' * 8}"}
        if user.asks or user.moves_letters
        else set(),
        topology.DEAD: own,
    }.get(exchange, set())


def may_publish(user: Principal, exchange: str, key: str) -> bool:
    """Keys that begin with its name, the requests that it asks, its own dead letters, answers to
    trials. Who moves letters also discards.

    Another application: only the types that were agreed with it.
    """
    own = {user.name} if user.hears else set()
    own |= {user.name, topology.DISCARDED} if user.moves_letters else set()
    replies = {k for k in KEYS[topology.REPLIES] if ".replies." in k}
    trials = {k for k in replies if k.startswith("operations.")}
    if exchange == topology.EVENTS and user.emits:
        return key.startswith(f"{user.name}.")
    return key in {
        topology.EVENTS: {one.TYPE for one in EMITTED if user.name == one.OWNER},
        topology.REQUESTS: {one.TYPE for one in user.asks},
        topology.REPLIES: replies if user.answers else trials if user.hears else set(),
        topology.DEAD: own,
        topology.PARTNERS: set(NOTICES[user.name]),
    }.get(exchange, set())


class Walker:
    """One user's connection on which refused acts follow one another, each on an open channel."""

    def __init__(self, connection: aiormq.abc.AbstractConnection) -> None:
        self.connection = connection
        self.channel: AbstractChannel | None = None

    async def allowed(self, act: Act) -> bool:
        """Whether the broker does it; any other answer than a refusal is an error."""
        if self.channel is None or self.channel.is_closed:
            self.channel = await self.connection.channel(publisher_confirms=True)
        try:
            await act(self.channel)
        except aiormq.exceptions.ChannelAccessRefused:
            return False
        return True


@pytest.fixture(scope="module")
def provisioned(test_servers: TestServers) -> Iterator[Broker]:
    """A virtual host as provisioning leaves it, with the queues of every service."""
    broker = test_servers.broker()
    principals = service_registry.principals()
    test_servers.admin.import_definitions(definitions(broker.vhost, principals, {}, ADMIN))
    yield broker
    test_servers.delete(broker)


@pytest.mark.parametrize("user", USERS, ids=[one.name for one in USERS])
async def test_s_02_a_user_binds_and_publishes_its_own_keys_and_no_others(
    provisioned: Broker, user: Principal
) -> None:
    """Every shared exchange by every key, to a queue and to an exchange of the user's own."""
    connection = await aiormq.connect(provisioned.url(user.name))
    walker, own = Walker(connection), f"{user.name}.walk"
    owns = user.name not in PARTNERS
    assert await walker.allowed(lambda c: c.queue_declare(own, durable=True)) is owns
    assert await walker.allowed(declare_exchange(own)) is owns
    for exchange, keys in KEYS.items():
        for key in keys:
            published = await walker.allowed(publish(exchange, key, user.name))
            assert published is may_publish(user, exchange, key), ("publish", exchange, key)
            if not owns:
                continue
            expected = may_bind(user, exchange, key)
            bound = await walker.allowed(bind(own, key, exchange))
            assert bound is expected, ("bind a queue", exchange, key)
            bound = await walker.allowed(
                lambda c, e=exchange, k=key: c.exchange_bind(own, e, routing_key=k)  # type: ignore[misc]
            )
            assert bound is expected, ("bind an exchange", exchange, key)
    for exchange in (topology.UNROUTED, "amq.topic", "amq.direct", "amq.fanout", "amq.match"):
        assert not await walker.allowed(publish(exchange, "registration", user.name)), exchange
        if owns:
            assert not await walker.allowed(bind(own, "#", exchange)), exchange
    if owns:
        await walker.allowed(delete_queue(own))
        await walker.allowed(lambda c: c.exchange_delete(own))
    await connection.close()


@pytest.mark.parametrize("user", USERS, ids=[one.name for one in USERS])
async def test_s_02_a_user_reads_its_own_queues_and_no_others(
    provisioned: Broker, user: Principal
) -> None:
    connection = await aiormq.connect(provisioned.url(user.name))
    walker = Walker(connection)
    queues = list(provisioned.depths())
    assert len(queues) > 40
    put_aside = [topology.DISCARDED, topology.UNROUTED_QUEUE]
    for queue in queues:
        own = queue.partition(".")[0] == user.name
        if user.moves_letters:
            # B-06: the letters of all, never a queue whose service handles what is in it.
            own = own or ".dead" in queue or ".retry." in queue or queue in put_aside
        assert await walker.allowed(take(queue)) is own, queue
        assert await walker.allowed(lambda c, q=queue: c.queue_purge(q)) is own, queue  # type: ignore[misc]
        # S-13: nobody fills a queue by its name.
        assert not await walker.allowed(publish("", queue, user.name)), queue
        if queue.partition(".")[0] != user.name:
            assert not await walker.allowed(delete_queue(queue)), queue
            assert not await walker.allowed(bind(queue, "registration")), queue
    await connection.close()


async def test_s_13_nobody_publishes_more_than_a_mebibyte(provisioned: Broker) -> None:
    connection = await aiormq.connect(provisioned.url("registration"))
    key = "registration.EmailVerified.v1"

    async def send(size: int) -> None:
        channel = await connection.channel(publisher_confirms=True)
        await channel.basic_publish(bytes(size), exchange=topology.EVENTS, routing_key=key)

    await send(1_048_576)
    with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed, match="larger than"):
        await send(1_048_577)
    await connection.close()


def test_s_13_the_brokers_of_make_up_and_of_containers_have_the_same_limit() -> None:
    limit = "max_message_size = 1048576"
    assert limit in (ROOT / "deploy" / "rabbitmq.conf").read_text()
    assert limit in (ROOT / "operations" / "local" / "rabbit.py").read_text()


async def test_cr_06_a_service_may_do_its_own_work(ready: Broker) -> None:
    own = {
        "registration": publish("impex.events", "registration.EmailVerified.v1", "registration"),
        "mailer": publish("impex.events", "mailer.MailAccepted.v1", "mailer"),
        "gateway": publish("impex.requests", "registration.SignIn.v1", "gateway"),
        "backoffice": publish("impex.events", "backoffice.DossierFiled.v1", "backoffice"),
    }
    for user, act in own.items():
        connection = await aiormq.connect(ready.url(user))
        await act(await connection.channel(publisher_confirms=True))
        await connection.close()


async def test_cr_06_a_service_may_not_enter_another_virtual_host(ready: Broker) -> None:
    elsewhere = ready.url("mailer").rpartition("/")[0] + "/%2F"
    with pytest.raises(aiormq.exceptions.AMQPError):
        await aiormq.connect(elsewhere)


async def test_cr_06_a_publisher_has_no_place_in_the_database(tables: Database) -> None:
    connection = await asyncpg.connect(tables.admin_url)
    roles = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname ~ 'backoffice'")
    schemas = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname ~ 'backoff'")
    assert (roles, schemas) == ([], [])
    await connection.close()


FOREIGN = [(one, other) for one in SERVICES for other in SERVICES if one != other]
DENIED = (asyncpg.InsufficientPrivilegeError,)


@pytest.mark.parametrize(("role", "schema"), FOREIGN)
async def test_db_01_no_role_enters_another_schema(
    tables: Database, role: str, schema: str
) -> None:
    connection = await asyncpg.connect(tables.url(role))
    for statement in (
        f"SELECT * FROM {schema}.outbox",
        f"INSERT INTO {schema}.outbox DEFAULT VALUES",
        f"DELETE FROM {schema}.outbox",
        f"CREATE TABLE {schema}.mine (a int)",
    ):
        with pytest.raises(DENIED):
            await connection.execute(statement)
    await connection.close()


FORBIDDEN = (
    "CREATE TABLE {own}.mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (a int)",
    "DROP TABLE {own}.outbox",
    "TRUNCATE {own}.outbox",
    "ALTER TABLE {own}.outbox ADD COLUMN mine int",
    "DROP SCHEMA {own} CASCADE",
    "CREATE INDEX mine ON {own}.outbox (id)",
    "DELETE FROM {own}.migrations",
    "CREATE ROLE mine",
    "ALTER ROLE impex_owner PASSWORD 'mine'",
    "SET ROLE impex_owner",
    "COPY {own}.outbox TO PROGRAM 'cat'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT rolpassword FROM pg_authid",
)


#: What would hold another's locks, or show their numbers.
FORBIDDEN_LOCKS = (
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_advisory_lock_shared(1)",
    "SELECT pg_advisory_lock(1, 1)",
    "SELECT pg_try_advisory_lock(1, 1)",
    "SELECT pg_advisory_xact_lock(1, 1)",
    "SELECT pg_try_advisory_xact_lock(1)",
    "SELECT pg_advisory_xact_lock_shared(1)",
    "SELECT * FROM pg_locks",
    "SELECT * FROM pg_lock_status()",
    "UPDATE {own}.lock_seed SET seed = '\\x00'",
    "DELETE FROM {own}.lock_seed",
)


async def test_s_13_a_lock_of_one_service_is_unknown_to_the_others(tables: Database) -> None:
    """The same name is another number in each schema, and the seeds are each service's own."""
    names = service_registry.service_names()
    admin = await asyncpg.connect(tables.admin_url)
    number = LOCK.replace("pg_advisory_xact_lock", "").replace("lock_seed", "{}.lock_seed")
    numbers = {await admin.fetchval(number.format(name), "account/1") for name in names}
    assert len(numbers) == len(names)
    await admin.close()
    connection = await asyncpg.connect(tables.url("mailer"))
    for name in names:
        if name != "mailer":
            with pytest.raises(DENIED):
                await connection.fetch(f"SELECT seed FROM {name}.lock_seed")
    await connection.close()


async def test_s_13_a_named_lock_is_held_until_its_transaction_ends(tables: Database) -> None:
    settings = {"search_path": "mfa"}
    first, second = [
        await asyncpg.connect(tables.url("mfa"), server_settings=settings) for _ in range(2)
    ]
    async with second.transaction():
        await second.execute("SET LOCAL lock_timeout = '50ms'")
        async with first.transaction():
            await lock_name(first, "account/1")
            async with second.transaction():
                await lock_name(second, "account/2")
            with pytest.raises(asyncpg.LockNotAvailableError):
                async with second.transaction():
                    await lock_name(second, "account/1")
        await lock_name(second, "account/1")
    await first.close()
    await second.close()


async def test_s_13_a_role_enters_the_database_of_the_services_only(tables: Database) -> None:
    for elsewhere in ("postgres", "template1"):
        url = with_url_parts(tables.url("mailer"), database=elsewhere)
        with pytest.raises(DENIED):
            await asyncpg.connect(url)


async def test_s_13_every_role_of_a_service_has_a_longest_statement(tables: Database) -> None:
    for name in service_registry.service_names():
        connection = await asyncpg.connect(tables.url(name))
        assert await connection.fetchval("SHOW statement_timeout") == "1min"
        await connection.close()
    connection = await asyncpg.connect(tables.owner_url)
    assert await connection.fetchval("SHOW statement_timeout") == "0", "migrations"
    await connection.close()


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize("statement", FORBIDDEN + FORBIDDEN_LOCKS)
async def test_db_01_a_role_only_reads_and_writes_rows(
    tables: Database, role: str, statement: str
) -> None:
    connection = await asyncpg.connect(tables.url(role))
    with pytest.raises(DENIED):
        await connection.execute(statement.format(own=role))
    await connection.close()


async def test_db_01_the_owner_is_not_the_application(tables: Database) -> None:
    connection = await asyncpg.connect(tables.admin_url)
    owners = await connection.fetch(
        "SELECT DISTINCT schemaname, tableowner FROM pg_tables WHERE schemaname = ANY($1)",
        list(SERVICES),
    )
    assert {tuple(row) for row in owners} == {(name, "impex_owner") for name in SERVICES}
    roles = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'impex\\_%' AND rolname <> current_user "
        "AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"
    )
    assert roles == []
    await connection.close()
