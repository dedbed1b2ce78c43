"""Signing in with both factors, next to one hash and the requests that it makes.

`sign_in` lets one person at a time sign in to an idle system; `sign_in_32` lets thirty-two do so at
once, with right codes, of which none may be refused. Accounts and phones are made beforehand by the
pages that everybody uses. Everybody signs in with the browser of last time, as on most days.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence

import aiohttp

from benchmarks.account import NAMES, hashes_on_all_cores
from benchmarks.baselines import Baselines
from benchmarks.counters import STATEMENTS_SENT, WRITTEN, bare_parts, database_counts
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line
from benchmarks.promised import Call, promised_requests
from benchmarks.signed_in_user import SignedInUser
from operations.provision.provisioning import DATABASE

#: How many accounts are made at once.
AT_ONCE = 8
#: What the steps of a sign-in make, counted from the views of the gateway:
#: POST /connexion asks SignIn, POST /connexion/code asks CheckCode and, as long as the
#: complementary information is not known to be validated, DescribeProfile; `_counted` holds this
#: against the metrics. In a browser that is not known for the account DescribeFactor is asked too.
PASSWORD_STEP = {"hash": 1, "post": 1, "request": 1}
CODE_STEP = {"post": 1, "request": 2}
WHOLE = {"hash": 1, "post": 2, "page": 1, "request": 3}
#: People whose statements are counted.
COUNTED = 5
#: Seconds between two: idle means that the former one's events are done.
PAUSE = 0.1


async def made(
    environment: Environment, connector: aiohttp.BaseConnector, count: int
) -> list[SignedInUser]:
    """People with an account and a phone, signed out."""
    members = [SignedInUser(environment, connector) for _ in range(count)]
    free = asyncio.Semaphore(AT_ONCE)

    async def settle(one: SignedInUser) -> None:
        async with free:
            await one.settle()

    await asyncio.gather(*(settle(one) for one in members))
    await environment.settle()
    return members


async def sign_in(environment: Environment, plan: Plan) -> list[Line]:
    """Idle, one at a time: baselines and sign-ins in turn, round by round."""
    baselines: list[dict[str, float]] = []
    spent: list[list[tuple[float, float, float]]] = []
    bare: list[float] = []
    cpu: dict[str, list[float]] = {}
    await environment.start_services()
    where = environment.postgres.url(), environment.admin_urls.amqp_url, environment.smtp_port
    async with (
        aiohttp.TCPConnector() as connector,
        Baselines(*where, warm=0) as rare,
        promised_requests(environment) as ask,
    ):
        members = await made(environment, connector, plan.mails)
        await _once(members[0])
        await _check_requests(environment, members[0])
        database = await _database_parts(environment, members[:COUNTED])
        for _ in range(plan.rounds):
            baselines.append(await _floors_once(environment, plan.floor_samples))
            await asyncio.gather(*(one.ready() for one in members))
            before = {name: cpu_seconds(environment.pid(name)) for name in environment.services}
            round_ = []
            for one in members:
                round_.append(await _once(one))
                await asyncio.sleep(PAUSE)
            spent.append(round_)
            for name in environment.services:
                used = cpu_seconds(environment.pid(name)) - before[name]
                cpu.setdefault(name, []).append(1_000 * used / len(members))
            bare.append(await _bare_sign_ins(rare, ask, database, len(members)))
        for one in members:
            await one.close()
    return [*_lines(baselines, spent, database, bare), *_cpu_lines(cpu)]


def _lines(
    baselines: Sequence[dict[str, float]],
    spent: Sequence[Sequence[tuple[float, float, float]]],
    database: dict[str, int],
    bare: Sequence[float],
) -> list[Line]:
    def pairs(place: int, parts: dict[str, int]) -> list[tuple[float, float]]:
        ours = [statistics.median(one[place] for one in round_) for round_ in spent]
        return [(our, _sum(baseline, parts)) for our, baseline in zip(ours, baselines, strict=True)]

    everything = _everything(database)
    return [
        *(
            Line(scenario="baseline", what=name, unit="ms", values=[one[key] for one in baselines])
            for key, name in FLOORS.items()
        ),
        ratio_line(
            "sign_in",
            "password posted -> 303, p50",
            "ms",
            pairs(0, PASSWORD_STEP),
            floor_name=_said(PASSWORD_STEP),
        ),
        ratio_line(
            "sign_in",
            "code posted -> 303, p50",
            "ms",
            pairs(1, CODE_STEP),
            floor_name=_said(CODE_STEP),
        ),
        ratio_line(
            "sign_in",
            "whole sign-in, p50",
            "ms",
            pairs(2, WHOLE),
            floor_name=_said(WHOLE),
            at_most=1.5,
            note=f"n = {sum(len(one) for one in spent)}; password, page of the code, code",
        ),
        ratio_line(
            "sign_in",
            "the same beside the sum with its statements",
            "ms",
            pairs(2, everything),
            floor_name=_said(everything),
        ),
        ratio_line(
            "sign_in",
            "the same beside these parts, made as rarely",
            "ms",
            [(our, whole) for (our, _), whole in zip(pairs(2, WHOLE), bare, strict=True)],
            floor_name=f"{_said(everything)}, requests as promised, one after the other, "
            f"{PAUSE:g} s between two",
        ),
        ratio_line(
            "sign_in",
            "these parts, made as rarely, p50",
            "ms",
            [(whole, floor) for (_, floor), whole in zip(pairs(2, WHOLE), bare, strict=True)],
            floor_name=_said(WHOLE),
            note="what could be reached at least",
        ),
    ]


def _everything(database: dict[str, int]) -> dict[str, int]:
    """The parts of a sign-in, its page a real one, with what it asks of the database."""
    parts = {name: times for name, times in WHOLE.items() if name != "page"}
    return {**parts, "rendered": WHOLE["page"], **database}


FLOORS = {
    "hash": NAMES["hash"],
    "post": NAMES["post"],
    "page": "page of bare aiohttp",
    "rendered": "page rendered by Jinja2, of bare aiohttp",
    "request": NAMES["request"],
    "asking": "transaction: two inserts",
    "reading": "one row read",
}


def _said(parts: dict[str, int]) -> str:
    return " + ".join(f"{count} {name}" for name, count in parts.items())


def _sum(baseline: dict[str, float], parts: dict[str, int]) -> float:
    return sum(count * baseline[name] for name, count in parts.items())


def _cpu_lines(cpu: dict[str, list[float]]) -> list[Line]:
    return [
        Line(scenario="sign_in", what=f"CPU of {name} per sign-in", unit="ms", values=values)
        for name, values in cpu.items()
    ]


async def _once(one: SignedInUser) -> tuple[float, float, float]:
    """Milliseconds of the password's answer, the code's, and all of it with the page between."""
    password, page, code = await one.sign_in()
    await one.sign_out()
    steps = [each.milliseconds for each in (password, page, code)]
    return steps[0], steps[2], sum(steps)


async def _floors_once(environment: Environment, count: int) -> dict[str, float]:
    return {
        name: statistics.median(await getattr(environment.baselines, name)(count))
        for name in FLOORS
    }


async def _bare_sign_ins(
    baselines: Baselines, ask: Call, database: dict[str, int], count: int
) -> float:
    """The median of `count` sign-ins of bare parts with pauses between, in milliseconds: after one,
    caches and processor are as cold as ours are. Requests keep the promises of ours."""
    spent = []
    for _ in range(count):
        await asyncio.sleep(PAUSE)
        begin = time.perf_counter()
        for name, times in _everything(database).items():
            if name == "request":
                for _ in range(times):
                    await ask()
            else:
                await getattr(baselines, name)(times)
        spent.append(1_000 * (time.perf_counter() - begin))
    return statistics.median(spent)


async def _check_requests(environment: Environment, one: SignedInUser) -> None:
    """Hold the counted requests against what the services say that they answered."""
    before = await environment.requests_answered()
    await one.sign_in()
    after = await environment.requests_answered()
    await one.sign_out()
    asked = sum(after.values()) - sum(before.values())
    if asked != WHOLE["request"]:
        raise RuntimeError(f"a sign-in makes {asked} requests, not {WHOLE['request']}")


async def _database_parts(
    environment: Environment, members: Sequence[SignedInUser]
) -> dict[str, int]:
    """The transactions that write of a sign-in, and its other statements as rows read."""
    counts = dict.fromkeys((STATEMENTS_SENT, WRITTEN), 0)
    for one in members:
        await one.ready()
        await environment.settle()
        before = await database_counts(environment, DATABASE)
        await one.sign_in()
        after = await database_counts(environment, DATABASE)
        await one.sign_out()
        for name in counts:
            counts[name] += after[name] - before[name]
    return bare_parts({name: number / len(members) for name, number in counts.items()})


async def sign_in_32(environment: Environment, plan: Plan) -> list[Line]:
    """Thirty-two at once, several times, each with a code that is right and new."""
    spent: list[float] = []
    wrong: list[str] = []
    rates, hashes = [], []
    await environment.start_services()
    async with aiohttp.TCPConnector(limit=0) as connector:
        members = await made(environment, connector, plan.burst)
        for _ in range(plan.rounds):
            hashes.append(await hashes_on_all_cores(plan.burst))
            await asyncio.gather(*(one.ready() for one in members))
            begin = time.perf_counter()
            asked = await asyncio.gather(*(_timed(one) for one in members), return_exceptions=True)
            rates.append(plan.burst / (time.perf_counter() - begin))
            spent += [each for each in asked if isinstance(each, float)]
            wrong += [f"{each}" for each in asked if isinstance(each, BaseException)]
            await asyncio.gather(*(one.sign_out() for one in members), return_exceptions=True)
            await environment.settle()
        for one in members:
            await one.close()
    return _burst_lines(plan, spent, wrong, rates, hashes)


async def _timed(one: SignedInUser) -> float:
    """Seconds from the sign-in form to the answer to the code."""
    begin = time.perf_counter()
    await one.sign_in()
    return time.perf_counter() - begin


def _burst_lines(
    plan: Plan,
    spent: Sequence[float],
    wrong: Sequence[str],
    rates: Sequence[float],
    hashes: Sequence[float],
) -> list[Line]:
    scenario, people = f"sign_in_{plan.burst}", plan.rounds * plan.burst
    baseline = statistics.median(hashes)
    refused = [each for each in wrong if each.startswith("POST /connexion/code: 4")]
    by_hashes = f"{plan.burst} hashes on all cores"
    return [
        Line(
            scenario=scenario,
            what="right codes refused",
            unit="",
            values=[len(refused)],
            aim="0",
            passed=not refused,
            note="; ".join(refused[:2]) or f"{len(spent)} sign-ins of {people}",
        ),
        Line(
            scenario=scenario,
            what="other errors",
            unit="",
            values=[len(wrong) - len(refused)],
            aim="0",
            passed=len(wrong) == len(refused),
            note="; ".join(each[:100] for each in wrong[:2] if each not in refused),
        ),
        *(
            Line(
                scenario=scenario,
                what=f"form opened -> code answered, p{share}",
                unit="s",
                values=[percentile(spent, share / 100)] if spent else [0.0],
                baseline=baseline,
                floor_name=by_hashes,
                ratio=percentile(spent, share / 100) / baseline if spent else None,
            )
            for share in (50, 95)
        ),
        ratio_line(
            scenario,
            "sign-ins a second",
            "/s",
            [(rate, plan.burst / each) for rate, each in zip(rates, hashes, strict=True)],
            floor_name=f"{by_hashes}, as a rate",
        ),
    ]
