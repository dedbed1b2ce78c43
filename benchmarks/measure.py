"""Samples, medians, lines of the table, and what a process weighs.

A baseline is what the libraries and servers alone need for the same work, taken in the same run and
in turn with our own figure. A line names what was measured, against which baseline, and whether the
aim was met; it never rounds a miss into a pass.
"""

import math
import os
import platform
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.installation import Sizes

LIBRARIES = ("aiohttp", "aio-pika", "asyncpg", "aiosmtplib", "argon2-cffi", "uvloop", "msgspec")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured. `quick` is for trying the harness: its verdicts do not count."""

    rounds: int = 3
    mails: int = 20
    floor_samples: int = 60
    burst: int = 32
    pages: int = 300
    journeys: int = 48
    marks: tuple[int, int] = (200, 1_000)
    messages: int = 2_000
    letters: int = 10_000
    dossier_events: int = 5_000
    dossiers: tuple[int, int] = (1_000, 1_000_000)
    #: Entries of the account, and of all, in the small table and in the large one.
    journal: tuple[tuple[int, int], tuple[int, int]] = ((50, 10_000), (5_000, 10_000_000))
    chain: int = 1_000_000
    #: How long the journal is watched under full load.
    backlog_seconds: float = 600
    accounts: int = 1_000_000
    #: A small one and a large one, for the scenario `growth`.
    installations: tuple[Sizes, Sizes] = (Sizes.of(10_000), Sizes.of(1_000_000))
    quick: bool = False


QUICK = Plan(
    mails=5,
    floor_samples=10,
    pages=30,
    journeys=16,
    marks=(20, 60),
    messages=300,
    letters=1_000,
    dossier_events=1_000,
    dossiers=(1_000, 20_000),
    journal=((50, 2_000), (500, 50_000)),
    chain=20_000,
    backlog_seconds=20,
    accounts=20_000,
    installations=(Sizes.of(1_000), Sizes.of(10_000)),
    quick=True,
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table; `values` are the rounds' and `value` their median."""

    scenario: str
    what: str
    unit: str
    values: Sequence[float]
    baseline: float | None = None
    floor_name: str = ""
    aim: str = ""
    ratio: float | None = None
    passed: bool | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    def as_json(self) -> dict[str, Any]:
        """The line with its median, for programs."""
        return {**asdict(self), "value": self.value}


def ratio_line(
    scenario: str,
    what: str,
    unit: str,
    pairs: Sequence[tuple[float, float]],
    *,
    floor_name: str,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Line:
    """A line for (ours, baseline) of each round; checked on the median of the rounds' ratios."""
    ratio = statistics.median(ours / baseline for ours, baseline in pairs)
    aim, passed = "", None
    if at_most is not None:
        aim, passed = f"<= {at_most:g} x", ratio <= at_most
    if at_least is not None:
        aim, passed = f">= {at_least:g} x", ratio >= at_least
    return Line(
        scenario=scenario,
        what=what,
        unit=unit,
        values=[ours for ours, _ in pairs],
        baseline=statistics.median(baseline for _, baseline in pairs),
        floor_name=floor_name,
        ratio=ratio,
        aim=aim,
        passed=passed,
        note=note,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


async def timed(count: int, work: Callable[[], Awaitable[object]], warm: int = 3) -> list[float]:
    """Milliseconds of each of `count` calls, one at a time, after `warm` uncounted ones."""
    for _ in range(warm):
        await work()
    spent = []
    for _ in range(count):
        begin = time.perf_counter()
        await work()
        spent.append(1_000 * (time.perf_counter() - begin))
    return spent


@dataclass(frozen=True)
class Memory:
    """MiB of one process: resident, proportional share, and its very own."""

    rss: float
    pss: float
    uss: float


def memory_of(pid: int) -> Memory:
    """What the kernel reports about a running process of ours."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
    own = kib["Private_Clean"] + kib["Private_Dirty"]
    return Memory(kib["Rss"] / 1024, kib["Pss"] / 1024, own / 1024)


def cpu_seconds(pid: int) -> float:
    """User and system time that a living process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Facts:
    """The machine and the moment; a figure means nothing without them."""

    servers: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.M)
        total = re.search(r"^MemTotal:\s+(\d+)", _read("/proc/meminfo"), re.M)
        return {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cores": os.cpu_count(),
            "processor": model[1] if model else platform.machine(),
            "memory_gib": round(int(total[1]) / 2**20, 1) if total else None,
            "kernel": platform.release(),
            "python": platform.python_version(),
            "load_before": [round(load, 2) for load in os.getloadavg()],
            **{name: version(name) for name in LIBRARIES},
            **self.servers,
        }


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
