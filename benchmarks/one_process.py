"""All services in one process, as `impex run` starts them, beside one process for each.

Services of one process answer each other's requests without the broker; their events go through
outbox and broker all the same.
"""

import asyncio
import time

from benchmarks.environment import TOGETHER, Environment
from benchmarks.full_journey import AT_ONCE, Meter, take_journeys
from benchmarks.measure import Line, Plan, memory_of, ratio_line
from benchmarks.memory import REST_SECONDS


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """At rest and during journeys, both ways in turn."""
    memory: list[tuple[float, float]] = []
    rates: list[tuple[float, float]] = []
    spent: list[tuple[float, float]] = []
    for _ in range(plan.rounds):
        await environment.start_services()
        apart = await _round(environment, plan, environment.services)
        await environment.start_in_one_process()
        together = await _round(environment, plan, (TOGETHER,))
        for pairs, one, other in zip((memory, rates, spent), together, apart, strict=True):
            pairs.append((one, other))
    apart_name = f"the same in {len(environment.services)} processes"
    return [
        ratio_line(
            "one_process", "memory at rest", "MiB", memory, floor_name=apart_name, at_most=0.35
        ),
        ratio_line(
            "one_process", f"journeys a second, {AT_ONCE} at once", "/s", rates,
            floor_name=apart_name,
        ),
        ratio_line(
            "one_process", "CPU of services and servers per journey", "ms", spent,
            floor_name=apart_name,
        ),
    ]  # fmt: skip


async def _round(
    environment: Environment, plan: Plan, children: tuple[str, ...]
) -> tuple[float, float, float]:
    """MiB at rest, journeys a second, milliseconds of processor per journey."""
    await asyncio.sleep(REST_SECONDS)
    weight = sum(memory_of(environment.pid(name)).pss for name in children)
    await take_journeys(environment, AT_ONCE)
    await environment.settle()
    meter, begin = Meter(environment), time.perf_counter()
    await take_journeys(environment, plan.journeys)
    rate = plan.journeys / (time.perf_counter() - begin)
    await environment.settle()
    used = sum(seconds for name, seconds in meter.spent().items() if name != "driver")
    return weight, rate, 1_000 * used / plan.journeys
