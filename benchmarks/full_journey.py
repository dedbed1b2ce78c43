"""A new applicant's journey, eight at a time: form, mail, code, terms, phone, sign-in, home page.

Set against what this machine could do at most: its cores, divided by the processor time that bare
libraries and servers need for the hashes, requests, posts and pages of one line alone, and for
these with real pages and the statements, events and mails that an account is promised besides; and
against these bare parts eight at once, since parts take longer where many processes share the
cores. What each part takes is shown, the driver's own share too, and how much of what that allows
is reached: whether we waited.
"""

import asyncio
import json
import os
import resource
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.account import NAMES
from benchmarks.bare_journey import EVENT
from benchmarks.counters import MESSAGES, bare_parts, count
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line
from benchmarks.signed_in_user import SignedInUser
from benchmarks.subprocesses import Subprocess

AT_ONCE = 8
#: What a journey makes: a hash at the form and at each of two sign-ins, and the posts and pages of
#: `Member`. Its requests are counted by the services themselves.
HASHES, POSTS, PAGES, MAILS = 3, 9, 12, 3
AIM = 0.5
#: Milliseconds of processor time of a journey besides its hashes.
CPU_AIM = 80
SCENARIO = "whole_journey"
#: Baselines whose processor time is measured: what a journey cannot do without, and what is
#: promised besides, pages that say something among it.
NEEDED = ("hash", "post", "page", "request")
PROMISED = ("rendered", "asking", "reading", "confirm", "consume", "mail")


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
        await environment.settle()
        for name, seconds in meter.spent().items():
            parts.setdefault(name, []).append(1_000 * seconds / plan.journeys)
    counted = await count_journeys(environment, plan.journeys)
    needed = {"hash": HASHES, "post": POSTS, "page": PAGES, "request": counted.asked}
    beside_bare = await _beside_bare(environment, plan, counted)
    hashing = HASHES * statistics.median(costs["hash"] for costs in bare)
    promised = {
        "rendered": PAGES,
        **bare_parts(counted.figures),
        "confirm": counted.events,
        "consume": counted.heard,
        "mail": MAILS,
    }
    return [
        *_rate_lines(rates, bare, needed, promised, len(spent)),
        ratio_line(
            SCENARIO,
            f"the same beside bare parts, {AT_ONCE} at once too",
            "/s",
            beside_bare.rates,
            floor_name="all these parts by bare libraries, a process and a server's for each",
        ),
        *_part_lines(rates, spent, parts),
        *_cpu_lines(parts, hashing, beside_bare.spent),
        *(
            Line(scenario=SCENARIO, what=f"{name} per journey", unit="", values=[value])
            for name, value in counted.figures.items()
        ),
    ]


@dataclass(frozen=True)
class CountedJourney:
    """What a journey makes: requests `asked`, `events` published, deliveries of them `heard`, and
    the `figures` of the servers."""

    asked: float
    heard: float
    events: float
    figures: Mapping[str, float]

    def parts(self) -> dict[str, int]:
        """How many of each baseline, and of events, a journey of bare parts has."""
        return {
            "hash": HASHES,
            "post": POSTS,
            "rendered": PAGES,
            "request": round(self.asked),
            **bare_parts(self.figures),
            "mail": MAILS,
            EVENT: round(self.events),
        }


async def count_journeys(
    environment: Environment, people: int, *, over_broker: bool = True
) -> CountedJourney:
    """Count what `people` journeys make; `over_broker`: their requests are messages."""
    before = await _handled(environment)
    figures = await count(environment, lambda: take_journeys(environment, people), people)
    after = await _handled(environment)
    asked, heard = ((now - then) / people for now, then in zip(after, before, strict=True))
    if not over_broker:
        asked = 0
    return CountedJourney(asked, heard, figures[MESSAGES] - 2 * asked, figures)


@dataclass(frozen=True)
class BarePeople:
    """`AT_ONCE` people who make journeys of bare parts, in one or more processes."""

    processes: Sequence[Subprocess]

    async def make(self, journeys: int) -> float:
        """Have them make so many, all at once; returns the journeys a second."""
        each, begin = journeys // AT_ONCE, time.perf_counter()
        await asyncio.gather(*(one.send({"journeys": each}) for one in self.processes))
        await asyncio.gather(*(one.lines.get() for one in self.processes))
        return each * AT_ONCE / (time.perf_counter() - begin)

    def seconds(self) -> float:
        """Their processor time so far, that of their own servers included."""
        return sum(family_seconds(one.process.pid) for one in self.processes)


@asynccontextmanager
async def bare_people(
    environment: Environment, parts: Mapping[str, int], *, processes: int = AT_ONCE
) -> AsyncIterator[BarePeople]:
    """People whose journeys have so many of each part."""
    where = environment.postgres.url(), environment.admin_urls.amqp_url, str(environment.smtp_port)
    people: list[Subprocess] = []
    async with AsyncExitStack() as opened:
        for _ in range(processes):
            of_each = json.dumps(parts), str(AT_ONCE // processes)
            one = await Subprocess.start("bare_journey", *where, *of_each)
            opened.push_async_callback(one.stop)
            people.append(one)
        yield BarePeople(people)


@dataclass(frozen=True)
class BesideBare:
    """Ours and bare parts, round by round: journeys a second, and milliseconds of processor time
    per journey, the driver's or the bare clients' included."""

    rates: list[tuple[float, float]] = field(default_factory=list)
    spent: list[tuple[float, float]] = field(default_factory=list)


async def _beside_bare(environment: Environment, plan: Plan, counted: CountedJourney) -> BesideBare:
    """In turn: as many journeys at once, since parts take longer where many processes share the
    cores."""
    found = BesideBare()
    async with bare_people(environment, counted.parts()) as bare:
        for _ in range(plan.rounds):
            meter, begin = Meter(environment), time.perf_counter()
            await take_journeys(environment, plan.journeys)
            ours = plan.journeys / (time.perf_counter() - begin)
            await environment.settle()
            our_seconds = sum(meter.spent().values())
            meter, before = Meter(environment), bare.seconds()
            found.rates.append((ours, await bare.make(plan.journeys)))
            servers = meter.spent()
            bare_seconds = bare.seconds() - before + servers["postgresql"] + servers["rabbitmq"]
            found.spent.append(
                (1_000 * our_seconds / plan.journeys, 1_000 * bare_seconds / plan.journeys)
            )
    return found


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
        f"{promised['asking']:.0f} transactions, {promised['reading']:.0f} rows read,"
        f" {promised['confirm']:.0f} events published, {promised['consume']:.0f} consumed,"
        f" {MAILS} mails, pages rendered"
    )
    everything = {name: number for name, number in needed.items() if name != "page"} | promised
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


def _cpu_lines(
    parts: Mapping[str, Sequence[float]], hashing: float, beside_bare: Sequence[tuple[float, float]]
) -> list[Line]:
    """What a journey takes besides its hashes, which are as many on every side."""
    others = [values for name, values in parts.items() if name not in ("driver", "baselines' peer")]
    besides = [sum(each) - hashing for each in zip(*others, strict=True)]
    return [
        Line(
            scenario=SCENARIO,
            what="CPU besides hashing, services and servers",
            unit="ms",
            values=besides,
            aim=f"<= {CPU_AIM} ms",
            passed=statistics.median(besides) <= CPU_AIM,
            note=f"{hashing:.0f} ms of hashing",
        ),
        ratio_line(
            SCENARIO,
            f"the same with the driver, {AT_ONCE} at once",
            "ms",
            [(ours - hashing, bare - hashing) for ours, bare in beside_bare],
            floor_name="all these parts by bare libraries, those who ask included",
        ),
    ]
