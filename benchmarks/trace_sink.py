"""A collector of traces that counts: `python -m benchmarks.trace_sink`.

It listens on a loopback port of the kernel's choice, prints `{"port": …}`, then one JSON line per
batch with its number of spans, and ends with its standard input.
"""

import contextlib

import uvloop
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.subprocesses import input_ended, say


async def receive(request: web.Request) -> web.Response:
    """One batch."""
    batch = ExportTraceServiceRequest.FromString(await request.read())
    scopes = (scope for each in batch.resource_spans for scope in each.scope_spans)
    say({"spans": sum(len(scope.spans) for scope in scopes)})
    return web.Response()


async def main() -> None:
    """Serve until standard input is closed."""
    app = web.Application()
    app.router.add_post("/v1/traces", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    say({"port": runner.addresses[0][1]})
    await input_ended()
    await runner.cleanup()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        uvloop.run(main())
