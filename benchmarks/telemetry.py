"""What traces cost a journey: the services' processor time with a collector and without.

Two environments, one of each, are there for the whole time and work in turn, a few journeys at a
time: an hour of this machine differs from the next by more than what is measured. Both are metered
over the same period, so that what services do at rest is in both and falls out of the difference.
Without a collector there is nothing to compare with but the code without a line of it: the cost is
what a span that is not recorded takes, measured here, times the spans that a journey has where they
are recorded.
"""

import asyncio
import time
from contextlib import AsyncExitStack

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


async def run(without: Environment, plan: Plan) -> list[Line]:
    """Rounds of journeys without a collector and with one."""
    async with AsyncExitStack() as opened:
        sink = await Subprocess.start("trace_sink")
        opened.push_async_callback(sink.stop)
        traced = await opened.enter_async_context(Environment())
        url = f"http://127.0.0.1:{sink.first['port']}"
        await traced.start_services(OTEL_EXPORTER_OTLP_ENDPOINT=url)
        await without.start_services()
        for each in (traced, without):
            await take_journeys(each, AT_ONCE)
            await each.settle()
        # A process loads a part of what it sends by with its first batch.
        await asyncio.sleep(SENT_SECONDS)
        at_rest = await _at_rest(without)
        _count(sink)
        pairs, spans = [], []
        for _ in range(plan.rounds):
            sent, plain = await _journeys(traced, without, plan.journeys, at_rest)
            pairs.append((sent, plain))
            spans.append(_count(sink) / plan.journeys)
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


async def _at_rest(environment: Environment) -> float:
    """Milliseconds of processor time that all services take in a second without work."""
    meter, began = Meter(environment), time.monotonic()
    await asyncio.sleep(SENT_SECONDS)
    return _spent(environment, meter) / (time.monotonic() - began)


async def _journeys(
    traced: Environment, without: Environment, count: int, at_rest: float
) -> tuple[float, float]:
    """Milliseconds of processor time of all services for each of `count` journeys with a collector,
    until their spans are sent, and without one."""
    sides = [traced, without]
    meters, began = {id(each): Meter(each) for each in sides}, time.monotonic()
    for _ in range(0, count, AT_ONCE):
        sides.reverse()
        for each in sides:
            await take_journeys(each, AT_ONCE)
            await each.settle()
    await asyncio.sleep(SENT_SECONDS)
    resting = at_rest * (time.monotonic() - began)
    sent, plain = ((_spent(each, meters[id(each)]) - resting) / count for each in (traced, without))
    return sent, plain


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
