"""O-13: what an operator's command says of a server whose address is wrong, or that is not there.

One line that names the setting and shows no password; only a server that may come is waited for.
"""

import asyncio
import errno
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiormq
import asyncpg
import pytest

from operations.cli import main
from operations.local.processes import free_port
from operations.operate import asking, status
from operations.operate.asking import ServerUnavailable, when_it_answers
from operations.operate.endpoints import MANAGEMENT, OPERATOR_URL
from operations.provision import install_commands
from operations.provision.broker_admin import BrokerAdmin, BrokerRefused
from operations.provision.database_admin import (
    DatabaseRefused,
    execute,
    session,
    with_url_parts,
)
from operations.provision.install_commands import ADMIN_URLS
from operations.provision.provisioning import OWNER_URL
from operations.provision.receivers import PUSH
from shared.contracts.registration.events import AccountCreated
from shared.errors import DependencyDown, ImpexError
from shared.messaging.errors import RefusedByBroker
from shared.messaging.letter_queue import open_channel
from shared.messaging.topology import UNROUTED_QUEUE
from shared.runtime.service import Service
from tests.support.each_row import each_row
from tests.support.servers.network import network
from tests.support.servers.shared_servers import Broker, ServerUrls, drop_database
from tests.support.servers.system import System

PASSWORD = "not-this"
CLOSED = f"127.0.0.1:{free_port()}"
OTHERS = f"others_{os.getpid()}"
MAILER = "IMPEX_MAILER_DATABASE_URL"
TLS = {"amqp": "amqps://{}?cafile={}", "http": "https://{}/?cafile={}"}
DATABASE_TLS = "postgresql://{}?sslmode=verify-full&sslrootcert={}"


def with_password(url: str) -> str:
    """`url` with a password that nobody has."""
    return with_url_parts(url, user=urlsplit(url).username or "", password=PASSWORD)


def elsewhere(url: str) -> str:
    """`url` at a port where nothing listens."""
    parts = urlsplit(with_password(url))
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{CLOSED}").geturl()


def by_unknown_authorities(url: str) -> str:
    """`url` by TLS, with a file that is not there."""
    scheme, _, rest = with_password(url).partition("://")
    return TLS.get(scheme, DATABASE_TLS).format(rest, "/nowhere/ca.pem")


#: By fault: what becomes of the address, the exit code, and what is said.
FAULTS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "closed port": (elsewhere, 1, f"{CLOSED} does not answer: Connection refused"),
    "wrong password": (with_password, 1, ""),
    "no scheme": (lambda url: with_password(url).partition("://")[2], 2, "starting with"),
    "no authorities": (by_unknown_authorities, 2, "/nowhere/ca.pem cannot be used"),
    "cut password": (lambda _: f"postgresql://u:12/{PASSWORD}@{CLOSED}/x", 2, "written with %"),
    "others' database": (lambda url: with_url_parts(url, database=OTHERS), 1, "the database "),
}
ALL = tuple(FAULTS)
OF_BROKER = ALL[:4]
#: What needs no login of its own in the address of the management API.
OF_PLACE = ("closed port", "no scheme", "no authorities")
#: By command: each address that it uses, and what may be wrong with it.
COMMANDS: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {
    ("provision",): {ADMIN_URLS[0]: ALL[:4], OWNER_URL: ALL[-1:], ADMIN_URLS[2]: OF_BROKER},
    ("migrate",): {OWNER_URL: ALL},
    ("backup", "FOLDER", "--without-secrets"): {OWNER_URL: ALL[:4]},
    ("mail", "list"): {MAILER: ALL},
    ("queues", "--once"): {MANAGEMENT: OF_PLACE, OPERATOR_URL: ("wrong password", "no scheme")},
    ("partner", "list"): {MANAGEMENT: OF_PLACE, OPERATOR_URL: ("wrong password", "no scheme")},
    ("partner", "add", "labo", "--hears", AccountCreated.TYPE): {MANAGEMENT: OF_BROKER},
    ("dead", "list"): {OPERATOR_URL: OF_BROKER},
    ("dead", "show", "mailer"): {OPERATOR_URL: OF_BROKER},
    ("dead", "replay", "mailer", "--all"): {OPERATOR_URL: OF_BROKER},
    ("dead", "replay", "mailer", "--all", "--try"): {OPERATOR_URL: OF_BROKER},
    ("journal", "collect"): {OPERATOR_URL: OF_BROKER},
}
TABLE = [
    (words, setting, fault)
    for words, settings in COMMANDS.items()
    for setting, faults in settings.items()
    for fault in faults
]


@dataclass
class Terminal:
    """An operator of this process, with exactly the settings that are given."""

    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def impex(self, settings: dict[str, str], *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        with self.patch.context() as patch:
            for name, text in settings.items():
                patch.setenv(name, text)
            with pytest.raises(SystemExit) as left:
                main(words)
        printed = self.capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err


@pytest.fixture
def terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IMPEX_PARTNERS_DIR", str(tmp_path / "partners"))
    (tmp_path / "partners").mkdir()
    monkeypatch.setattr(asking, "PAUSE", 0.01)
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def others(servers: ServerUrls) -> Iterator[None]:
    """A database that nobody provisioned, open to every role."""
    execute(servers.database_url, f'CREATE DATABASE "{OTHERS}"')
    yield
    drop_database(servers, OTHERS)


@pytest.mark.usefixtures("test_servers", "others")
@each_row(("words", "setting", "fault"), TABLE)
def test_o_13_a_wrong_address_is_one_line_that_names_its_setting(
    terminal: Terminal,
    fresh: dict[str, str],
    tmp_path: Path,
    words: tuple[str, ...],
    setting: str,
    fault: str,
) -> None:
    change, code, sentence = FAULTS[fault]
    given = [one.replace("FOLDER", str(tmp_path / "backups")) for one in words]
    if words[0] in ("provision", "migrate"):
        # What waiting does not change ends before its test does.
        given += ["--wait", "0" if fault == "closed port" else "600"]
    done, _, err = terminal.impex({**fresh, setting: change(fresh[setting])}, *given)
    assert done == code, err
    assert err.startswith(f"impex: {setting}: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert PASSWORD not in err
    if fault == "wrong password":
        assert "does not answer" not in err


async def test_o_13_migrate_waits_for_a_server_that_comes(
    terminal: Terminal, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so once, and does the work once."""
    url = system.database.owner_url
    async with network(url) as way:
        way.cut(refuse=True)
        waits: list[float] = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                way.repair()

        monkeypatch.setattr(asking, "sleep", pause)
        settings = {OWNER_URL: way.url(url)}
        words = ("migrate", "--wait", "60")
        code, out, err = await asyncio.to_thread(terminal.impex, settings, *words)
    assert code == 0, err
    assert len(waits) == 2
    first, *rest = out.splitlines()
    assert first.strip().startswith(f"waiting for {OWNER_URL}: 127.0.0.1:{way.port} does not")
    assert len({*rest}) == len(rest)
    applied = [one for one in rest if one.startswith("applied ")]
    assert rest == [*applied, f"{len(applied)} migrations applied, the schemas are up to date"]


def test_o_13_a_server_that_is_lost_meanwhile_is_waited_for(
    servers: ServerUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PAUSE", 0.01)
    asked: list[str] = []

    def work() -> str:
        asked.append("once more")
        if len(asked) == 1:
            execute(servers.database_url, "SELECT pg_terminate_backend(pg_backend_pid())")
        return "done"

    until = time.monotonic() + 60
    assert when_it_answers(ADMIN_URLS[0], servers.database_url, work, until) == "done"
    assert len(asked) == 2


@pytest.mark.usefixtures("servers")
def test_receivers_are_recorded_though_the_server_is_lost_after_the_migrations_of_push(
    terminal: Terminal, fresh: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run applies none of them, and would not record."""
    recorded: list[str] = []

    def lost(_url: str, service: Service, tell: Callable[[str], object]) -> None:
        if service.name == PUSH:
            tell("push: push/0001_initial")
            raise down(ConnectionResetError())

    monkeypatch.setattr(install_commands, "execute", lambda _url: None)
    monkeypatch.setattr(install_commands, "migrate_schema", lost)
    monkeypatch.setattr(install_commands, "record_receivers", recorded.append)
    code, out, err = terminal.impex(fresh, "migrate", "--wait", "600")
    assert (code, out) == (1, "applied push: push/0001_initial\n")
    assert "does not answer: ConnectionResetError" in err
    assert recorded == [fresh[OWNER_URL]]


def test_o_13_the_broker_is_waited_for_as_long_after_migrations_that_took_their_time(
    terminal: Terminal, fresh: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waits = 1_000, dict[str, list[float]]()

    def migrated(_url: str, until: float) -> None:
        nonlocal now
        waits[OWNER_URL] = [until - now]
        now += 500

    def waited(setting: str, _url: str, _work: object, until: float) -> list[str]:
        waits.setdefault(setting, []).append(until - now)
        return []

    monkeypatch.setattr(install_commands, "monotonic", lambda: now)
    monkeypatch.setattr(install_commands, "_migrate", migrated)
    monkeypatch.setattr(install_commands, "when_it_answers", waited)
    code, _, err = terminal.impex(fresh, "provision", "--migrate", "--wait", "30")
    assert (code, err) == (0, "")
    assert waits == {ADMIN_URLS[0]: [30], OWNER_URL: [30, 30], ADMIN_URLS[2]: [30]}


async def test_a_statement_that_never_ends_is_the_loss_of_its_server(servers: ServerUrls) -> None:
    with pytest.raises(DependencyDown, match="no answer in time"):
        async with session(servers.database_url, seconds=0.05) as connection:
            await connection.execute("SELECT pg_sleep(60)")


def down(cause: BaseException | None) -> DependencyDown:
    """The loss of a server, raised from `cause`."""
    made = DependencyDown("server", "a reason")
    made.__cause__ = cause
    return made


PASSES = [
    down(None),
    down(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
    down(ConnectionResetError()),
    down(TimeoutError()),
    down(socket.gaierror(-2, "Name or service not known")),
    down(OSError("Multiple exceptions: [Errno 111] one, [Errno 111] another")),
    down(OSError(errno.EHOSTUNREACH, "No route to host")),
    down(asyncpg.CannotConnectNowError("starting up")),
    down(asyncpg.TooManyConnectionsError("too many clients")),
    BrokerRefused("GET x: 503", 503),
]
STAYS = [
    down(ssl.SSLCertVerificationError(1, "self-signed certificate")),
    down(ConnectionError('PostgreSQL server at "x:1" rejected SSL upgrade')),
    down(FileNotFoundError(errno.ENOENT, "No such file or directory")),
    down(PermissionError(errno.EACCES, "Permission denied", "/run/x")),
    down(aiormq.exceptions.ProbableAuthenticationError("ACCESS_REFUSED")),
    BrokerRefused("GET x: 401", 401),
    BrokerRefused("GET x: the answer is no JSON"),
    DatabaseRefused("the database refused: no right"),
]


@each_row("error", [*PASSES, *STAYS], ids=repr)
def test_o_13_only_what_can_pass_is_waited_for(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(ImpexError, match=r"^SETTING: [^\n]+$") as said:
        when_it_answers("SETTING", "postgresql://u:p@host:1/x", fail)
    assert isinstance(said.value, ServerUnavailable) == (error in PASSES)


async def test_a_right_that_is_missing_at_the_broker_is_a_refusal(broker: Broker) -> None:
    """After the login: a queue that is there and may not be read."""
    with pytest.raises(RefusedByBroker, match=r"^the broker refused: ChannelAccessRefused: "):
        async with open_channel(broker.url("mfa"), "a test") as channel:
            await channel.basic_get(UNROUTED_QUEUE)


def test_status_shows_the_rest_of_its_page(terminal: Terminal, fresh: dict[str, str]) -> None:
    """Whichever address is wrong, and where a schema is not there."""
    settings = {
        OPERATOR_URL: f"127.0.0.1:{PASSWORD}",
        MAILER: fresh[ADMIN_URLS[0]].replace("postgresql:", "postgres:"),
        status.MAIL_SERVER: f"mail://u:{PASSWORD}@127.0.0.1:99999",
    }
    settings[MAILER] = with_url_parts(settings[MAILER], database="postgres")
    code, out, err = terminal.impex(settings, "status")
    assert (code, err) == (1, "")
    assert f"NO ANSWER: {OPERATOR_URL} must be an address starting with" in out
    assert "NO ANSWER: this is no address of such a server" in out
    assert "PostgreSQL   answers" in out
    assert f"Mails: not known: {MAILER}: the database refused: relation" in out
    assert f"Queues: not known: {OPERATOR_URL} must be" in out
    assert PASSWORD not in out


def test_an_answer_that_is_no_json_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        admin = BrokerAdmin(f"http://u:p@127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(BrokerRefused, match="no JSON"):
            admin.call("GET", "overview")
        answering.join(10)
        admin.close()


@pytest.fixture
def default_interrupt() -> Iterator[None]:
    """Ctrl-C interrupts, as at a terminal: what is started in the background ignores it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("default_interrupt")
def test_ctrl_c_ends_a_command_at_once_with_130(
    terminal: Terminal, fresh: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(asking, "sleep", interrupt)
    settings = {OWNER_URL: elsewhere(fresh[OWNER_URL])}
    code, _, err = terminal.impex(settings, "migrate", "--wait", "600")
    assert (code, err) == (130, "")
