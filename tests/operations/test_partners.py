"""`impex partner`: other applications with a login, rights and queues of their own."""

import argparse
import errno
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiormq
import pytest
from aiormq.abc import AbstractChannel
from pamqp.commands import Basic

from operations import service_registry
from operations.install.paths import ROOT
from operations.provision import partner_commands
from operations.provision.partners import FOLDER, declared, partner, write
from operations.provision.permissions import definitions
from operations.provision.provisioning import AdminUrls, provision_broker
from shared.contracts import backoffice, dossiers
from shared.contracts.registration.events import AccountCreated
from shared.errors import ImpexError
from shared.messaging.topology import RETRY_DELAYS
from tests.support import eventually
from tests.support.each_row import each_row
from tests.support.servers import fork_server
from tests.support.servers.shared_servers import ADMIN, Broker, TestServers

CREATED, FILED = AccountCreated.TYPE, backoffice.DossierFiled.TYPE


@dataclass
class Operator:
    """An administrator of the broker at a terminal."""

    broker: Broker
    folder: Path
    environment: dict[str, str]

    def impex(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        done = fork_server.run(("partner", *words), self.environment)
        return done.returncode, done.stdout, done.stderr

    def add(self, name: str, *words: str) -> dict[str, Any]:
        """Make a partner; how it connects."""
        code, out, err = self.impex("add", name, *words, "--json")
        assert code == 0, err
        return dict(json.loads(out))

    def made(self, name: str) -> list[str]:
        """Everything on the broker that has the name."""
        admin, host = self.broker.admin, self.broker.vhost
        kinds = ("queues", "exchanges", "policies")
        found = [one["name"] for kind in kinds for one in admin.call("GET", f"{kind}/{host}")]
        return [one for one in [*found, *admin.users()] if one.partition(".")[0] == name]


@pytest.fixture(scope="module")
def provisioned(test_servers: TestServers) -> Iterator[Broker]:
    """A virtual host as provisioning leaves it, for all tests here."""
    broker = test_servers.broker()
    principals = service_registry.principals()
    test_servers.admin.import_definitions(definitions(broker.vhost, principals, {}, ADMIN))
    yield broker
    for name, one in broker.admin.users().items():
        if "partner" in one["tags"] and broker.vhost in name:
            broker.admin.delete(f"users/{name}")
    test_servers.delete(broker)


@pytest.fixture
def operator(
    provisioned: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Operator:
    """An administrator whose partners have a folder of their own."""
    folder = tmp_path / "partners"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    environment = {
        "PATH": os.environ["PATH"],
        "IMPEX_HOME": str(tmp_path / "home"),
        FOLDER: str(folder),
        "IMPEX_AMQP_URL": provisioned.admin_url,
        "IMPEX_AMQP_MANAGEMENT_URL": provisioned.management_url,
        "IMPEX_OPERATOR_AMQP_URL": provisioned.url("operator"),
    }
    return Operator(provisioned, folder, environment)


@pytest.fixture
def name(provisioned: Broker, request: pytest.FixtureRequest) -> str:
    """A name that no other test of the run uses: users belong to the whole broker."""
    return f"p{provisioned.vhost.replace('_', '')}-{abs(hash(request.node.name)) % 10_000}"


@asynccontextmanager
async def channel_of(url: str):
    """A channel with confirms, under the login of the address."""
    connection = await aiormq.connect(url)
    try:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)
    finally:
        await connection.close()


async def publish(
    channel: AbstractChannel, key: str, user: str | None, exchange: str = "impex.events"
) -> None:
    properties = Basic.Properties(user_id=user, delivery_mode=2, message_id="m1")
    await channel.basic_publish(b"{}", exchange=exchange, routing_key=key, properties=properties)


async def take(channel: AbstractChannel, queue: str) -> Any:
    """The next message, as soon as there is one."""
    found: list[Any] = []

    async def there() -> bool:
        message = await channel.basic_get(queue)
        if isinstance(message.delivery, Basic.GetOk):
            found.append(message)
        return bool(found)

    await eventually(there, 30, why=f"a message in {queue}")
    return found[0]


async def test_b_10_a_partner_publishes_and_receives_what_was_agreed(
    operator: Operator, name: str
) -> None:
    sheet = operator.add(name, "--hears", CREATED, "--emits", FILED)
    assert sheet["queue"] == f"{name}.events"
    async with (
        channel_of(sheet["url"]) as channel,
        channel_of(operator.broker.url("registration")) as owner,
    ):
        await publish(channel, FILED, name)
        await publish(owner, CREATED, "registration")
        heard = await take(channel, sheet["queue"])
        assert (heard.routing_key, heard.header.properties.user_id) == (CREATED, "registration")
        # Put back to be tried again, then given up.
        await publish(channel, "5s", name, sheet["retry_exchange"])
        await channel.basic_ack(heard.delivery_tag)
        again = await take(channel, sheet["queue"])
        assert again.header.properties.user_id == name
        await channel.basic_reject(again.delivery_tag, requeue=False)
        dead = await take(channel, sheet["dead_letters"])
        assert dead.header.properties.headers["x-first-death-reason"] == "expired"
        await channel.basic_reject(dead.delivery_tag, requeue=True)

    def listed() -> bool:
        code, out, _ = operator.impex("list", "--json")
        (row,) = json.loads(out)
        assert (code, row["partner"], row["hears"]) == (0, name, [CREATED])
        return bool(row["dead"] == 1)

    await eventually(listed, 30)
    assert f"{name} hears" in operator.impex("list")[1]


REFUSED = (
    aiormq.exceptions.ChannelAccessRefused,
    aiormq.exceptions.ChannelPreconditionFailed,
)


def commands_of_the_page(name: str) -> list[list[str]]:
    """The commands of docs/partners.md for the operator, with another partner's name."""
    page = (ROOT / "docs" / "partners.md").read_text("utf-8")
    (block, *_) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [[name if word == "labo" else word for word in words[2:]] for words in lines]


def test_b_10_the_commands_of_the_page_work_as_they_are_written(
    operator: Operator, name: str
) -> None:
    *commands, remove = commands_of_the_page(name)
    assert [words[0] for words in commands] == ["add", "list", "rotate"]
    for words in commands:
        code, out, err = operator.impex(*words)
        assert code == 0, err
        assert name in out
    for shown in ("registration.AccountCreated.v1", f"{name}.retry", f"user_id {name}", "password"):
        assert shown in out
    assert operator.impex(*remove)[0] == 1
    assert operator.impex(*remove, "--yes")[0] == 0


HOSTILE = {
    "publish under another's name": lambda c, _: publish(c, FILED, "backoffice"),
    "publish a type that is not its own": lambda c, n: publish(c, "backoffice.DossierSaved.v1", n),
    "publish a service's type": lambda c, n: publish(c, CREATED, n),
    "ask a service": lambda c, n: publish(c, "registration.SignIn.v1", n, "impex.requests"),
    "write into a queue": lambda c, n: publish(c, "dossiers", n, ""),
    "retry for a service": lambda c, n: publish(c, "dossiers", n, "dossiers.retry"),
    "retry for another partner": lambda c, n: publish(c, "5s", n, "backoffice.retry"),
    "dead-letter": lambda c, n: publish(c, "dossiers", n, "impex.dead"),
    "reply": lambda c, n: publish(c, "gateway.replies.00", n, "impex.replies"),
    "read another's queue": lambda c, _: c.basic_get("backoffice.events"),
    "read a service's queue": lambda c, _: c.basic_get("registration"),
    "read dead letters": lambda c, _: c.basic_get("dossiers.dead"),
    "declare a queue": lambda c, n: c.queue_declare(f"{n}.more", durable=True),
    "declare a queue of the broker's naming": lambda c, _: c.queue_declare("", exclusive=True),
    "bind more": lambda c, n: c.queue_bind(f"{n}.events", "impex.events", "mfa.CodeRefused.v1"),
    "declare an exchange": lambda c, n: c.exchange_declare(f"{n}.x", exchange_type="fanout"),
    "delete its queue": lambda c, n: c.queue_delete(f"{n}.events"),
}


async def test_cr_06_a_hostile_partner_is_refused_everything_else(
    operator: Operator, name: str
) -> None:
    sheet = operator.add(name, "--hears", CREATED, "--emits", FILED)
    connection = await aiormq.connect(sheet["url"])
    for act in HOSTILE.values():
        channel = await connection.channel(publisher_confirms=True)
        with pytest.raises(REFUSED, match=r"refused|user_id"):
            await act(channel, name)
    await connection.close()


WRONG = {
    ("--hears", "registration.AccountCreatd.v1"): "is registration.AccountCreated.v1 meant?",
    ("--hears", "nothing.like.it"): "there is no event nothing.like.it; docs/events.md",
    ("--emits", CREATED): f"{CREATED} is published by registration only; partners may emit",
    ("--hears", "registration.AccountRequested.v1"): "code and link_token can be opened by one",
    (): "a partner hears or emits something",
}


@each_row("words", WRONG)
def test_a_wrong_type_is_one_line_and_nothing_is_made(
    operator: Operator, name: str, words: tuple[str, ...]
) -> None:
    code, out, err = operator.impex("add", name, *words)
    assert (code, out) == (2, "")
    assert WRONG[words] in err
    assert err.count("\n") == 1
    assert not list(operator.folder.iterdir())
    assert not operator.made(name)


@each_row(
    "wrong", ("Labo", "a.b", "-x", "a--b", "9a", "a" * 31, "mailer", "operator", "impex", "é")
)
def test_a_wrong_name_is_one_line(operator: Operator, wrong: str) -> None:
    code, out, err = operator.impex("add", "--emits", FILED, "--", wrong)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("impex: NAME: ")
    assert not list(operator.folder.iterdir())


def test_a_read_only_folder_is_one_line_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in containers, where the operator writes the file."""

    def refuse(path: Path, *_given: object, **_named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImpexError, match=r"labo\.toml: Read-only file system: write it by hand"):
        write(partner("labo", [], [FILED]))


def test_a_name_that_is_taken_is_refused(operator: Operator, name: str) -> None:
    operator.add(name, "--emits", FILED)
    code, _, err = operator.impex("add", name, "--emits", FILED)
    assert (code, err.count("\n")) == (2, 1)
    assert f"{name} is a partner already" in err
    # Its file was deleted by hand.
    (operator.folder / f"{name}.toml").unlink()
    code, out, _ = operator.impex("list")
    assert code == 0
    assert f"{name} has a login and no file: impex partner remove {name}" in out
    code, _, err = operator.impex("add", name, "--emits", FILED)
    assert code == 2
    assert f"impex partner remove {name}" in err
    assert not list(operator.folder.iterdir())
    assert operator.impex("remove", name, "--yes")[0] == 0
    assert not operator.made(name)


async def test_another_password_ends_the_former_one(operator: Operator, name: str) -> None:
    former = operator.add(name, "--emits", FILED)["url"]
    connection = await aiormq.connect(former)
    code, out, _ = operator.impex("rotate", name, "--json")
    assert code == 0
    await eventually(lambda: connection.is_closed, 10)
    await connection.close()
    with pytest.raises(aiormq.exceptions.AMQPError):
        await aiormq.connect(former)
    async with channel_of(json.loads(out)["url"]) as channel:
        await publish(channel, FILED, name)


async def test_a_removal_names_what_is_lost_and_asks(operator: Operator, name: str) -> None:
    sheet = operator.add(name, "--hears", CREATED)
    async with channel_of(operator.broker.url("registration")) as owner:
        await publish(owner, CREATED, "registration")
    code, out, _ = operator.impex("remove", name)
    assert code == 1
    assert f"{name}.events: 1 message will be lost" in out
    assert "Nothing was removed." in out
    async with channel_of(sheet["url"]) as channel:
        assert (await take(channel, sheet["queue"])).body == b"{}"
    code, out, _ = operator.impex("remove", name, "--yes")
    assert (code, operator.made(name), list(operator.folder.iterdir())) == (0, [], [])
    with pytest.raises(aiormq.exceptions.AMQPError):
        await aiormq.connect(sheet["url"])
    code, _, err = operator.impex("remove", name, "--yes")
    assert (code, err) == (2, f"impex: NAME: {name} is not a partner; there are: none\n")


def test_in_containers_a_partner_is_removed_once_its_file_is_gone(
    operator: Operator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder can only be read there. With the file nothing is touched, as the next
    `impex provision` would make the partner again; deleting what is not there fails too."""
    operator.add(name, "--hears", CREATED)
    made = operator.made(name)
    for key, value in operator.environment.items():
        monkeypatch.setenv(key, value)

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    access, words = os.access, argparse.Namespace(name=name, yes=True)
    with monkeypatch.context() as container:
        container.setattr(Path, "unlink", read_only)
        container.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
        with pytest.raises(ImpexError, match="delete it first"):
            partner_commands.main_remove(words)
    assert operator.made(name) == made
    (operator.folder / f"{name}.toml").unlink()
    with monkeypatch.context() as container:
        container.setattr(Path, "unlink", read_only)
        assert partner_commands.main_remove(words) == 0
    assert not operator.made(name)


def test_what_is_no_partner_is_not_removed_as_one(operator: Operator) -> None:
    """A service, or a file elsewhere."""
    other = operator.folder.parent / "pyproject.toml"
    for path in (other, operator.folder / "mailer.toml"):
        path.write_text("")
    for one in ("mailer", "operator", "../x", "../pyproject"):
        for words in (("remove", one, "--yes"), ("rotate", one)):
            code, _, err = operator.impex(*words)
            assert (code, err.count("\n")) == (2, 1), words
    assert "mailer" in operator.broker.admin.users()
    assert other.exists()


FILES = {
    "hears = 3": "hears must be a list of types",
    "hears = ['registration.Nothing.v1']": "there is no event registration.Nothing.v1",
    "hear = []": "hear is not known here",
    "in_secrets = 'yes'": "in_secrets must be true or false",
    "hears = [": "Invalid",
}


@each_row("text", FILES)
def test_a_wrong_file_is_named(operator: Operator, text: str) -> None:
    (operator.folder / "labo.toml").write_text(text)
    code, _, err = operator.impex("list")
    assert code == 2
    assert err.startswith(f"impex: {operator.folder / 'labo.toml'}: ")
    assert FILES[text] in err
    assert err.count("\n") == 1


async def test_provisioning_follows_the_files(operator: Operator, name: str) -> None:
    """Types that a file no longer names end, new ones begin, and a new partner has no password."""
    urls = AdminUrls("", operator.broker.admin_url, operator.broker.management_url)
    sheet = operator.add(name, "--hears", CREATED, "--emits", FILED)
    other = "registration.EmailVerified.v1"
    (operator.folder / f"{name}.toml").write_text(f"hears = ['{other}']")
    (operator.folder / f"{name}-2.toml").write_text(f"emits = ['{FILED}']")
    new = provision_broker(urls, service_registry.principals(), {})
    assert new == [f"{name}-2"]
    assert provision_broker(urls, service_registry.principals(), {}) == []
    async with channel_of(operator.broker.url("registration")) as owner:
        await publish(owner, CREATED, "registration")
        await publish(owner, other, "registration")
    async with channel_of(sheet["url"]) as channel:
        assert (await take(channel, sheet["queue"])).routing_key == other
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await publish(channel, FILED, name)
    code, out, _ = operator.impex("rotate", f"{name}-2", "--json")
    assert code == 0
    async with channel_of(json.loads(out)["url"]) as channel:
        await publish(channel, FILED, f"{name}-2")


async def test_a_partner_whose_types_are_gone_for_a_while_keeps_what_waits(
    operator: Operator, name: str
) -> None:
    """As the runbook says where nobody reads a queue: nothing new comes, and nothing is lost."""
    urls = AdminUrls("", operator.broker.admin_url, operator.broker.management_url)
    sheet = operator.add(name, "--hears", CREATED)
    path = operator.folder / f"{name}.toml"
    written = path.read_text()
    async with channel_of(operator.broker.url("registration")) as owner:
        await publish(owner, CREATED, "registration")
        path.write_text("hears = []\n")
        assert provision_broker(urls, service_registry.principals(), {}) == []
        await publish(owner, CREATED, "registration")
        path.write_text(written)
        provision_broker(urls, service_registry.principals(), {})
        async with channel_of(sheet["url"]) as channel:
            waited = await take(channel, sheet["queue"])
            assert (waited.routing_key, waited.message_count) == (CREATED, 0)


async def test_a_partner_of_an_earlier_version_keeps_its_queue_and_login(
    broker: Broker, test_servers: TestServers
) -> None:
    """Its queue had no dead letters, and its rights no exchange for retries."""
    admin, host = test_servers.admin, broker.vhost
    queue, user = {"vhost": host, "name": "backoffice.events", "durable": True}, "backoffice"
    admin.import_definitions(
        {
            "queues": [
                {**queue, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}},
            ],
            "bindings": [
                {
                    "vhost": host,
                    "source": "impex.events",
                    "destination": "backoffice.events",
                    "destination_type": "queue",
                    "routing_key": dossiers.DossiersTransferred.TYPE,
                    "arguments": {},
                }
            ],
            "permissions": [
                {
                    "user": user,
                    "vhost": host,
                    "configure": "^$",
                    "write": r"^(impex\.events)$",
                    "read": r"^(backoffice\.events)$",
                }
            ],
        }
    )
    async with channel_of(broker.url("dossiers")) as owner:
        await publish(owner, dossiers.DossiersTransferred.TYPE, "dossiers")
    urls = AdminUrls("", broker.admin_url, broker.management_url)
    assert provision_broker(urls, service_registry.principals(), {}) == []
    async with channel_of(broker.url(user)) as channel:
        heard = await take(channel, "backoffice.events")
        await publish(channel, FILED, user)
        # What it could not do before.
        await publish(channel, "5s", user, "backoffice.retry")
        await channel.basic_reject(heard.delivery_tag, requeue=False)
        dead = await take(channel, "backoffice.dead")
        assert dead.header.properties.headers["x-first-death-reason"] == "rejected"
        await channel.basic_ack(dead.delivery_tag)
        assert (await take(channel, "backoffice.events")).header.properties.user_id == user


def test_the_committed_partner_is_one_like_every_other() -> None:
    (one,) = declared()
    own = [event.TYPE for event in (dossiers.DossiersTransferred, dossiers.DossierTransferUndone)]
    family = [event for event in backoffice.__dict__.values() if getattr(event, "BY_PARTNERS", 0)]
    assert one == partner(
        "backoffice", own, [event.TYPE for event in family], in_secrets=one.in_secrets
    )
    assert set(RETRY_DELAYS) == {"5s", "30s", "2m", "10m", "1h"}
