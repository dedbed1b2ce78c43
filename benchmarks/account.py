"""An account asked for, from the posted form to the message that the mail server took.

`form_to_mail` asks one at a time in an idle system; `burst_32` lets thirty-two people ask at once.
Both drive the real gateway over HTTP and read the clock when the mail server answers 250.
"""

import asyncio
import os
import statistics
import time

import aiohttp

from benchmarks.baselines import HASHER
from benchmarks.browser import Applicant, Unexpected
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line

SIX = ("hash", "asking", "confirm", "consume", "delivering", "mail")
ROADS = ("post", "request")
NAMES = {
    "hash": "one argon2id, 19 MiB, t=2, p=1",
    "asking": "transaction: request row + outbox row",
    "confirm": "publish to a quorum queue, confirmed",
    "consume": "consume + ack, prefetch 1",
    "delivering": "transaction: inbox row + delivery row",
    "mail": "one mail, open connection",
    "post": "form posted to bare aiohttp",
    "request": "direct reply-to, bare responder",
}


async def ask_once(
    environment: Environment, connector: aiohttp.BaseConnector
) -> tuple[float, float]:
    """Milliseconds until the 303, and until the mail server took the message."""
    applicant = Applicant(environment.base_url, connector)
    try:
        await applicant.open_form()
        sent, answered = await applicant.ask()
        accepted = await environment.mailbox.arrival(applicant.address)
        return 1_000 * (answered - sent), 1_000 * (accepted - sent)
    finally:
        await applicant.close()


async def floors_once(environment: Environment, count: int) -> dict[str, float]:
    """The median of each baseline, in milliseconds."""
    return {
        name: statistics.median(await getattr(environment.baselines, name)(count))
        for name in SIX + ROADS
    }


async def form_to_mail(environment: Environment, plan: Plan) -> list[Line]:
    """Idle, one at a time: baselines and account requests in turn, round by round."""
    baselines: list[dict[str, float]] = []
    accepted: list[list[float]] = []
    answered: list[list[float]] = []
    cpu: dict[str, list[float]] = {}
    await environment.start_services()
    async with aiohttp.TCPConnector() as connector:
        for _ in range(5):
            await ask_once(environment, connector)
        environment.baselines.mail_bytes = environment.mailbox.largest
        for _ in range(plan.rounds):
            baselines.append(await floors_once(environment, plan.floor_samples))
            spent = []
            before = {name: cpu_seconds(environment.pid(name)) for name in environment.services}
            for _ in range(plan.mails):
                spent.append(await ask_once(environment, connector))
                await asyncio.sleep(0.1)  # idle means that the former one's last events are done
            for name in environment.services:
                used = cpu_seconds(environment.pid(name)) - before[name]
                cpu.setdefault(name, []).append(1_000 * used / plan.mails)
            answered.append([to_answer for to_answer, _ in spent])
            accepted.append([to_mail for _, to_mail in spent])
    strict = [sum(baseline[name] for name in SIX) for baseline in baselines]
    roads = [sum(baseline[name] for name in SIX + ROADS) for baseline in baselines]
    p50 = [statistics.median(one) for one in accepted]
    # Too few per round for its own p99: this is that of all rounds.
    p99 = percentile([spent for one in accepted for spent in one], 0.99)
    scenario, everything = "form_to_mail", " + ".join(SIX)
    lines = [
        Line(
            scenario="baseline",
            what=NAMES[name],
            unit="ms",
            values=[one[name] for one in baselines],
        )
        for name in SIX + ROADS
    ]
    return [
        *lines,
        ratio_line(
            scenario,
            "form posted -> mail accepted, p50",
            "ms",
            list(zip(p50, strict, strict=True)),
            floor_name=f"sum of {everything}",
            at_most=2,
            note=f"n = {sum(len(one) for one in accepted)}",
        ),
        ratio_line(
            scenario,
            "the same beside the sum with roads",
            "ms",
            list(zip(p50, roads, strict=True)),
            floor_name=f"{everything} + post + request",
        ),
        ratio_line(
            scenario,
            "form posted -> mail accepted, p99",
            "ms",
            [(p99, statistics.median(strict))],
            floor_name=f"sum of {everything}",
            at_most=5,
        ),
        Line(
            scenario=scenario,
            what="form posted -> 303, p50",
            unit="ms",
            values=[statistics.median(one) for one in answered],
        ),
        *(
            Line(
                scenario=scenario,
                what=f"CPU of {name} per account request",
                unit="ms",
                values=values,
            )
            for name, values in cpu.items()
        ),
    ]


async def hashes_on_all_cores(count: int) -> float:
    """Seconds for `count` hashes, as many at a time as there are cores."""
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def one() -> None:
        async with free:
            await asyncio.to_thread(HASHER.hash, "Trois-Chevaux-Sautent-42")

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return time.perf_counter() - begin


async def burst_once(
    environment: Environment, count: int
) -> tuple[list[float], list[float], list[str]]:
    """Seconds to each 303 and from the first post to each mail, and what went wrong."""
    connector = aiohttp.TCPConnector(limit=0)
    people = [Applicant(environment.base_url, connector) for _ in range(count)]
    try:
        await asyncio.gather(*(one.open_form() for one in people))
        begin = time.monotonic()
        asked = await asyncio.gather(*(one.ask() for one in people), return_exceptions=True)
        mails = await asyncio.gather(
            *(environment.mailbox.arrival(one.address) for one in people), return_exceptions=True
        )
    finally:
        for one in people:
            await one.close()
        await connector.close()
    wrong = [
        f"{type(error).__name__}: {error}"
        for error in (*asked, *mails)
        if isinstance(error, BaseException)
    ]
    answers = [end - sent for sent, end in (a for a in asked if not isinstance(a, BaseException))]
    return answers, [m - begin for m in mails if not isinstance(m, BaseException)], wrong


async def burst(environment: Environment, plan: Plan) -> list[Line]:
    """Thirty-two at once, several times; the hashes alone are the baseline."""
    answers: list[float] = []
    wrong: list[str] = []
    slowest, last_mail, hashes = [], [], []
    arrived = 0
    await environment.start_services()
    for _ in range(plan.rounds):
        hashes.append(await hashes_on_all_cores(plan.burst))
        spent, mails, errors = await burst_once(environment, plan.burst)
        if not spent or not mails:
            raise Unexpected(f"no answer in a burst: {errors[:3]}")
        answers += spent
        slowest.append(max(spent))
        last_mail.append(max(mails))
        arrived += len(mails)
        wrong += errors
        await asyncio.sleep(1)
    people = plan.rounds * plan.burst
    scenario, baseline = f"burst_{plan.burst}", f"{plan.burst} hashes on all cores"
    p99 = percentile(answers, 0.99)
    each = ", ".join(f"{seconds:.2f}" for seconds in slowest)
    return [
        Line(
            scenario=scenario,
            what="form posted -> 303, p99",
            unit="s",
            values=[p99],
            baseline=statistics.median(hashes),
            floor_name=baseline,
            ratio=p99 / statistics.median(hashes),
            aim="<= 3 s",
            passed=p99 <= 3,
            note=f"n = {len(answers)}; slowest of each burst: {each}",
        ),
        Line(
            scenario=scenario,
            what="errors and missing mails",
            unit="",
            values=[len(wrong)],
            aim="0",
            passed=not wrong and arrived == people,
            note="; ".join(wrong[:2]) or f"{arrived} mails of {people}",
        ),
        ratio_line(
            scenario,
            "first post -> last mail accepted",
            "s",
            list(zip(last_mail, hashes, strict=True)),
            floor_name=baseline,
        ),
    ]
