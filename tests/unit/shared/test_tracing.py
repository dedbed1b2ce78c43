"""Spans: of one trace, without values, and without cost or noise where nobody collects them."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from operations.local.processes import free_port
from shared.errors import ConfigurationError
from shared.messaging.envelope import traceparent_of
from shared.runtime import trace_export, tracing
from shared.runtime.trace_export import TraceExport
from shared.runtime.tracing import (
    SLOW_STATEMENT,
    FinishedSpan,
    http_headers,
    new_traceparent,
    record_statement,
    root_span,
    span,
    statement_name,
    traceparent,
)
from shared.settings import CommonSettings, load
from tests.support.logs import written_log
from tests.support.servers.trace_collector import trace_collector


class Kept:
    """A recorder that keeps what it takes."""

    def __init__(self) -> None:
        self.spans: list[FinishedSpan] = []

    def record(self, span: FinishedSpan) -> None:
        self.spans.append(span)

    def close(self) -> None:
        """Nothing to send."""


@pytest.fixture
def kept() -> Iterator[Kept]:
    made = Kept()
    tracing.record_by(made)
    yield made
    tracing.record_by(None)


def test_spans_of_a_request_are_one_trace_with_the_ids_of_the_messages(kept: Kept) -> None:
    header = new_traceparent()
    token = traceparent.set(header)
    with root_span("gateway", "GET /", "server"), span("gateway", "ask a", "client"):
        inner = traceparent.get()
    traceparent.reset(token)
    ask, root = kept.spans
    assert header == f"00-{root.trace_id}-{root.span_id}-01"
    assert (root.parent_id, ask.parent_id) == (None, root.span_id)
    assert inner == f"00-{root.trace_id}-{ask.span_id}-01"
    assert root.began <= ask.began <= ask.ended <= root.ended


def test_a_trace_goes_on_over_http_recorded_or_not(kept: Kept) -> None:
    header = new_traceparent()
    token = traceparent.set(header)
    with span("push", "push a", "client"):
        assert http_headers() == {"traceparent": traceparent.get()} != {"traceparent": header}
    tracing.record_by(None)
    with span("push", "push a", "client"):
        assert http_headers() == {"traceparent": header}
    for wrong in (None, "", "00-1-2-01", f"{header}\r\nX: 1", f"00-{'0' * 32}-{'1' * 16}-01"):
        traceparent.set(wrong)
        assert http_headers() == {}
    traceparent.reset(token)


def test_a_failure_is_in_a_span_by_its_type_alone(kept: Kept) -> None:
    token = traceparent.set(new_traceparent())
    with pytest.raises(ValueError, match="secret"), span("mfa", "handle"):
        raise ValueError("secret 123456")
    traceparent.reset(token)
    assert kept.spans[0].error == "ValueError"
    assert "secret" not in repr(kept.spans)


@pytest.mark.parametrize(
    "header", [None, "", "nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"]
)
def test_work_outside_of_a_trace_is_not_recorded(kept: Kept, header: str | None) -> None:
    token = traceparent.set(header)
    with span("mfa", "SELECT"):
        assert traceparent.get() == header
    traceparent.reset(token)
    assert not kept.spans


def test_without_a_collector_nothing_is_recorded_and_nothing_imported() -> None:
    token = traceparent.set(new_traceparent())
    assert span("a", "b") is span("c", "d") is root_span("e", "f", "server")
    traceparent.reset(token)
    # The services and what runs them, in a process of its own.
    code = (
        "import sys, shared.runtime.main;"
        "from operations import service_registry; service_registry.services();"
        "shared.runtime.main.tracing.start('', 'here');"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_span_counts_its_statements_and_slow_or_failed_ones_have_their_own(kept: Kept) -> None:
    token = traceparent.set(new_traceparent())
    slow = SLOW_STATEMENT
    with span("mfa", "answer a", "server"):
        for sql, took, error in (
            ("BEGIN;", slow, None),
            ("SELECT 1", slow - 1, None),
            ("SELECT 2 FROM slow", slow, None),
            ("UPDATE broken SET a = 1", 1, ValueError("secret")),
        ):
            record_statement("mfa", sql, 1_000, 1_000 + took, error)
    traceparent.reset(token)
    *own, around = kept.spans
    assert [(one.name, one.error) for one in own] == [
        ("SELECT slow", None),
        ("UPDATE broken", "ValueError"),
    ]
    assert {one.parent_id for one in own} == {around.span_id}
    assert around.attributes["impex.statements"] == 4
    assert around.attributes["impex.statement_microseconds"] == 3 * slow // 1_000
    assert not tracing._open


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT 1", "SELECT"),
        ("\n  -- why\n  select a from accounts where b = 'x'", "SELECT accounts"),
        ("INSERT INTO outbox (a) VALUES ($1)", "INSERT outbox"),
        ("UPDATE credentials SET a = $1", "UPDATE credentials"),
        ("DELETE FROM replies WHERE a = 1", "DELETE replies"),
        ("WITH first AS (INSERT INTO inbox SELECT 1) SELECT", "WITH inbox"),
        ("BEGIN;", ""),
        ("COMMIT;", "COMMIT"),
        ("(", "statement"),
    ],
)
def test_a_statement_has_a_name_and_no_value(sql: str, name: str) -> None:
    assert statement_name(sql) == name


def test_the_trace_of_a_message_is_read_without_the_message() -> None:
    header = new_traceparent()
    body = {"data": {"traceparent": 5}, "id": "x", "traceparent": header}
    assert traceparent_of(json.dumps(body).encode()) == header


async def test_a_collector_gets_spans_by_service() -> None:
    async with trace_collector() as collector:
        export = TraceExport(collector.url + "/", "here")
        for service in ("mfa", "mailer"):
            export.record(finished(service))
        await asyncio.to_thread(export.close)
    assert {(one.service, one.name) for one in collector.spans} == {
        ("mfa", "handle x"),
        ("mailer", "handle x"),
    }
    assert collector.spans[0].attributes == {"a": "1"}


@pytest.mark.parametrize("how", ["away", "silent", "refusing"])
async def test_a_collector_that_is_away_costs_one_line(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_export, "EXPORT_SECONDS", 0.2)
    monkeypatch.setattr(trace_export, "CLOSE_SECONDS", 1.0)
    # It listens, and accepts nothing.
    async with trace_collector() as collector:
        silent = socket.create_server(("127.0.0.1", 0))
        collector.status = 400
        port = free_port() if how == "away" else silent.getsockname()[1]
        url = collector.url if how == "refusing" else f"http://127.0.0.1:{port}"
        with written_log("debug") as log:
            export = TraceExport(url, "here")
            for _ in range(4_000):  # more than the queue holds
                export.record(finished("mfa"))
            await asyncio.to_thread(export.close)
        silent.close()
    actions = [json.loads(line)["action"] for line in log.getvalue().splitlines() if "{" in line]
    assert actions == ["traces_dropped"]


def test_no_span_waits_for_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck:
        """Sends a batch as long as the test lasts."""

        def __init__(self, *_: object, **__: object) -> None:
            self.entered, self.released, self.sent = threading.Event(), threading.Event(), 0

        def send(self, body: bytes) -> bool:
            self.entered.set()
            assert self.released.wait(60)
            (of_service,) = ExportTraceServiceRequest.FromString(body).resource_spans
            self.sent += len(of_service.scope_spans[0].spans)
            return True

        def shutdown(self) -> None:
            """Nothing to close."""

    stuck = Stuck()
    monkeypatch.setattr(trace_export, "CollectorClient", lambda *_, **__: stuck)
    export = TraceExport("http://127.0.0.1:1", "here")
    for _ in range(512):
        export.record(finished("mfa"))
    assert stuck.entered.wait(60), "a batch is being sent"
    for _ in range(4_000):
        export.record(finished("mfa"))
    assert stuck.sent == 0
    stuck.released.set()
    export.close()
    assert stuck.sent == 512 + 2_048, "the batch that was sent, and what may wait meanwhile"


@pytest.mark.parametrize(
    "url", ["collector", "ftp://collector", "http://", "http://a:b@collector:4318", "http://[x"]
)
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        load(CommonSettings, {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
    assert [name for name, _ in wrong.value.problems] == ["OTEL_EXPORTER_OTLP_ENDPOINT"]


def finished(service: str) -> FinishedSpan:
    """A span of some trace."""
    now = time.time_ns()
    ids = ("1" * 32, "2" * 16, "3" * 16)
    return FinishedSpan(service, "handle x", "consumer", *ids, now, now + 1, {"a": "1"}, None)
