"""What our processes weigh: at rest, and after many account requests.

`rest` compares each service with a process that only imported the same libraries and opened the
same connections. `memory_1000` compares each service with itself, 800 account requests earlier.
"""

import asyncio
import re
from typing import Any

import aiohttp
import asyncpg

from benchmarks.account import ask_once
from benchmarks.environment import Environment
from benchmarks.measure import Line, Memory, Plan, memory_of, ratio_line
from benchmarks.subprocesses import Subprocess

REST_SECONDS = 3
#: A line of the interpreter's report on imports: two times, then the indented name.
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.M)
OURS = ("services", "shared", "operations", "benchmarks", "__main__")


async def modules_of_all(environment: Environment) -> dict[str, list[str]]:
    """Every module of others that each service has imported by the time it is ready."""
    await environment.start_services(PYTHONPROFILEIMPORTTIME="1")
    await environment.stop_services()
    found = {}
    for name in environment.services:
        text = (environment.folder / f"{name}.log").read_text()
        modules = dict.fromkeys(IMPORTED.findall(text))
        found[name] = [one for one in modules if one.partition(".")[0] not in OURS]
        if "asyncpg" not in modules:
            raise RuntimeError(f"the imports of {name} were not reported")
    return found


async def connections_of(environment: Environment, name: str) -> tuple[int, int]:
    """How many connections the service holds now: to the database, to the broker."""
    database = await asyncpg.connect(environment.admin_urls.database_url)
    sessions = await database.fetchval(
        "select count(*) from pg_stat_activity where usename = $1", f"impex_{name}"
    )
    await database.close()
    with environment.admin() as admin:
        links = [link for link in admin.call("GET", "connections") if link.get("user") == name]
    return int(sessions), len(links)


async def bare(environment: Environment, order: dict[str, Any]) -> Memory:
    """The memory of a process that does only what `order` asks."""
    companion = await Subprocess.start("bare_process")
    try:
        await companion.send(order)
        await asyncio.wait_for(companion.lines.get(), 60)
        await asyncio.sleep(REST_SECONDS)
        return memory_of(companion.process.pid)
    finally:
        await companion.stop()


async def rest(environment: Environment, plan: Plan) -> list[Line]:
    """Each service just started, next to its bare counterpart, round by round."""
    modules = await modules_of_all(environment)
    ours: dict[str, list[Memory]] = {name: [] for name in environment.services}
    baselines: dict[str, list[Memory]] = {name: [] for name in environment.services}
    held: dict[str, tuple[int, int]] = {}
    for _ in range(plan.rounds):
        await environment.start_services()
        await asyncio.sleep(2 * REST_SECONDS)  # the broker's list of connections is seconds late
        for name in environment.services:
            held[name] = await connections_of(environment, name)
            sessions, links = held[name]
            order = {
                "modules": modules[name],
                "database_url": environment.admin_urls.database_url,
                "database_connections": sessions,
                "amqp_url": environment.admin_urls.amqp_url,
                "links": links,
            }
            baselines[name].append(await bare(environment, order))
            ours[name].append(memory_of(environment.pid(name)))
    return [
        line
        for name in environment.services
        for line in _rest_lines(name, ours, baselines, held[name])
    ]


def _rest_lines(
    name: str,
    ours: dict[str, list[Memory]],
    baselines: dict[str, list[Memory]],
    held: tuple[int, int],
) -> list[Line]:
    lines = []
    for kind in ("rss", "pss", "uss"):
        pairs = [
            (getattr(our, kind), getattr(baseline, kind))
            for our, baseline in zip(ours[name], baselines[name], strict=True)
        ]
        lines.append(
            ratio_line(
                "rest",
                f"{name} at rest, {kind.upper()}",
                "MiB",
                pairs,
                floor_name="bare process, same imports and connections",
                at_most=1.15 if kind == "rss" else None,
                note=f"{held[0]} sessions, {held[1]} AMQP connections" if kind == "rss" else "",
            )
        )
    return lines


async def memory(environment: Environment, plan: Plan) -> list[Line]:
    """Account requests in a row to fresh services, weighed at both marks."""
    await environment.start_services()
    weights: dict[int, dict[str, Memory]] = {}
    async with aiohttp.TCPConnector() as connector:
        for number in range(1, plan.marks[1] + 1):
            await ask_once(environment, connector)
            if number in plan.marks:
                await environment.settle()
                await asyncio.sleep(2)
                weights[number] = {
                    name: memory_of(environment.pid(name)) for name in environment.services
                }
    early, late = plan.marks
    return [
        ratio_line(
            f"memory_{late}",
            f"{name} after {late} requests, {kind.upper()}",
            "MiB",
            [(getattr(weights[late][name], kind), getattr(weights[early][name], kind))],
            floor_name=f"itself after {early}",
            at_most=1.1 if kind != "pss" else None,
        )
        for name in environment.services
        for kind in ("rss", "pss", "uss")
    ]
