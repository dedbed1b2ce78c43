"""A new applicant's journey, eight at a time: form, mail, code, terms, phone, sign-in, home page.

Set against what this machine could do at most: its cores, divided by the processor time that bare
libraries and servers need for the hashes, requests, pages and posts alone. What each part takes is
shown, the driver's own share too, and how much of what that allows is reached: whether we waited.
"""

import asyncio
import os
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.account import NAMES
from benchmarks.counters import count
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line
from benchmarks.signed_in_user import SignedInUser

AT_ONCE = 8
#: What a journey makes: a hash at the form and at each of two sign-ins, and the posts and pages of
#: `Member`. Its requests are counted by the services themselves.
HASHES, POSTS, PAGES = 3, 9, 12
AIM = 0.8


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
    meter = Meter(environment)
    await work(calls)
    return 1_000 * sum(meter.spent().values()) / calls


async def journey(environment: Environment, plan: Plan) -> list[Line]:
    """Bare costs and journeys in turn."""
    await environment.start_services()
    await take_journeys(environment, AT_ONCE)
    rates: list[float] = []
    limits: list[float] = []
    spent: list[float] = []
    parts: dict[str, list[float]] = {}
    asked = 0.0
    for _ in range(plan.rounds):
        bare = {
            name: await bare_cost(
                environment, getattr(environment.baselines, name), 5 * plan.floor_samples
            )
            for name in ("hash", "post", "page", "request")
        }
        answered = sum((await environment.requests_answered()).values())
        meter, begin = Meter(environment), time.perf_counter()
        spent += await take_journeys(environment, plan.journeys)
        rates.append(plan.journeys / (time.perf_counter() - begin))
        await environment.settle()
        for name, seconds in meter.spent().items():
            parts.setdefault(name, []).append(1_000 * seconds / plan.journeys)
        asked = (sum((await environment.requests_answered()).values()) - answered) / plan.journeys
        made = {"hash": HASHES, "post": POSTS, "page": PAGES, "request": asked}
        needed = sum(number * bare[name] for name, number in made.items())
        limits.append(1_000 * (os.cpu_count() or 1) / needed)
    counted = await count(
        environment, lambda: take_journeys(environment, plan.journeys), plan.journeys
    )
    return [
        *_lines(rates, limits, spent, parts, asked),
        *(
            Line(scenario="whole_journey", what=f"{name} per journey", unit="", values=[value])
            for name, value in counted.items()
        ),
    ]


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


def _lines(
    rates: list[float],
    limits: list[float],
    spent: list[float],
    parts: dict[str, list[float]],
    asked: float,
) -> list[Line]:
    scenario = "whole_journey"
    share = statistics.median(ours / most for ours, most in zip(rates, limits, strict=True))
    named = f"cores / CPU of {HASHES} hashes, {POSTS} posts, {PAGES} pages, {asked:.0f} requests"
    return [
        Line(
            scenario=scenario,
            what=f"journeys a second, {AT_ONCE} at once",
            unit="/s",
            values=rates,
            baseline=statistics.median(limits),
            floor_name=f"{named}, all bare",
            ratio=share,
            aim=f">= {AIM:g} x",
            passed=share >= AIM,
            note=f"n = {len(spent)}; {NAMES['hash']}",
        ),
        ratio_line(
            scenario,
            "the same beside the CPU of all parts",
            "/s",
            list(zip(rates, _allowed(parts), strict=True)),
            floor_name="cores / CPU of all parts below",
        ),
        Line(
            scenario=scenario,
            what="one journey, p50",
            unit="s",
            values=[percentile(spent, 0.5)],
        ),
        *(
            Line(scenario=scenario, what=f"CPU of {name} per journey", unit="ms", values=values)
            for name, values in parts.items()
            if name != "baselines' peer"
        ),
    ]
