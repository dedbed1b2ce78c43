"""`impex status` and `impex queues`: what answers, what waits, and how it is printed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from operations.local.processes import free_port
from operations.operate.endpoints import BrokerEndpoint
from operations.operate.probes import problem
from operations.operate.queues import drawn, notes, read_queues, show
from operations.printing import print_json, print_rows, say
from shared.messaging import topology
from shared.messaging.queue_states import QueueState, rows_of
from tests.operations.test_commands import impex
from tests.support import eventually
from tests.support.servers.system import System

NOW = datetime.now(UTC)
BUSY = QueueState(
    queue="mailer",
    ready=3,
    in_work=2,
    waiting=5,
    next_at=NOW + timedelta(minutes=10, seconds=5),
    dead=10_000,
    oldest_at=NOW - timedelta(days=3),
    in_rate=0.5,
    out_rate=2.0,
    consumers=1,
)
QUIET = QueueState(queue="mfa", consumers=1)
STOPPED = QueueState(queue="profile")
#: Mails that were refused; those of some templates bore a code.
REFUSED = """
insert into mailer.deliveries (mail_id, cause, template, language, address, facts, asked_at,
    written_at, expires_at, state, ended_at)
values (gen_random_uuid(), gen_random_uuid(), $1, 'fr', 'labo@labo.example', '{}', now(), now(),
    now(), 'refused', now())
"""


@asynccontextmanager
async def listener(greeting: bytes) -> AsyncIterator[int]:
    """A server that sends this to whoever connects, and nothing else."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_o_10_a_server_is_ready_when_it_greets() -> None:
    """O-10: a port that only accepts connections is a server that boots or hangs."""
    async with listener(b"220 mail ready\r\n") as port:
        assert await problem(f"smtp://127.0.0.1:{port}") == ""
        assert "greets otherwise" in await problem(f"amqp://127.0.0.1:{port}/impex")
    async with listener(b"") as port:
        assert "no answer within" in await problem(f"amqp://127.0.0.1:{port}")
    refused = await problem(f"postgresql://127.0.0.1:{free_port()}/impex")
    assert refused == "Connection refused"


async def test_o_11_an_operator_needs_the_operators_login_alone(
    system: System, tmp_path: Path
) -> None:
    """O-11: away from `make up`, with the address of the broker and of the mailer's schema."""
    port = system.broker.management_url.rpartition(":")[2]
    away = {
        "IMPEX_HOME": str(tmp_path),
        "IMPEX_OPERATOR_AMQP_URL": system.broker.url(topology.OPERATOR),
        "IMPEX_AMQP_MANAGEMENT_URL": f"http://127.0.0.1:{port}",
        "IMPEX_MAILER_DATABASE_URL": system.database.url("mailer"),
    }
    async with system.run("mailer"):
        pass

    done = impex(away, "queues", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["queue"]: row for row in json.loads(done.stdout)}
    assert rows["mailer"]["consumers"] == 0
    status = impex(away, "status")
    assert status.returncode == 1, "no process of the mailer runs"
    assert "IMPEXWEB is NOT READY" in status.stdout
    assert "Mails: all accepted" in status.stdout
    assert "mailer: nobody consumes it" in status.stdout
    connection = await asyncpg.connect(system.database.admin_url)
    await connection.executemany(REFUSED, [("validation",), ("finalisation",), ("validation",)])
    await connection.close()
    refused = impex(away, "status").stdout
    assert "Mails: 3 refused (2 cannot be sent again): impex mail list" in refused
    gone = {**away, "IMPEX_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"}
    found = json.loads(impex(gone, "status", "--json").stdout)
    assert [one["name"] for one in found["servers"] if one["problem"]] == ["mail server"]
    assert not found["ready"]
    nowhere = impex({"IMPEX_HOME": str(tmp_path)}, "status")
    assert (nowhere.returncode, nowhere.stderr) == (1, "")
    assert "IMPEX_OPERATOR_AMQP_URL" in nowhere.stdout


async def test_a_service_that_is_ready_consumes_and_one_that_ended_does_not(
    system: System,
) -> None:
    """At once: the broker's statistics know neither before seconds have passed."""
    where = BrokerEndpoint(
        system.broker.management_url, system.broker.url(topology.OPERATOR), system.broker.vhost
    )

    async def consumers() -> dict[str, int]:
        rows = await read_queues(where)
        return {row.queue: row.consumers for row in rows if not row.is_kept}

    async with system.run("mailer"):
        assert await consumers() == {"mailer": 1, "mailer.requests": 1}
    assert await consumers() == {"mailer": 0, "mailer.requests": 0}


async def test_queues_are_read_without_amqp_as_the_statistics_know_them(system: System) -> None:
    nobody = f"amqp://operator:x@127.0.0.1:{free_port()}/x"
    where = BrokerEndpoint(system.broker.management_url, nobody, system.broker.vhost)
    async with system.run("mailer"):

        async def counted() -> bool:
            rows = {row.queue: row for row in await read_queues(where)}
            return rows["mailer"].consumers == 1

        await eventually(counted, 60, why="the broker's statistics")


async def test_waiting_and_dead_ones_are_one_row_with_the_next_and_the_oldest(
    system: System, tmp_path: Path
) -> None:
    from tests.operations.test_commands import bury, operator

    async with system.run("mailer"):
        pass
    await bury(system, b"{}", "a bug")
    environment = operator(system, tmp_path)

    def row() -> dict[str, object]:
        listed = json.loads(impex(environment, "queues", "--json").stdout)
        return next(one for one in listed if one["queue"] == "mailer")

    await eventually(lambda: row()["dead"] == 1)
    table = impex(environment, "queues").stdout
    assert "Dead letters of mailer must be read: impex dead list" in table
    assert "mfa.requests" not in table
    assert "impex.discarded" in impex(environment, "queues", "--all").stdout


def test_rows_belong_to_services() -> None:
    named = {
        "mailer": {"messages_ready": 1, "consumers": 2},
        "mailer.dead": {"messages_ready": 1, "messages_unacknowledged": 2},
        "mailer.retry.5s": {"messages_ready": 1},
        "mailer.retry.1h": {"messages_ready": 4},
        "mailer.requests": {"message_stats": {"publish_details": {"rate": 1.26}}},
        "impex.unrouted.events": {},
        "spy": {},
        "backoffice.events": {"messages_ready": 2},
        "backoffice.retry.5s": {"messages_ready": 4},
        "backoffice.dead": {"messages_ready": 1},
    }
    rows = rows_of(named, {})
    assert [row.queue for row in rows] == [
        "mailer",
        "mailer.requests",
        "spy",
        "backoffice.events",
        "impex.unrouted.events",
    ]
    assert (rows[3].ready, rows[3].waiting, rows[3].dead) == (2, 4, 1)
    assert notes(rows[3:4]) == [
        "Dead letters of backoffice.events must be read: impex dead list",
        "backoffice.events: waits until the application backoffice reads it",
    ]
    assert not rows[3].is_stopped
    assert (rows[0].ready, rows[0].waiting, rows[0].dead, rows[0].consumers) == (1, 5, 3, 2)
    assert rows[1].in_rate == 1.3


def test_only_what_is_not_at_rest_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show([QUIET], with_all=False, now=NOW)
    assert capsys.readouterr().out == "  All at rest.\n"
    show([QUIET], with_all=True, now=NOW)
    assert "mfa" in capsys.readouterr().out
    show([BUSY, QUIET, STOPPED], with_all=False, now=NOW)
    printed = capsys.readouterr().out
    assert "mfa" not in printed
    assert "in 10 min" in printed
    assert "3 d" in printed
    assert "profile: nobody consumes it" in printed


@pytest.mark.parametrize("width", [80, 120])
def test_every_colour_has_its_words_and_every_row_is_one_line(width: int) -> None:
    console = Console(width=width, record=True, no_color=True, force_terminal=True)
    console.print(drawn([BUSY, QUIET, STOPPED], with_all=True, now=NOW))
    text = console.export_text()
    lines = text.splitlines()
    (row,) = (line for line in lines if line.lstrip().startswith("mailer "))
    for value in ("3", "2", "5", "in 10 min", "10000", "3 d", "0.5", "2.0", "1"):
        assert value in row
    assert "Dead letters of mailer must be read" in text
    assert "profile: nobody consumes it" in text
    assert max(map(len, lines)) <= width


def test_o_06_nothing_from_outside_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """O-06: escapes are shown as text, tables are no wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    outside = "\x1b[2J\u202e\x9b31m" + "x" * 570
    print_rows(("id", "why"), [("a" * 36, outside)], fit=True, whole=("id",))
    say(f"Mail {outside}\nand more")
    print_json({"why": outside, "name": "é"})
    printed = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\x9b"} & set(printed)
    table = printed.splitlines()[:2]
    assert max(map(len, table)) == 80
    assert "a" * 36 in table[1]
    assert '"name": "é"' in printed
    assert json.loads(printed[printed.index("{") :])["why"] == outside
