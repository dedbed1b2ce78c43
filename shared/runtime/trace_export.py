"""Sends spans to a collector by OpenTelemetry's OTLP over HTTP; imported only where there is one.

Spans are written at once into the message that a thread sends with the next batch: what waits is
bounded, and no object is left of a span. A collector that is unavailable or slow costs the spans
that no longer fit, and one line in the log.
"""

import threading

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from shared.runtime.telemetry import get_logger
from shared.runtime.tracing import FinishedSpan, Kind, Value
from shared.version import VERSION

#: Seconds that spans wait for others, unless they fill a batch: sending one costs as much as
#: recording hundreds.
SEND_SECONDS = 15
BATCH_SPANS = 512
#: More than these are not kept while a batch is being sent.
MAX_WAITING_SPANS = 2_048
#: Seconds for one batch, with its repetitions, and for the last ones when the process ends.
EXPORT_SECONDS = 5
CLOSE_SECONDS = 3.0

KINDS: dict[Kind, SpanMessage.SpanKind.ValueType] = {
    "internal": SpanMessage.SPAN_KIND_INTERNAL,
    "server": SpanMessage.SPAN_KIND_SERVER,
    "client": SpanMessage.SPAN_KIND_CLIENT,
    "producer": SpanMessage.SPAN_KIND_PRODUCER,
    "consumer": SpanMessage.SPAN_KIND_CONSUMER,
}

log = get_logger("tracing")


class CollectorClient(OTLPSpanExporter):
    """Sends encoded batches with the addresses, headers, certificates and repetitions of
    OpenTelemetry's exporter, and without its spans: each would be made and encoded twice, which
    takes ten times as long."""

    def send(self, body: bytes) -> bool:
        """Send one batch; whether the collector has it."""
        return self._client.export(body).success


class TraceExport:
    """Sends to the collector at `endpoint`; `instance` is the machine's name."""

    def __init__(self, endpoint: str, instance: str) -> None:
        url = f"{endpoint.rstrip('/')}/v1/traces"
        self._collector = CollectorClient(url, timeout=EXPORT_SECONDS)
        self._instance = instance
        self._lock = threading.Lock()
        self._empty()
        self._due = threading.Event()
        self._closing = False
        self._away = False
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def record(self, span: FinishedSpan) -> None:
        """Put a span into the next batch."""
        with self._lock:
            if self._waiting >= MAX_WAITING_SPANS:
                return
            self._waiting += 1
            full = self._waiting == BATCH_SPANS
            added = (self._scopes.get(span.service) or self._add_scope(span.service)).spans.add(
                trace_id=bytes.fromhex(span.trace_id),
                span_id=bytes.fromhex(span.span_id),
                name=span.name,
                kind=KINDS[span.kind],
                start_time_unix_nano=span.began,
                end_time_unix_nano=span.ended,
            )
            if span.parent_id is not None:
                added.parent_span_id = bytes.fromhex(span.parent_id)
            for name, value in span.attributes.items():
                _put(added.attributes.add(), name, value)
            if span.error is not None:
                added.status.code = Status.STATUS_CODE_ERROR
                added.status.message = span.error
        if full:
            self._due.set()

    def close(self) -> None:
        """Send what waits, and give up after `CLOSE_SECONDS`."""
        self._closing = True
        self._due.set()
        self._thread.join(CLOSE_SECONDS)
        self._collector.shutdown()  # type: ignore[no-untyped-call]
        self._thread.join(1)

    def _empty(self) -> None:
        self._batch = ExportTraceServiceRequest()
        # One for each service of the process; its spans are sent together.
        self._scopes: dict[str, ScopeSpans] = {}
        self._waiting = 0

    def _add_scope(self, service: str) -> ScopeSpans:
        of_service = self._batch.resource_spans.add()
        for name, value in (
            ("service.name", service),
            ("service.namespace", "impex"),
            ("service.version", VERSION),
            ("service.instance.id", f"{service}@{self._instance}"),
        ):
            _put(of_service.resource.attributes.add(), name, value)
        made: ScopeSpans = of_service.scope_spans.add()
        made.scope.name, made.scope.version = "impex", VERSION
        self._scopes[service] = made
        return made

    def _run(self) -> None:
        while not self._closing:
            self._due.wait(SEND_SECONDS)
            self._due.clear()
            self._send()
        self._send()  # what has come while the last batch was sent

    def _send(self) -> None:
        with self._lock:
            batch, waiting = self._batch, self._waiting
            self._empty()
        if not waiting:
            return
        away = not self._collector.send(batch.SerializeToString())
        if away and not self._away:
            log.warning(
                "The collector of traces does not answer; traces are dropped until it does.",
                action="traces_dropped",
            )
        elif self._away and not away:
            log.info("The collector of traces answers again.", action="traces_sent_again")
        self._away = away


def _put(attribute: KeyValue, name: str, value: Value) -> None:
    attribute.key = name
    if isinstance(value, str):
        attribute.value.string_value = value
    else:
        attribute.value.int_value = value
