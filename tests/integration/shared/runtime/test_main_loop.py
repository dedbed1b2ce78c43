"""The main loop from outside: a real process, real servers, exit codes and recorded steps."""

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.shared.runtime.service_process import (
    Process,
    Start,
    allow_sessions,
    emit_event,
    fetch,
    work,
)
from tests.support.servers.shared_servers import Broker, Database
from tests.support.waiting import eventually, eventually_sync


async def test_a_signal_lets_the_running_handler_end_then_closes_in_order(
    start: Start, database: Database
) -> None:
    process = start(IMPEX_SMALL_HANDLER_SECONDS="1.5")
    await eventually(process.ready)
    await emit_event(database)
    await eventually(lambda: process.has_printed("handling"))
    process.stop()
    assert process.code() == 0, process.lines()
    assert await work(database) == [
        "built",
        "drain: registered second",
        "drain: registered first",
        "handled",
        "closed",
    ]
    assert process.actions().count("service_stopped") == 2
    assert "drain_cut" not in process.actions()


async def test_interrupt_from_the_keyboard_drains_as_well(start: Start) -> None:
    process = start()
    await eventually(process.ready)
    process.stop(signal.SIGINT)
    assert process.code() == 0, process.lines()


@pytest.mark.parametrize("mode", ["dies", "ends"])
async def test_a_side_task_that_ends_stops_the_process_with_an_error(
    start: Start, database: Database, mode: str
) -> None:
    process = start(IMPEX_SMALL_MODE=mode)
    await eventually(process.ready)
    process.stop(signal.SIGUSR1)
    assert process.code() == 1
    died = [line for line in process.logged() if line.get("action") == "side_task_died"]
    assert [(line["level"], line["task"]) for line in died] == [
        ("critical", "registration: misbehave")
    ]
    assert (await work(database))[-1] == "closed"
    assert "pierre@example.fr" not in "\n".join(process.lines())


async def test_a_missed_deadline_is_logged_and_the_exit_is_a_failure(start: Start) -> None:
    process = start(IMPEX_SMALL_MODE="stubborn", IMPEX_DRAIN_SECONDS="1")
    await eventually(process.ready)
    process.stop()
    assert process.code() == 1
    assert "drain_cut" in process.actions()


async def test_a_second_signal_ends_a_drain_at_once(start: Start, database: Database) -> None:
    process = start(IMPEX_SMALL_MODE="stubborn", IMPEX_DRAIN_SECONDS="60")
    await eventually(process.ready)
    process.stop()
    await eventually(lambda: "service_stopping" in process.actions())
    process.stop()
    assert process.code(5) == 130
    assert "closed" not in await work(database)


async def test_a_second_signal_ends_even_a_process_whose_loop_is_stuck(start: Start) -> None:
    process = start(IMPEX_SMALL_MODE="stuck")
    await eventually(lambda: process.has_printed("stuck"))
    process.stop(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.code(0.5)
    process.stop(signal.SIGINT)
    assert process.code(5) == 130


async def test_a_build_that_fails_is_a_failed_start_and_closes_what_was_open(
    start: Start,
) -> None:
    process = start(IMPEX_SMALL_MODE="build fails")
    assert process.code() == 1
    (failed,) = [line for line in process.logged() if line.get("action") == "start_failed"]
    assert "RuntimeError: no way to build this" in failed["exception"]
    assert process.actions().count("service_stopped") == 2


async def test_an_invalid_setting_found_by_build_exits_2_with_its_line(start: Start) -> None:
    process = start(IMPEX_SMALL_MODE="misconfigured")
    assert process.code() == 2
    assert process.lines()[-1] == "impex: IMPEX_SMALL_MODE: asks for the impossible"
    assert process.actions().count("service_stopped") == 2


async def test_a_database_that_never_starts_is_reported_in_one_line_after_the_bounded_wait(
    start: Start,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql://impex_mailer:hidden@127.0.0.1:{port}/impex"
        process = start(IMPEX_MAILER_DATABASE_URL=url, IMPEX_START_SECONDS="1")
        assert process.code() == 1
    failed = [line for line in process.logged() if line.get("action") == "start_failed"]
    assert len(failed) == 1
    assert "database is unavailable" in failed[0]["reason"]
    assert "exception" not in failed[0]
    assert "start_waits" in process.actions()
    assert "hidden" not in "\n".join(process.lines())


async def test_a_signal_during_the_bounded_wait_stops_it(start: Start) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"amqp://mailer:x@127.0.0.1:{unused.getsockname()[1]}/"
        process = start(IMPEX_MAILER_AMQP_URL=url, IMPEX_START_SECONDS="60")
        await eventually(lambda: "start_waits" in process.actions())
        process.stop()
        assert process.code() == 0, process.lines()


async def test_a_schema_that_is_not_migrated_is_a_failed_start(
    start: Start, database_factory: Callable[[], Database]
) -> None:
    process = start(IMPEX_MAILER_DATABASE_URL=database_factory().url("mailer"))
    assert process.code() == 1
    (failed,) = [line for line in process.logged() if line.get("action") == "start_failed"]
    assert "apply the migrations first" in failed["reason"]


async def test_health_follows_the_service(start: Start, free_port: int) -> None:
    port = free_port
    process = start(IMPEX_MAILER_HEALTH_PORT=str(port))
    await eventually(lambda: fetch(port, "/health/ready")[0] == 200)
    _, headers, body = fetch(port, "/health/ready")
    assert json.loads(body) == {"ready": True, "started": True, "database": True, "broker": True}
    assert "Server" not in headers
    assert fetch(port, "/health/live")[0] == 200
    assert 'impex_ready{service="mailer"} 1.0' in fetch(port, "/metrics")[2]
    assert fetch(port, "/.git/HEAD")[0] == 404
    process.stop()
    assert process.code() == 0


async def test_a_health_port_that_is_taken_is_a_failed_start(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(IMPEX_MAILER_HEALTH_PORT=str(taken.getsockname()[1]))
        assert process.code() == 1
    (failed,) = [line for line in process.logged() if line.get("action") == "start_failed"]
    assert "cannot listen on port" in failed["reason"]


@pytest.mark.faults
async def test_readiness_names_what_is_unavailable_and_the_process_runs_until_it_is_stopped(
    start: Start, database: Database, broker: Broker, free_port: int
) -> None:
    process = start(IMPEX_MAILER_HEALTH_PORT=str(free_port))

    def ready_is(database_answers: bool, broker_answers: bool) -> bool:
        status, _, body = fetch(free_port, "/health/ready")
        found = json.loads(body or "{}")
        expected = {"database": database_answers, "broker": broker_answers}
        good = database_answers and broker_answers
        return found.items() >= expected.items() and status == (200 if good else 503)

    await eventually(lambda: ready_is(True, True))
    await allow_sessions(database, False)
    await eventually(lambda: ready_is(False, True), timeout=60)
    assert fetch(free_port, "/health/live")[0] == 200
    await allow_sessions(database, True)
    await eventually(lambda: ready_is(True, True), timeout=60)
    assert {"database_away", "database_back"} <= set(process.actions())

    broker.admin.call("DELETE", f"vhosts/{broker.vhost}")
    try:
        await eventually(lambda: ready_is(True, False), timeout=60)
        assert fetch(free_port, "/health/live")[0] == 200
        process.stop()
        assert process.code() == 0, process.lines()
    finally:
        broker.admin.call("PUT", f"vhosts/{broker.vhost}")  # for the fixture to delete


BAD = {
    "IMPEX_BASE_URL": "http://portal.example",
    "IMPEX_REGISTRATION_DATABASE_URL": "postgresql://u:hidden@db.example/impex",
    "IMPEX_REGISTRATION_AMQP_URL": "amqp://u:hidden@mq.example/",
    "IMPEX_MAILER_HEALTH_PORT": "many",
}


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_wrong_settings_exit_2_with_one_line_for_each(tmp_path: Path, arguments: list[str]) -> None:
    process = Process(BAD, tmp_path, *arguments)
    try:
        assert process.code() == 2
        lines = process.lines()
    finally:
        process.end()
    assert all(line.startswith("impex: IMPEX_") for line in lines)
    assert sorted(line.split(": ")[1] for line in lines) == [
        "IMPEX_BASE_URL",
        "IMPEX_MAILER_AMQP_URL",
        "IMPEX_MAILER_DATABASE_URL",
        "IMPEX_MAILER_HEALTH_PORT",
        "IMPEX_REGISTRATION_AMQP_URL",
        "IMPEX_REGISTRATION_DATABASE_URL",
    ]
    assert "hidden" not in "\n".join(lines)


def test_check_opens_nothing_and_accepts_good_settings(tmp_path: Path) -> None:
    good = {
        f"IMPEX_{name}_{what}_URL": f"{scheme}://x:y@127.0.0.1:1/z"
        for name in ("REGISTRATION", "MAILER")
        for what, scheme in (("DATABASE", "postgresql"), ("AMQP", "amqp"))
    }
    process = Process(good, tmp_path, "--check")
    try:
        assert process.code() == 0
        eventually_sync(lambda: process.lines() == [])
    finally:
        process.end()
