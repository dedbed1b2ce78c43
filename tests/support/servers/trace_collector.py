"""A collector of traces (OTLP over HTTP) in the test's loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it came; ids in hexadecimal digits."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    attributes: dict[str, str]
    error: str


@dataclass
class TraceCollector:
    """What was sent to `url`; answers `status`."""

    url: str = ""
    status: int = 200
    spans: list[CollectedSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        """One batch."""
        body = await request.read()
        self.bodies.append(body)
        if self.status == 200:
            for of_service in ExportTraceServiceRequest.FromString(body).resource_spans:
                resource = _texts(of_service.resource.attributes)
                for scope in of_service.scope_spans:
                    self.spans += [
                        CollectedSpan(
                            resource["service.name"],
                            one.name,
                            one.trace_id.hex(),
                            one.span_id.hex(),
                            one.parent_span_id.hex(),
                            one.start_time_unix_nano,
                            one.end_time_unix_nano,
                            _texts(one.attributes),
                            one.status.message,
                        )
                        for one in scope.spans
                    ]
        return web.Response(status=self.status)


@asynccontextmanager
async def trace_collector() -> AsyncIterator[TraceCollector]:
    """Running on a port of its own."""
    made = TraceCollector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    made.url = f"http://127.0.0.1:{port}"
    yield made
    await runner.cleanup()


def _texts(attributes: object) -> dict[str, str]:
    found = {}
    for one in attributes:  # type: ignore[attr-defined]
        kind = one.value.WhichOneof("value")
        found[one.key] = str(getattr(one.value, kind))
    return found
