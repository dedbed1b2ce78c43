"""Fixtures of other tests: private servers, fresh databases and vhosts, the mail server."""

import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import aio_pika
import asyncpg
import pytest
from aiosmtplib import SMTP, SMTPRecipientsRefused
from aiosmtplib.errors import SMTPException

from operations.install.paths import ROOT
from tests.support import eventually, eventually_sync
from tests.support.mail.mail_server import MailServer
from tests.support.servers.certificates import Authority
from tests.support.servers.services import services
from tests.support.servers.shared_servers import Broker, Database
from tests.support.servers.system import System


async def test_each_role_reaches_its_own_database(database: Database) -> None:
    connection = await asyncpg.connect(database.url("mailer"))
    assert await connection.fetchval("select current_user") == "impex_mailer"
    await connection.close()


async def test_each_user_reaches_its_own_virtual_host(broker: Broker) -> None:
    connection = await aio_pika.connect(broker.url("registration"))
    channel = await connection.channel()
    queue = await channel.declare_queue(
        "registration", durable=True, arguments={"x-queue-type": "quorum"}
    )
    await queue.bind("impex.events", "mailer.MailAccepted.v1")
    events = await channel.get_exchange("impex.events", ensure=False)
    message = aio_pika.Message(b"{}", user_id="registration")
    await events.publish(message, routing_key="registration.EmailVerified.v1")
    await eventually(lambda: broker.depths().get("impex.unrouted.events") == 1)
    await connection.close()


async def test_a_mail_is_stored_and_a_scripted_refusal_given(smtp: MailServer) -> None:
    client = SMTP(hostname="127.0.0.1", port=smtp.port)
    await client.connect()
    await client.sendmail("a@x.fr", ["b@y.fr"], b"Subject: hello\r\n\r\ntext\r\n")
    assert smtp.messages[0].message["Subject"] == "hello"
    smtp.answer("RCPT", "550 5.1.1 nobody")
    with pytest.raises(SMTPRecipientsRefused):
        await client.sendmail("a@x.fr", ["b@y.fr"], b"Subject: again\r\n\r\ntext\r\n")
    smtp.drop_after_data = 1
    with pytest.raises(SMTPException):
        await client.sendmail("a@x.fr", ["b@y.fr"], b"Subject: third\r\n\r\ntext\r\n")
    client.close()


async def test_every_service_has_its_tables(system: System) -> None:
    for one in services():
        connection = await asyncpg.connect(system.database.url(one.name))
        assert await connection.fetchval(f"select count(*) from {one.name}.migrations") > 0
        await connection.close()


@pytest.mark.parametrize("implicit", [False, True])
async def test_the_mail_server_speaks_tls_and_demands_a_login(
    authority: Authority, smtp_factory: Callable[..., Awaitable[MailServer]], implicit: bool
) -> None:
    server = await smtp_factory(
        tls=authority.server_context(), implicit_tls=implicit, login=("portal", "secret")
    )
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    client = SMTP(
        hostname="localhost",
        port=server.port,
        tls_context=trust,
        use_tls=implicit,
        start_tls=not implicit,
        username="portal",
        password="secret",
    )
    await client.connect()
    await client.sendmail("a@x.fr", ["b@y.fr"], b"Subject: safe\r\n\r\ntext\r\n")
    await client.quit()
    assert server.messages[0].secure
    assert server.messages[0].login == "portal"


STARTS_AND_WAITS = """
import os, sys
from tests.support.servers import fork_server
with open(os.devnull, "w") as nothing:
    fork = fork_server.start("http.server", ["0"], {"PATH": os.environ["PATH"]}, nothing, nothing)
print(fork.pid, flush=True)
sys.stdin.read()
"""


def test_a_fork_ends_with_the_test_process_that_started_it() -> None:
    """Killed, too; the fork server goes on for others."""
    command = [sys.executable, "-c", STARTS_AND_WAITS]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    tests = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(2)]
    forks = []
    for one in tests:
        assert one.stdout is not None
        forks.append(int(one.stdout.readline()))
    for one, fork in zip(tests, forks, strict=True):
        assert runs(fork)
        with one:
            one.kill()
        eventually_sync(partial(ended, fork), why="the fork has ended")


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def ended(pid: int) -> bool:
    return not runs(pid)
