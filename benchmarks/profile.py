"""`make profile`: where the time and the statements of a journey go, service by service.

A sampler (py-spy) watches every service during journeys, eight at a time; PostgreSQL counts the
statements. A sample counts for the library, or for our code, that the innermost frame belongs to;
a process that waits is not sampled. Sampling makes everything slower, so that this shows shares;
`python -m benchmarks --only whole_journey` shows times.
"""

import argparse
import asyncio
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import uvloop

from benchmarks import report
from benchmarks.environment import Environment, StatementCounts
from benchmarks.full_journey import AT_ONCE, Meter, take_journeys
from operations.install.paths import missing_servers
from shared.runtime.telemetry import configure_logging

#: Samples a second.
RATE = 200
#: Part of a frame's place -> what is shown; the innermost frame that has one decides.
PARTS = {
    "argon2/": "hashing",
    "asyncpg/": "database",
    "shared/database/": "database",
    "aiormq/": "broker",
    "aio_pika/": "broker",
    "pamqp/": "broker",
    "jinja2/": "templates",
    "markupsafe/": "templates",
    ".html)": "templates",
    "shared/i18n/": "templates",
    "aiohttp/": "HTTP",
    "multidict/": "HTTP",
    "aiosmtplib/": "SMTP",
    "email/": "messages",
    "structlog/": "log",
    "telemetry.py": "log",
    "segno/": "QR code",
    "sealing.py": "sealing and keyed hashes",
    "hmac.py": "sealing and keyed hashes",
    "services/": "the service's own code",
    "shared/": "shared code",
}
#: Frames of a thread or a loop that has nothing to do.
WAITING = ("_worker (", "Runner.run (", "wait (threading.py")
LINE = re.compile(r":\d+\)$")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--journeys", type=int, default=48, metavar="N", help="48 by default")
    options = parser.parse_args(words)
    if missing := missing_servers():
        print(f"not installed: {', '.join(missing)}", file=sys.stderr)
        return 1
    configure_logging("warning")
    try:
        print("\n".join(uvloop.run(_profile(options.journeys))))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


async def _profile(journeys: int) -> list[str]:
    report.progress("starting private PostgreSQL, RabbitMQ and mail sink")
    async with Environment() as environment:
        await environment.start_services()
        await take_journeys(environment, 2 * AT_ONCE)
        await environment.settle()
        report.progress(f"{journeys} journeys")
        samplers = [await _sampler(environment, name) for name in environment.services]
        try:
            before, meter = await environment.count_statements(), Meter(environment)
            await take_journeys(environment, journeys)
            await environment.settle()
            spent, after = meter.spent(), await environment.count_statements()
        finally:
            for sampler in samplers:
                sampler.send_signal(signal.SIGINT)
            await asyncio.gather(*(sampler.wait() for sampler in samplers))
        milliseconds = {name: 1_000 * seconds / journeys for name, seconds in spent.items()}
        return list(_table(environment, milliseconds, after.since(before), journeys))


async def _sampler(environment: Environment, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("py-spy"),
        *("record", "--rate", str(RATE), "--format", "raw", "--duration", "unlimited"),
        *("--output", str(_samples(environment, name)), "--pid", str(environment.pid(name))),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def _samples(environment: Environment, name: str) -> Path:
    return environment.folder / f"{name}.samples"


def _table(
    environment: Environment,
    milliseconds: Mapping[str, float],
    counted: StatementCounts,
    journeys: int,
) -> Iterator[str]:
    total, commits = counted.calls() / journeys, counted.calls(statement="COMMIT") / journeys
    yield f"{total:.0f} statements a journey, {commits:.0f} of them COMMIT"
    for name in sorted(environment.services, key=lambda name: -milliseconds[name]):
        calls = counted.calls(name) / journeys
        yield f"\n{name}: {milliseconds[name]:.1f} ms, {calls:.0f} statements"
        shares = shares_of(_samples(environment, name).read_text())
        for part, share in shares.most_common():
            yield f"  {milliseconds[name] * share:6.1f} ms  {part}"
        rows = [(calls, text) for (whose, text), (calls, _) in counted.of.items() if whose == name]
        for calls, text in sorted(rows, reverse=True)[:12]:
            yield f"  {calls / journeys:6.1f} x   {' '.join(text.split())[:100]}"
    for name in milliseconds.keys() - set(environment.services):
        yield f"\n{name}: {milliseconds[name]:.1f} ms"


def shares_of(samples: str) -> Counter[str]:
    """The share of each part in a report of stacks, `frame;frame;frame count` by line."""
    counts: Counter[str] = Counter()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [LINE.sub(")", frame) for frame in stack.split(";")]
        if not frames[-1].startswith(WAITING):
            counts[_part(frames)] += int(count)
    whole = counts.total() or 1
    return Counter({part: count / whole for part, count in counts.items()})  # type: ignore[misc]


def _part(frames: Sequence[str]) -> str:
    for frame in reversed(frames):
        for place, part in PARTS.items():
            if place in frame:
                return part
    return "interpreter and event loop"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
