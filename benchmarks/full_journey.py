"""A new applicant's journey, eight at a time: form, mail, code, terms, phone, sign-in, home page.

Set against what this machine could do at most: its cores, divided by the processor time that bare
libraries and servers need for the hashes, requests, pages and posts alone, and for these with the
transactions, events and mails that an account is promised besides; and against these bare parts
eight at once, since parts take longer where many processes share the cores. What each part takes is
shown, the driver's own share too, and how much of what that allows is reached: whether we waited.
"""

import asyncio
import json
import os
import resource
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.account import NAMES
from benchmarks.bare_journey import EVENT
from benchmarks.counters import MESSAGES, WRITTEN, count
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line
from benchmarks.signed_in_user import SignedInUser
from benchmarks.subprocesses import Subprocess

AT_ONCE = 8
#: What a journey makes: a hash at the form and at each of two sign-ins, and the posts and pages of
#: `Member`. Its requests are counted by the services themselves.
HASHES, POSTS, PAGES, MAILS = 3, 9, 12, 3
AIM = 0.5
SCENARIO = "whole_journey"
#: Baselines whose processor time is measured: what a journey cannot do without, and what is
#: promised besides.
NEEDED = ("hash", "post", "page", "request")
PROMISED = ("asking", "confirm", "consume", "mail")


@dataclass
class Meter:
    """Processor seconds of every part of the environment since it was made."""

    environment: Environment
    before: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self._now()

    def spent(self) -> dict[str, float]:
        """Seconds by part."""
        return {name: after - self.before.get(name, 0) for name, after in self._now().items()}

    def _now(self) -> dict[str, float]:
        environment = self.environment
        own = resource.getrusage(resource.RUSAGE_SELF)
        servers = {
            "postgresql": environment.postgres.child.pid,
            "rabbitmq": environment.rabbit.child.pid,
        }
        return {
            **{name: cpu_seconds(environment.pid(name)) for name in environment.children},
            **{name: family_seconds(pid) for name, pid in servers.items() if pid is not None},
            "baselines' peer": cpu_seconds(environment.baselines.peer.process.pid),
            "driver": own.ru_utime + own.ru_stime,
        }


def family_seconds(pid: int) -> float:
    """A server's own time, that of its children, and that of those which have ended."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(path.parent.name) == pid or int(fields[1]) == pid:
            ticks = int(fields[11]) + int(fields[12])
            if int(path.parent.name) == pid:
                ticks += int(fields[13]) + int(fields[14])
            total += ticks / os.sysconf("SC_CLK_TCK")
    return total


async def bare_cost(
    environment: Environment, work: Callable[[int], Awaitable[object]], calls: int
) -> float:
    """Processor milliseconds per call of a baseline, in whatever process they were spent."""
    await environment.settle()
    meter = Meter(environment)
    await work(calls)
    return 1_000 * sum(meter.spent().values()) / calls


async def journey(environment: Environment, plan: Plan) -> list[Line]:
    """Bare costs and journeys in turn."""
    await environment.start_services()
    await take_journeys(environment, AT_ONCE)
    rates: list[float] = []
    bare: list[dict[str, float]] = []
    spent: list[float] = []
    parts: dict[str, list[float]] = {}
    before, taken = await _handled(environment), 0
    for _ in range(plan.rounds):
        bare.append(
            {
                name: await bare_cost(
                    environment, getattr(environment.baselines, name), 5 * plan.floor_samples
                )
                for name in NEEDED + PROMISED
            }
        )
        meter, begin = Meter(environment), time.perf_counter()
        spent += await take_journeys(environment, plan.journeys)
        rates.append(plan.journeys / (time.perf_counter() - begin))
        taken += plan.journeys
        await environment.settle()
        for name, seconds in meter.spent().items():
            parts.setdefault(name, []).append(1_000 * seconds / plan.journeys)
    handled = await _handled(environment)
    asked, heard = ((now - then) / taken for now, then in zip(handled, before, strict=True))
    counted = await count(
        environment, lambda: take_journeys(environment, plan.journeys), plan.journeys
    )
    needed = {"hash": HASHES, "post": POSTS, "page": PAGES, "request": asked}
    beside_bare = await _beside_bare(environment, plan, needed, counted)
    promised = {
        "asking": counted[WRITTEN],
        "confirm": counted[MESSAGES] - 2 * asked,
        "consume": heard,
        "mail": MAILS,
    }
    return [
        *_rate_lines(rates, bare, needed, promised, len(spent)),
        ratio_line(
            SCENARIO,
            f"the same beside bare parts, {AT_ONCE} at once too",
            "/s",
            beside_bare,
            floor_name="all these parts by bare libraries, in as many processes",
        ),
        *_part_lines(rates, spent, parts),
        *(
            Line(scenario=SCENARIO, what=f"{name} per journey", unit="", values=[value])
            for name, value in counted.items()
        ),
    ]


async def _beside_bare(
    environment: Environment, plan: Plan, needed: Mapping[str, float], counted: Mapping[str, float]
) -> list[tuple[float, float]]:
    """Journeys a second, ours and of bare parts alone, in turn: as many at once, each of the bare
    ones in a process of its own, as parts take longer where many processes share the cores."""
    parts = {
        **{name: round(count) for name, count in needed.items()},
        "asking": round(counted[WRITTEN]),
        "mail": MAILS,
        EVENT: round(counted[MESSAGES] - 2 * needed["request"]),
    }
    where = environment.postgres.url(), environment.admin_urls.amqp_url, str(environment.smtp_port)
    async with AsyncExitStack() as opened:
        bare, pairs = [], []
        for _ in range(AT_ONCE):
            one = await Subprocess.start("bare_journey", *where, json.dumps(parts))
            opened.push_async_callback(one.stop)
            bare.append(one)
        for _ in range(plan.rounds):
            begin = time.perf_counter()
            await take_journeys(environment, plan.journeys)
            ours = plan.journeys / (time.perf_counter() - begin)
            await environment.settle()
            each, begin = plan.journeys // AT_ONCE, time.perf_counter()
            await asyncio.gather(*(one.send({"journeys": each}) for one in bare))
            await asyncio.gather(*(one.lines.get() for one in bare))
            pairs.append((ours, each * AT_ONCE / (time.perf_counter() - begin)))
    return pairs


async def _handled(environment: Environment) -> tuple[int, int]:
    """Requests answered and events handled by all services until now."""
    requests = await environment.requests_answered()
    events = await environment.events_handled()
    return sum(requests.values()), sum(events.values())


async def take_journeys(environment: Environment, people: int) -> list[float]:
    """Seconds of the journey of each of so many people, eight at a time."""
    free = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.TCPConnector(limit=0) as connector:

        async def one() -> float:
            member = SignedInUser(environment, connector)
            async with free:
                begin = time.perf_counter()
                await member.settle()
                await member.sign_in()
                await member.get("/accueil")
                await member.close()
                return time.perf_counter() - begin

        return await asyncio.gather(*(one() for _ in range(people)))


def _allowed(parts: dict[str, list[float]]) -> list[float]:
    """Journeys a second, round by round, if no core ever waited."""
    return [1_000 * (os.cpu_count() or 1) / sum(each) for each in zip(*parts.values(), strict=True)]


def _rate_lines(
    rates: list[float],
    bare: list[dict[str, float]],
    needed: Mapping[str, float],
    promised: Mapping[str, float],
    people: int,
) -> list[Line]:
    """Beside what bare libraries take for what a journey cannot do without, and for all of it."""

    def limits(made: Mapping[str, float]) -> list[float]:
        costs = (sum(number * costs[name] for name, number in made.items()) for costs in bare)
        return [1_000 * (os.cpu_count() or 1) / each for each in costs]

    def share(made: Mapping[str, float]) -> float:
        return statistics.median(
            ours / most for ours, most in zip(rates, limits(made), strict=True)
        )

    least = f"{HASHES} hashes, {POSTS} posts, {PAGES} pages, {needed['request']:.0f} requests"
    besides = (
        f"{promised['asking']:.0f} transactions, {promised['confirm']:.0f} events published,"
        f" {promised['consume']:.0f} consumed, {MAILS} mails"
    )
    everything = {**needed, **promised}
    return [
        Line(
            scenario=SCENARIO,
            what=f"journeys a second, {AT_ONCE} at once",
            unit="/s",
            values=rates,
            baseline=statistics.median(limits(needed)),
            floor_name=f"cores / CPU of {least}, all bare",
            ratio=share(needed),
            aim=f">= {AIM:g} x",
            passed=share(needed) >= AIM,
            note=f"n = {people}; {NAMES['hash']}",
        ),
        Line(
            scenario=SCENARIO,
            what="the same beside all that is promised",
            unit="/s",
            values=rates,
            baseline=statistics.median(limits(everything)),
            floor_name=f"the same and {besides}, all bare",
            ratio=share(everything),
        ),
    ]


def _part_lines(
    rates: list[float], spent: list[float], parts: dict[str, list[float]]
) -> list[Line]:
    return [
        ratio_line(
            SCENARIO,
            "the same beside the CPU of all parts",
            "/s",
            list(zip(rates, _allowed(parts), strict=True)),
            floor_name="cores / CPU of all parts below",
        ),
        Line(scenario=SCENARIO, what="one journey, p50", unit="s", values=[percentile(spent, 0.5)]),
        *(
            Line(scenario=SCENARIO, what=f"CPU of {name} per journey", unit="ms", values=values)
            for name, values in parts.items()
            if name != "baselines' peer"
        ),
    ]
