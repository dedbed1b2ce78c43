"""Sends spans to a collector by OpenTelemetry's OTLP over HTTP; imported only where there is one.

Spans wait in a bounded queue for a thread that sends them in batches. A collector that is
unavailable or slow costs the spans that no longer fit, and one line in the log.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from shared.runtime.telemetry import get_logger
from shared.runtime.tracing import FinishedSpan
from shared.version import VERSION

#: Seconds that spans wait for others, unless they fill a batch: sending one costs as much as
#: encoding hundreds.
SEND_SECONDS = 15
#: Seconds for one batch, with its repetitions, and for the last ones when the process ends.
EXPORT_SECONDS = 5
CLOSE_SECONDS = 3.0

log = get_logger("tracing")


class TraceExport:
    """Sends to the collector at `endpoint`; `instance` is the machine's name."""

    def __init__(self, endpoint: str, instance: str) -> None:
        url = f"{endpoint.rstrip('/')}/v1/traces"
        self._exporter = _SaysOnce(OTLPSpanExporter(url, timeout=EXPORT_SECONDS))
        self._processor = BatchSpanProcessor(
            self._exporter, schedule_delay_millis=1_000 * SEND_SECONDS
        )
        self._instance = instance
        self._scope = InstrumentationScope("impex", VERSION)
        # One resource for each service of the process; its spans are sent together.
        self._resource = lru_cache(self._make_resource)

    def record(self, span: FinishedSpan) -> None:
        """Put a span into the queue."""
        trace_id, flags = int(span.trace_id, 16), TraceFlags(TraceFlags.SAMPLED)
        own = SpanContext(trace_id, int(span.span_id, 16), is_remote=False, trace_flags=flags)
        parent = None
        if span.parent_id is not None:
            parent = SpanContext(trace_id, int(span.parent_id, 16), is_remote=False)
        status = Status() if span.error is None else Status(StatusCode.ERROR, span.error)
        self._processor.on_end(
            ReadableSpan(
                span.name,
                own,
                parent,
                self._resource(span.service),
                span.attributes,
                kind=SpanKind[span.kind.upper()],
                status=status,
                start_time=span.began,
                end_time=span.ended,
                instrumentation_scope=self._scope,
            )
        )

    def close(self) -> None:
        """Send what is in the queue, and give up after `CLOSE_SECONDS`."""
        sending = threading.Thread(target=self._processor.shutdown, daemon=True)
        sending.start()
        sending.join(CLOSE_SECONDS)
        if sending.is_alive():
            self._exporter.shutdown()
            sending.join(1)

    def _make_resource(self, service: str) -> Resource:
        return _HashedOnce(
            {
                "service.name": service,
                "service.namespace": "impex",
                "service.version": VERSION,
                "service.instance.id": f"{service}@{self._instance}",
            }
        )


class _HashedOnce(Resource):
    """A resource that is not encoded again for each span of a batch, which is what its hash does;
    it takes a quarter of the time of a batch."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class _SaysOnce(SpanExporter):
    """Sends by `exporter` and logs once that the collector does not answer, once that it does."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self._away:
            log.warning(
                "The collector of traces does not answer; traces are dropped until it does.",
                action="traces_dropped",
            )
        elif self._away and not away:
            log.info("The collector of traces answers again.", action="traces_sent_again")
        self._away = away
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()
