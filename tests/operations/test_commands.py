"""The operator's commands on given servers: provision, migrate, queues, dead letters."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import asyncpg
import pytest

from operations import service_registry
from operations.cli import main
from operations.install.paths import ROOT
from operations.operate.endpoints import BrokerEndpoint
from operations.operate.queues import read_queues
from operations.provision.database_admin import execute, with_url_parts
from shared.contracts.registration.events import RequestCancelled
from shared.messaging import topology
from shared.messaging.envelope import wrap
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.servers import fork_server
from tests.support.servers.shared_servers import ServerUrls
from tests.support.servers.system import System, keys

ONE_ID, ONE_NAME = "0198c0de-0000-7000-8000-000000000001", "AccountRequested"
GONE = "There is no such letter: it was replayed or discarded, or never there."
HELD_MAIL = """
INSERT INTO mailer.deliveries (mail_id, cause, template, language, address, facts, asked_at,
    written_at, expires_at, state, reason)
VALUES ($1, 'a cause', 'name_changed', 'fr', 'elodie@labo.fr', '{}', now(), now(), now(), 'held',
    'unknown_outcome')
"""


def impex(environment: dict[str, str], *verb: str) -> subprocess.CompletedProcess[str]:
    """One command with exactly these variables."""
    return fork_server.run(verb, {"PATH": os.environ["PATH"], **environment})


def fresh_impex(environment: dict[str, str], *verb: str) -> subprocess.CompletedProcess[str]:
    """The same as containers start it: a new interpreter, which imports only what it needs."""
    return subprocess.run(
        [sys.executable, "-m", "operations", *verb],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def operator(system: System, tmp_path: Path) -> dict[str, str]:
    """The variables of an operator of `system`."""
    return {
        "IMPEX_HOME": str(tmp_path),
        "IMPEX_AMQP_MANAGEMENT_URL": system.broker.management_url,
        "IMPEX_OPERATOR_AMQP_URL": system.broker.url(topology.OPERATOR),
    }


def journal_settings(system: System) -> dict[str, str]:
    """What an operator needs besides, whose acts are written to the journal."""
    return {
        "IMPEX_SUPPORT_DATABASE_URL": system.database.url("support"),
        "IMPEX_JOURNAL_KEYS": keys()["IMPEX_JOURNAL_KEYS"],
    }


async def bury(system: System, body: bytes, reason: str) -> None:
    """Put a message among the mailer's dead letters, as its consumer does."""
    connection = await aio_pika.connect(system.broker.url("mailer"))
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(topology.DEAD, ensure=False)
        message = aio_pika.Message(
            body,
            message_id=ONE_ID,
            type="registration.AccountRequested.v1",
            user_id="mailer",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            headers={"error_type": "Undecodable", "error": reason, "attempt": 3},
        )
        await exchange.publish(message, routing_key="mailer")


async def test_dead_letters_are_listed_without_their_content_and_sent_again(
    system: System, tmp_path: Path
) -> None:
    async with system.run("mailer"):
        pass  # its queues are there now
    await bury(system, b'{"code": "123456"}', "no such field, pierre@example.org")
    environment = operator(system, tmp_path)
    where = BrokerEndpoint(
        environment["IMPEX_AMQP_MANAGEMENT_URL"],
        environment["IMPEX_OPERATOR_AMQP_URL"],
        system.broker.vhost,
    )

    async def counted() -> tuple[int, int]:
        row = {row.queue: row for row in await read_queues(where)}["mailer"]
        return row.dead, row.ready

    async def one_dead() -> bool:
        return await counted() == (1, 0)

    async def one_ready() -> bool:
        return await counted() == (0, 1)

    await eventually(one_dead)

    listed = impex(environment, "dead", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    (letter,) = json.loads(listed.stdout)
    assert (letter["service"], letter["id"], letter["attempt"]) == ("mailer", ONE_ID, 3)
    table = impex(environment, "dead", "list", "mailer").stdout
    one = impex(environment, "dead", "show", "mailer", "--fault", letter["fault"])
    assert one.returncode == 0, one.stderr
    assert "published by  not known" in one.stdout
    for shown in (table, one.stdout):
        assert "Undecodable: no such field" in shown
    for shown in (listed.stdout, table, one.stdout):
        assert "123456" not in shown
        assert "pierre@example.org" not in shown
    assert impex(environment, "queues").returncode == 1, "somebody must read it"
    assert (
        "Dead letters of mailer must be read: impex dead list"
        in impex(environment, "queues").stdout
    )
    rows = {row["queue"]: row for row in json.loads(impex(environment, "queues", "--json").stdout)}
    assert (rows["mailer"]["dead"], rows["mailer"]["at_rest"]) == (1, False)

    other = impex(environment, "dead", "replay", "mailer", "--id", "another")
    assert (other.returncode, other.stdout.splitlines()) == (1, [GONE])
    other = impex(environment, "dead", "replay", "mailer", "--type", "AnotherType")
    assert (other.returncode, other.stdout.splitlines()) == (1, [GONE])
    again = impex(environment, "dead", "replay", "mailer", "--id", ONE_ID)
    assert (again.returncode, again.stdout) == (0, "1 message sent to mailer again.\n")
    await eventually(one_ready)
    assert impex(environment, "dead", "list").stdout == "No dead letters.\n"

    await bury(system, b"{}", "not said by registration")
    for which, code in ((("--all",), 0), (("--id", ONE_ID), 1), (("--type", ONE_NAME), 1)):
        done = impex(environment, "dead", "replay", "mailer", *which)
        assert (done.returncode, done.stdout.splitlines()) == (
            code,
            [
                "0 messages sent to mailer again.",
                "1 not said by the owner of the type: never sent again, only discarded.",
            ],
        )


async def test_o_05_a_forged_letter_is_discarded_with_a_reason_and_nothing_else_is(
    system: System, tmp_path: Path
) -> None:
    """O-05, O-06: by its code, with a line in log and journal; what it says cannot reach a
    terminal."""
    async with system.run("mailer"):
        pass
    environment = {**operator(system, tmp_path), **journal_settings(system)}
    await bury(system, b"{}", "no such field")
    await bury(system, b"[]", "not said by registration \x1b[2J" + "x" * 300)
    letters = json.loads(impex(environment, "dead", "list", "--json").stdout)
    (code,) = (one["code"] for one in letters if not one["publisher_verified"])
    table = impex(environment, "dead", "list", "--letters").stdout
    assert "\x1b" not in table
    assert max(map(len, table.splitlines())) <= 120

    unsaid = impex(environment, "dead", "discard", "mailer", "--id", code, "--reason", "")
    assert (unsaid.returncode, unsaid.stderr) == (
        2,
        "impex: --reason: must not be given an empty argument\n",
    )
    both = impex(environment, "dead", "discard", "mailer", "--id", ONE_ID, "--reason", "forged")
    assert both.returncode == 1
    assert "2 letters have this id" in both.stdout
    nowhere = impex(operator(system, tmp_path), "dead", "discard", "mailer", "--all", "--reason=x")
    assert nowhere.returncode == 2, "nothing is done that the journal cannot keep"
    done = impex(environment, "dead", "discard", "mailer", "--id", code, "--reason", "forged")
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["action"], line["count"], line["reason"]) == (
        "dead_letters_discarded",
        1,
        "forged",
    )
    left = json.loads(impex(environment, "dead", "list", "--json").stdout)
    assert [one["publisher_verified"] for one in left] == [True]
    aside = json.loads(impex(environment, "dead", "list", "--in", "discarded", "--json").stdout)
    assert [(one["code"], one["discard_reason"]) for one in aside] == [(code, "forged")]
    in_discarded = ("--in", "discarded", "--json")
    for service, found in (("mailer", [code]), ("registration", [])):
        listed = impex(environment, "dead", "list", service, *in_discarded)
        assert [one["code"] for one in json.loads(listed.stdout)] == found
        shown = impex(environment, "dead", "show", service, *in_discarded)
        assert shown.returncode == (0 if found else 1)
    unheard = impex(environment, "dead", "list", "mailer", "--in", "unrouted")
    assert (unheard.returncode, unheard.stderr[:15]) == (2, "impex: SERVICE:")
    again = impex(environment, "dead", "discard", "mailer", "--id", code, "--reason", "forged")
    assert again.returncode == 1
    assert "There is no such letter" in again.stdout
    assert await entries(system, "support.DeadLettersDiscarded") == [
        {
            "role": "command",
            "user": line["by"],
            "service": "mailer",
            "which": f"id {code}",
            "count": 1,
            "reason": "forged",
        }
    ]


async def test_a_reveal_needs_a_reason_and_is_in_the_journal(
    system: System, tmp_path: Path
) -> None:
    async with system.run("mailer"):
        pass
    environment = {**operator(system, tmp_path), **journal_settings(system)}
    account = "0198c0de-0000-7000-8000-0000000000aa"
    event = RequestCancelled(request_id="a-request")
    _, body = wrap("registration", event, subject=account, now=utc_now(), message_id=ONE_ID)
    await bury(system, body, "a bug")
    shown = impex(environment, "dead", "show", "mailer", "--id", ONE_ID)
    assert "a-request" not in shown.stdout
    assert "request_id: ‹9 characters›" in shown.stdout
    assert account in shown.stdout
    refused = impex(environment, "dead", "show", "mailer", "--id", ONE_ID, "--reveal")
    assert refused.returncode == 2
    assert "a-request" not in refused.stdout
    words = ("dead", "show", "mailer", "--id", ONE_ID, "--reveal", "--reason", "ticket 12")
    revealed = impex(environment, *words)
    assert "request_id: a-request" in revealed.stdout
    (entry,) = await entries(system, "support.DeadLetterRevealed")
    assert (entry["service"], entry["reason"]) == ("mailer", "ticket 12")


async def test_a_mail_is_given_up_with_a_reason_alone(system: System, tmp_path: Path) -> None:
    """With a line in the log and in the journal, and nothing is done that the journal cannot
    keep."""
    mail_id = str(uuid4())
    connection = await asyncpg.connect(system.database.url("mailer"))
    try:
        await connection.execute(HELD_MAIL, mail_id)
        url = {"IMPEX_MAILER_DATABASE_URL": system.database.url("mailer")}
        environment = {**operator(system, tmp_path), **url}
        unsaid = impex(environment, "mail", "drop", mail_id, "--reason", "")
        assert (unsaid.returncode, unsaid.stderr) == (
            2,
            "impex: --reason: must not be given an empty argument\n",
        )
        why = ("--reason", "it arrived")
        assert impex(environment, "mail", "drop", mail_id, *why).returncode == 2
        state = "SELECT state FROM mailer.deliveries WHERE mail_id = $1"
        assert await connection.fetchval(state, mail_id) == "held"

        environment |= journal_settings(system)
        done = impex(environment, "mail", "drop", mail_id[:8], *why)
        assert (done.returncode, done.stdout) == (0, f"Mail {mail_id} is given up.\n"), done.stderr
        assert await connection.fetchval(state, mail_id) == "dropped"
        late = impex(environment, "mail", "drop", mail_id, *why)
        assert (late.returncode, late.stdout) == (
            1,
            f"Mail {mail_id} is neither held nor deferred.\n",
        )
    finally:
        await connection.close()
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["action"], line["mail_id"], line["reason"]) == ("mail_dropped", mail_id, why[1])
    assert await entries(system, "support.MailDropped") == [
        {"role": "command", "user": line["by"], "mail_id": mail_id, "reason": why[1]}
    ]


async def entries(system: System, kind: str) -> list[dict[str, Any]]:
    """The public part of the journal's entries of one type."""
    connection = await asyncpg.connect(system.database.url("support"))
    try:
        rows = await connection.fetch(
            "SELECT public FROM support.journal_entries WHERE type = $1", kind
        )
    finally:
        await connection.close()
    return [json.loads(row["public"]) for row in rows]


def test_a_service_without_dead_letters_is_named(system: System, tmp_path: Path) -> None:
    done = impex(operator(system, tmp_path), "dead", "list", "portal")
    assert done.returncode == 2
    services = "dossiers, mailer, mfa, operations, profile, registration, support, desk, gateway"
    known = f"{services}, backoffice"
    assert done.stderr == f"impex: SERVICE: must be one of {known}, not portal\n"


@pytest.mark.usefixtures("test_servers")
async def test_provision_and_migrate_make_an_installation_and_may_be_repeated(
    fresh: dict[str, str],
) -> None:
    for count in ("6", "0"):
        done = fresh_impex(fresh, "provision")
        assert done.returncode == 0, done.stderr
        owner = {"IMPEX_OWNER_DATABASE_URL": fresh["IMPEX_OWNER_DATABASE_URL"]}
        done = fresh_impex(owner, "migrate")
        assert done.returncode == 0, done.stderr
        assert f"{count} migrations applied" in done.stdout or count != "0"
    for name in service_registry.service_names():
        connection = await asyncpg.connect(fresh[f"IMPEX_{name.upper()}_DATABASE_URL"])
        assert await connection.fetchval(f"SELECT count(*) FROM {name}.outbox") == 0
        await connection.close()
        broker = await aio_pika.connect(fresh[f"IMPEX_{name.upper()}_AMQP_URL"])
        await broker.close()


@pytest.mark.usefixtures("test_servers")
def test_an_administrator_need_not_be_a_superuser(
    fresh: dict[str, str], servers: ServerUrls
) -> None:
    execute(
        servers.database_url,
        "DO $$ BEGIN CREATE ROLE builder LOGIN CREATEDB CREATEROLE PASSWORD 'b'; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        # Provisioning as a superuser takes it from everybody else.
        "GRANT CONNECT ON DATABASE postgres TO builder",
    )
    url = with_url_parts(fresh["IMPEX_DATABASE_URL"], user="builder", password="b")
    done = impex({**fresh, "IMPEX_DATABASE_URL": url}, "provision")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("test_servers")
def test_an_administrator_without_the_right_gets_an_error(
    fresh: dict[str, str], servers: ServerUrls
) -> None:
    execute(
        servers.database_url,
        "DO $$ BEGIN CREATE ROLE visitor LOGIN PASSWORD 'v'; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    url = with_url_parts(fresh["IMPEX_DATABASE_URL"], user="visitor", password="v")
    done = impex({**fresh, "IMPEX_DATABASE_URL": url}, "provision")
    assert done.returncode == 1
    assert done.stderr.startswith("impex: IMPEX_DATABASE_URL: the database refused: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["provision", "migrate", "queues"])
def test_missing_settings_of_a_command_are_named(tmp_path: Path, verb: str) -> None:
    done = impex({"IMPEX_HOME": str(tmp_path)}, verb)
    assert done.returncode == 2
    assert all(line.startswith("impex: IMPEX_") for line in done.stderr.splitlines())
    assert "Traceback" not in done.stderr


def test_a_secret_file_that_is_not_there_is_named() -> None:
    done = impex({"IMPEX_OWNER_DATABASE_URL_FILE": "/nowhere/at/all"}, "migrate")
    assert done.returncode == 2
    assert done.stderr.startswith("impex: IMPEX_OWNER_DATABASE_URL_FILE: cannot be read")


@pytest.mark.parametrize("name", service_registry.service_names())
def test_a_service_names_every_wrong_setting_and_exits_with_2(name: str) -> None:
    values = {f"IMPEX_{name.upper()}_HEALTH_PORT": "99999", "IMPEX_LOG_LEVEL": "loud"}
    done = fresh_impex(values, "run", name)
    assert done.returncode == 2
    named: list[Any] = [line.split(": ")[1] for line in done.stderr.splitlines()]
    required = {f"IMPEX_{name.upper()}_DATABASE_URL", f"IMPEX_{name.upper()}_AMQP_URL"}
    assert required | set(values) <= set(named)
    assert len(named) == len(set(named)), "one line each"


def test_an_unknown_service_is_named() -> None:
    done = impex({}, "run", "nobody")
    assert done.returncode == 2
    assert "there is no service nobody" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "verb", [("up", "--without", "nobody"), ("logs", "--service", "nobody"), ("psql", "nobody")]
)
def test_an_unknown_service_is_one_line(tmp_path: Path, verb: tuple[str, ...]) -> None:
    done = impex({"IMPEX_HOME": str(tmp_path / "home")}, *verb)
    assert done.returncode == 2
    assert done.stderr.startswith("impex: SERVICE: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_psql_without_a_service_names_the_service_only() -> None:
    done = impex({}, "psql")
    assert done.returncode == 2
    assert done.stderr.endswith("the following arguments are required: SERVICE\n")


async def test_several_services_run_in_one_process(system: System) -> None:
    spawned = system.spawn("mailer", "registration")
    await eventually(spawned.ready, 60, every=0.1)
    assert spawned.stop() == 0


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("IMPEX_GATEWAY_PORT", "eighty", "must be a whole number"),
        ("IMPEX_CATCHER_PORT", "70000", "must be at most 65535"),
        ("IMPEX_DATABASE_URL", "mysql://x/y", "must be an address starting with postgresql://"),
        ("IMPEX_AMQP_MANAGEMENT_URL", "amqp://x", "must be an address starting with http://"),
        ("IMPEX_AMQP_MANAGEMENT_URL", "http://u:p@127.0.0.1:99999", "must have a port up to 65535"),
        ("IMPEX_BASE_URL", "http://portal.example", "must be https"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    tmp_path: Path, setting: str, value: str, sentence: str
) -> None:
    done = impex({"IMPEX_HOME": str(tmp_path / "home"), setting: value}, "up")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if setting in line]
    assert len(lines) == 1
    assert sentence in lines[0]
    assert not (tmp_path / "home" / "data").exists(), "nothing was started"


def test_t_03_what_comes_with_a_paste_is_left_out_of_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["\ufeffdossiers\t", "\u00a0--help\u200b"])
    assert stopped.value.code == 0
    assert "usage: impex dossiers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("queues", "--nope"), "queues"),
        (("dead", "list", "--nope", "gateway"), "dead list"),
        (("journal", "export", "2026-01-01", "2026-01-02", "more"), "journal export"),
    ],
)
def test_what_a_command_does_not_know_is_answered_with_its_own_usage(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], command: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    err = capsys.readouterr().err
    assert stopped.value.code == 2
    assert err.startswith(f"usage: impex {command} ")
    assert f"impex {command}: error: unrecognized arguments: " in err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("mail", "list", "--to", ""), "--to"),
        (("mail", "list", "--to="), "--to"),
        (("backup", "\u200b"), "backup"),
        (("journal", "export", "", "2026-01-01"), "journal export"),
        (("partner", "add", "acme", "--push", ""), "--push"),
        (("secrets", "folder", "--rotate", ""), "--rotate"),
    ],
)
def test_an_argument_that_is_empty_is_not_taken_for_none(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], name: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"impex: {name}: must not be given an empty argument\n"


@pytest.mark.parametrize(
    "words",
    [
        *(("dossiers", "log", "--limit", one) for one in ("0", "-1", "1.5", "9" * 20, "٣")),
        *(("migrate", "--wait", one) for one in ("nan", "inf", "-1", "1e9")),
        ("secrets", "folder", "--rotate", "A", "--new-password", "b"),
        ("backup", "folder", "--secrets", "s", "--without-secrets"),
        ("agent", "reset", "\udcff"),
    ],
)
def test_an_argument_out_of_range_or_against_another_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: impex" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--help",), ("secrets", "made")])
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    """After the command was carried out."""
    with Path("/dev/full").open("w") as full:
        done = _ended(tmp_path, words, stdout=full)
    reason = "impex: what it prints cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, reason)
    assert (tmp_path / "made" / "all").exists() == (words[0] == "secrets")


@pytest.mark.parametrize(("words", "code"), [(("secrets", "made"), 0), (("backup", ""), 2)])
def test_a_command_whose_output_is_closed_ends_with_its_code(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    done = _ended(tmp_path, words, preexec_fn=lambda: os.close(1))
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_value_may_end_with_an_equals_sign(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["partner", "add", "acme", "--push=https://h.example/x?token=c2VjcmV0=="])
    assert "empty" not in capsys.readouterr().err


def _ended(folder: Path, words: tuple[str, ...], **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operations", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, text=True, check=False, **more,
    )  # fmt: skip
