"""What traces cost a journey: the services' processor time with a collector and without.

Both are measured in turn, with services started afresh. Without a collector there is nothing to
compare with but the code without a line of it: the cost is what a span that is not recorded takes,
measured here, times the spans that a journey has where they are recorded.
"""

import asyncio
import time

from benchmarks.environment import Environment
from benchmarks.full_journey import AT_ONCE, Meter, take_journeys
from benchmarks.measure import Line, Plan, ratio_line
from benchmarks.subprocesses import Subprocess
from shared.runtime import tracing
from shared.runtime.trace_export import SEND_SECONDS

ON, OFF = 1.05, 1.01
CALLS = 100_000
#: Until what is left of a batch is sent, and a little.
SENT_SECONDS = SEND_SECONDS + 2


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """Rounds without a collector and with one."""
    sink = await Subprocess.start("trace_sink")
    try:
        pairs, spans = [], []
        for _ in range(plan.rounds):
            without, waiting = await _journeys(environment, plan.journeys, "")
            url = f"http://127.0.0.1:{sink.first['port']}"
            sent, _ = await _journeys(environment, plan.journeys, url)
            pairs.append((sent - waiting, without - waiting))
            # Stopping sends what is left.
            await environment.stop_services()
            spans.append(_count(sink) / (plan.journeys + AT_ONCE))
    finally:
        await sink.stop()
    unrecorded = [_call_milliseconds() * count for count in spans]
    off = [(cpu + added, cpu) for (_, cpu), added in zip(pairs, unrecorded, strict=True)]
    return [
        ratio_line(
            "telemetry",
            "CPU of the services per journey, with a collector",
            "ms",
            pairs,
            floor_name="the same without",
            at_most=ON,
            note=f"{sum(spans) / len(spans):.0f} spans each",
        ),
        ratio_line(
            "telemetry",
            "CPU of the services per journey, without a collector",
            "ms",
            off,
            floor_name="the same less the calls that record nothing",
            at_most=OFF,
        ),
    ]


async def _journeys(environment: Environment, count: int, endpoint: str) -> tuple[float, float]:
    """Processor milliseconds of all services for each journey, until its spans are sent, and for
    nothing in as many seconds of waiting.

    A process loads a part of what it sends by with its first batch, which is waited for before.
    """
    await environment.start_services(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    await take_journeys(environment, AT_ONCE)
    await environment.settle()
    meter = Meter(environment)
    await asyncio.sleep(SENT_SECONDS)
    waiting = _spent(environment, meter)
    meter = Meter(environment)
    await take_journeys(environment, count)
    await environment.settle()
    await asyncio.sleep(SENT_SECONDS)
    return _spent(environment, meter) / count, waiting / count


def _spent(environment: Environment, meter: Meter) -> float:
    spent = meter.spent()
    return 1_000 * sum(spent[name] for name in environment.services)


def _count(sink: Subprocess) -> int:
    """The spans that have come since the last look."""
    total = 0
    while not sink.lines.empty():
        total += int(sink.lines.get_nowait()["spans"])
    return total


def _call_milliseconds() -> float:
    """Of one span that is not recorded."""
    token = tracing.traceparent.set(tracing.new_traceparent())
    began = time.process_time()
    for _ in range(CALLS):
        with tracing.span("service", f"handle {CALLS}", "consumer"):
            pass
    spent = time.process_time() - began
    tracing.traceparent.reset(token)
    return 1_000 * spent / CALLS
