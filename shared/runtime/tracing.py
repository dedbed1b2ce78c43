"""Traces: what belongs to one request, across services, and where its time goes.

Every message and log line bears the id of its trace, whatever the settings. Spans are recorded only
where `start` was given a collector; otherwise `span` costs a comparison, and nothing of
OpenTelemetry is imported. A span has names of ours only: no address, path, parameter or value.

A span says how many statements its block has executed and how long they took. Only a slow or failed
statement has a span of its own: one for each would be two thirds of all spans and of their cost.
"""

import os
import random
import re
import time
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import Literal, NamedTuple, Protocol

#: The W3C trace that the current task works for, and in it the span; emitting and asking carry it
#: on.
traceparent: ContextVar[str | None] = ContextVar("impex_traceparent", default=None)
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")

#: Nanoseconds from which a statement is slow.
SLOW_STATEMENT = 10_000_000

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int


class FinishedSpan(NamedTuple):
    """A span that has ended; ids in hexadecimal digits, times in nanoseconds since 1970.

    `error` is the name of an exception's type. A span without `parent_id` is its trace's first.
    """

    service: str
    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str | None
    began: int
    ended: int
    attributes: dict[str, Value]
    error: str | None


class Recorder(Protocol):
    """Takes spans away without waiting."""

    def record(self, span: FinishedSpan) -> None:
        """Take one."""

    def close(self) -> None:
        """Send what was taken, within a few seconds."""


class Span:
    """A span while its block runs."""

    __slots__ = (
        "_attributes", "_began", "_ids", "_kind", "_name", "_parent", "_service",
        "_statement_time", "_statements", "_token",
    )  # fmt: skip

    def __init__(
        self,
        service: str,
        name: str,
        kind: Kind,
        ids: tuple[str, str],
        parent: str | None,
    ) -> None:
        self._service = service
        self._name = name
        self._kind = kind
        self._ids = ids
        self._parent = parent
        self._attributes: dict[str, Value] = {}
        self._statements = self._statement_time = 0

    def set(self, name: str, value: Value) -> None:
        """An attribute; never anything that somebody typed."""
        self._attributes[name] = value

    def add_statement(self, nanoseconds: int) -> None:
        """Count a statement that took so long."""
        self._statements += 1
        self._statement_time += nanoseconds

    def __enter__(self) -> "Span":
        _open[self._ids[1]] = self
        self._token = traceparent.set(f"00-{self._ids[0]}-{self._ids[1]}-01")
        self._began = time.time_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        traceparent.reset(self._token)
        _open.pop(self._ids[1], None)
        if self._statements:
            self._attributes["impex.statements"] = self._statements
            self._attributes["impex.statement_microseconds"] = self._statement_time // 1_000
        if _recorder is not None:
            error = None if kind is None else kind.__name__
            trace, own = self._ids
            _recorder.record(
                FinishedSpan(
                    self._service, self._name, self._kind, trace, own, self._parent,
                    self._began, time.time_ns(), self._attributes, error,
                )
            )  # fmt: skip


class _NoSpan(Span):
    """In place of a span where none is recorded; one for all."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def set(self, name: str, value: Value) -> None:
        pass

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        pass


_NO_SPAN = _NoSpan()
#: The spans whose blocks are running, by their ids.
_open: dict[str, Span] = {}
_recorder: Recorder | None = None


def start(endpoint: str, instance: str) -> None:
    """Send spans to the collector at `endpoint` (OTLP over HTTP); an empty one records none."""
    if not endpoint:
        return
    from shared.runtime.trace_export import TraceExport  # imports OpenTelemetry

    record_by(TraceExport(endpoint, instance))


def stop() -> None:
    """Send the last spans, within a few seconds, and record no more."""
    if _recorder is not None:
        _recorder.close()
    record_by(None)


def record_by(recorder: Recorder | None) -> None:
    """Give spans to `recorder` from now on."""
    global _recorder
    _recorder = recorder


def is_on() -> bool:
    """Whether spans are recorded."""
    return _recorder is not None


def new_traceparent() -> str:
    """The start of a new W3C trace."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def root_span(service: str, name: str, kind: Kind) -> Span:
    """The first span of the trace that the current task has begun by `new_traceparent`."""
    found = _ids(traceparent.get()) if _recorder is not None else None
    return _NO_SPAN if found is None else Span(service, name, kind, found, None)


def span(service: str, name: str, kind: Kind = "internal", *, of: str | None = None) -> Span:
    """A span of the current task's trace, or of the traceparent `of`; none outside of traces.

    What is emitted or asked within its block has it for a parent.
    """
    if _recorder is None:
        return _NO_SPAN
    parent = _ids(of or traceparent.get())
    if parent is None:
        return _NO_SPAN
    return Span(service, name, kind, (parent[0], _new_span_id()), parent[1])


def http_headers() -> dict[str, str]:
    """The header that carries the current task's trace to another program over HTTP: recorded or
    not. None outside of traces, or where the trace has no valid id."""
    current = traceparent.get()
    return {"traceparent": current} if current and _ids(current) else {}


def record_statement(
    service: str, sql: str, began: int, ended: int, error: BaseException | None
) -> None:
    """Count a statement that a connection of `service` has executed in the span around it; a slow
    or failed one is recorded, by its name."""
    parent = _ids(traceparent.get())
    if _recorder is None or parent is None:
        return
    if around := _open.get(parent[1]):
        around.add_statement(ended - began)
    if error is None and ended - began < SLOW_STATEMENT:
        return
    name = statement_name(sql)
    if not name:
        return
    failed = None if error is None else type(error).__name__
    _recorder.record(
        FinishedSpan(
            service, name, "client", parent[0], _new_span_id(), parent[1], began, ended, {}, failed
        )
    )


@lru_cache(2_048)
def statement_name(sql: str) -> str:
    """The verb of a statement and the first table that it names; nothing for BEGIN, which takes no
    time of its own.

    >>> statement_name("SELECT state FROM accounts WHERE id = $1")
    'SELECT accounts'
    """
    verb, table = VERB.match(sql), TABLE.search(sql)
    name = verb[1].upper() if verb else "statement"
    if name == "BEGIN":
        return ""
    return f"{name} {table[1].lower()}" if table else name


VERB = re.compile(r"\s*(?:--[^\n]*\n\s*)*([A-Za-z]+)")
TABLE = re.compile(r'\b(?:INTO|FROM|UPDATE)\s+(?:ONLY\s+)?"?([a-z_][a-z0-9_]*)', re.IGNORECASE)


def _new_span_id() -> str:
    # It need not be hard to guess, and a call of the system takes as long as all else of a span.
    return f"{random.getrandbits(64) or 1:016x}"


@lru_cache(2_048)
def _ids(header: str | None) -> tuple[str, str] | None:
    """The ids of a trace and of a span in it."""
    found = TRACEPARENT.fullmatch(header or "")
    return None if found is None else (found[1], found[2])
