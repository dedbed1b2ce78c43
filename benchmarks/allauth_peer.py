"""django-allauth beside us: a new person's journey from form to home page, in turn with ours.

The same client drives both, eight at a time, against the same PostgreSQL and the same mail sink.
The peer runs under gunicorn with as many processes as there are cores, and hashes as often and as
expensively as we do; then both hash almost for nothing, which shows what all else costs. Bare
libraries doing what a journey of ours promises come in turn too: what could be reached at most. Its
packages are in a lock of their own and go into an environment of their own at the first run.
"""

import asyncio
import os
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import pyotp

from benchmarks.browser import PASSWORD, Unexpected, new_address
from benchmarks.counters import STATEMENTS_SENT as SENT
from benchmarks.counters import WRITTEN, database_counts
from benchmarks.environment import Environment
from benchmarks.full_journey import (
    AT_ONCE,
    HASHES,
    Meter,
    bare_people,
    count_journeys,
    family_seconds,
    take_journeys,
)
from benchmarks.measure import Line, Plan, ratio_line
from operations.install.bootstrap import fingerprint, up_to_date
from operations.install.bootstrap import run as install
from operations.install.paths import SYSTEM_PATH, paths
from operations.local.processes import Child, free_port
from operations.provision.provisioning import DATABASE

SITE = Path(__file__).parent / "allauth_site"
LOCK = SITE / "requirements.lock"
THREADS = 4
START_SECONDS = 60
SCENARIO = "allauth"

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEY = re.compile(r"\b([A-Z2-7]{32})\b")


@dataclass(frozen=True)
class Setup:
    """One comparison: a class of `allauth_site/hashers.py`, whether our services are one process,
    and our aim."""

    name: str
    hasher: str
    together: bool
    aim: float


SETUPS = (
    Setup("", "Ours", False, 1.6),
    Setup(", all services in one process", "Ours", True, 2.0),
    Setup(", hashing almost free", "Cheap", False, 2.0),
)
FLOOR = f"django-allauth under gunicorn, {HASHES} hashes"


class PeerUser:
    """One browser, mailbox and phone. Forms are posted with their token, redirects are followed."""

    def __init__(
        self, environment: Environment, base_url: str, connector: aiohttp.BaseConnector
    ) -> None:
        self.address = new_address()
        self._mailbox = environment.mailbox
        self._session = aiohttp.ClientSession(
            base_url,
            connector=connector,
            connector_owner=False,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Origin": base_url, "Accept": "text/html", "Accept-Language": "fr"},
            timeout=aiohttp.ClientTimeout(total=60),
        )
        self._page = ""

    async def journey(self) -> None:
        """From the form to the home page, signed out and in again."""
        twice = {"password1": PASSWORD, "password2": PASSWORD}
        await self._get("/accounts/signup/", "/accounts/signup/")
        verify = "/accounts/confirm-email/"
        await self._post("/accounts/signup/", verify, email=self.address, **twice)
        code = (await self._mailbox.mail(self.address))["code"]
        await self._post(verify, "/", code=code)
        phone, again = "/accounts/2fa/totp/activate/", "/accounts/reauthenticate/"
        await self._get(phone, again)
        await self._post(f"{again}?next={phone}", phone, password=PASSWORD)
        shown = KEY.search(self._page)
        if shown is None:
            raise Unexpected(f"no key on {phone}")
        codes = pyotp.TOTP(shown[1])
        await self._post(phone, "/accounts/2fa/recovery-codes/", code=codes.now())
        await self._get("/", "/")
        await self._post("/accounts/logout/", "/accounts/login/")
        second = "/accounts/2fa/authenticate/"
        await self._post("/accounts/login/", second, login=self.address, password=PASSWORD)
        await self._post(second, "/", code=codes.now())
        if self.address not in self._page:
            raise Unexpected("the home page names somebody else")
        await self._session.close()

    async def _get(self, path: str, leads_to: str) -> None:
        async with self._session.get(path) as answer:
            await self._read(answer, leads_to)

    async def _post(self, path: str, leads_to: str, **values: str) -> None:
        token = TOKEN.search(self._page)
        if token is None:
            raise Unexpected(f"no form before {path}")
        values["csrfmiddlewaretoken"] = token[1]
        async with self._session.post(path, data=values) as answer:
            await self._read(answer, leads_to)

    async def _read(self, answer: aiohttp.ClientResponse, leads_to: str) -> None:
        self._page = await answer.text()
        if answer.status != 200 or answer.url.path != leads_to:
            raise Unexpected(f"{answer.status} {answer.url.path}, not {leads_to}")


@dataclass(frozen=True)
class Measured:
    """Journeys a second; for each, processor milliseconds, the driver's not counted, and what it
    asked of the database.
    """

    rate: float
    cpu: float
    database: Mapping[str, float]


@dataclass(frozen=True)
class Peer:
    """The running site: its address, database, and first process."""

    base_url: str
    database: str
    server: Child


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """Ours and the peer in turn, setup by setup."""
    programs = await asyncio.to_thread(_installed)
    lines: list[Line] = []
    for number, setup in enumerate(SETUPS):
        if setup.together:
            await environment.start_in_one_process()
        else:
            await environment.start_services(cheap_hashes=setup.hasher == "Cheap")
        pairs: list[tuple[Measured, Measured]] = []
        most: list[tuple[float, float]] = []
        await take_journeys(environment, AT_ONCE)
        async with (
            _served(environment, programs, setup.hasher, f"allauth_{number}") as peer,
            bare_people(
                environment,
                await _bare_parts(environment, setup, plan),
                processes=1 if setup.together else AT_ONCE,
            ) as bare,
        ):
            await _peers_journeys(environment, peer, AT_ONCE)
            for _ in range(plan.rounds):
                ours = await _our_round(environment, plan.journeys)
                theirs = await _peers_round(environment, peer, plan.journeys)
                pairs.append((ours, theirs))
                most.append((await bare.make(plan.journeys), theirs.rate))
        what = f"bare parts of what is promised, {AT_ONCE} at once{setup.name}"
        lines += _lines(pairs, setup)
        lines.append(ratio_line(SCENARIO, what, "/s", most, floor_name=FLOOR))
    return lines


async def _bare_parts(environment: Environment, setup: Setup, plan: Plan) -> dict[str, int]:
    """The parts of such a journey: in one process no request is a message."""
    counted = await count_journeys(environment, plan.journeys, over_broker=not setup.together)
    return {**counted.parts(), "hash": HASHES if setup.hasher == "Ours" else 0}


def _lines(pairs: Sequence[tuple[Measured, Measured]], setup: Setup) -> list[Line]:
    def line(
        what: str, unit: str, of: Callable[[Measured], float], at_least: float | None = None
    ) -> Line:
        compared = [(of(ours), of(theirs)) for ours, theirs in pairs]
        name = f"{what}{setup.name}"
        return ratio_line(SCENARIO, name, unit, compared, floor_name=FLOOR, at_least=at_least)

    lines = [
        line(f"journeys a second, {AT_ONCE} at once", "/s", lambda one: one.rate, setup.aim),
        line("CPU per journey", "ms", lambda one: one.cpu),
    ]
    if setup is SETUPS[0]:
        lines.append(line(f"{SENT} per journey", "", lambda one: one.database[SENT]))
        lines.append(line(f"{WRITTEN} per journey", "", lambda one: one.database[WRITTEN]))
    return lines


async def _our_round(environment: Environment, people: int) -> Measured:
    async def work() -> None:
        await take_journeys(environment, people)

    def spent() -> float:
        parts = meter.spent()
        return sum(parts[name] for name in (*environment.children, "postgresql", "rabbitmq"))

    meter = Meter(environment)
    return await _measured(environment, DATABASE, people, work, spent)


async def _peers_round(environment: Environment, peer: Peer, people: int) -> Measured:
    def spent() -> float:
        pids = (peer.server.pid, environment.postgres.child.pid)
        return sum(family_seconds(pid) for pid in pids if pid is not None)

    async def work() -> None:
        await _peers_journeys(environment, peer, people)

    return await _measured(environment, peer.database, people, work, spent)


async def _measured(
    environment: Environment,
    database: str,
    people: int,
    work: Callable[[], Awaitable[None]],
    spent: Callable[[], float],
) -> Measured:
    """The rate is of the journeys; what they leave to do is in the other figures."""
    before, used = await database_counts(environment, database), spent()
    begin = time.perf_counter()
    await work()
    seconds = time.perf_counter() - begin
    await environment.settle()
    used = spent() - used
    after = await database_counts(environment, database)
    counts = {name: (after[name] - before[name]) / people for name in after}
    return Measured(people / seconds, 1_000 * used / people, counts)


async def _peers_journeys(environment: Environment, peer: Peer, people: int) -> None:
    free = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.TCPConnector(limit=0) as connector:

        async def one() -> None:
            async with free:
                await PeerUser(environment, peer.base_url, connector).journey()

        await asyncio.gather(*(one() for _ in range(people)))


def _installed() -> Path:
    """The peer's programs; blocks, and installs what is missing or out of date."""
    paths().make()
    environment = paths().home / "allauth"
    stamp, expected = environment / "impex.stamp", fingerprint(LOCK)
    if not up_to_date(stamp, expected):
        what = "installing django-allauth"
        install([sys.executable, "-m", "venv", "--clear", str(environment)], what)
        pip = [str(environment / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
        install([*pip, "install", "-q", "--require-hashes", "-r", str(LOCK)], what)
        stamp.write_text(expected)
    return environment / "bin"


@asynccontextmanager
async def _served(
    environment: Environment, programs: Path, hasher: str, name: str
) -> AsyncIterator[Peer]:
    """The peer on a fresh database of this name."""
    database = await asyncpg.connect(environment.postgres.url())
    try:
        await database.execute(f"create database {name}")
    finally:
        await database.close()
    variables = {
        "PATH": f"{programs}:{SYSTEM_PATH}",
        "PYTHONPATH": str(SITE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "settings",
        "PEER_KEY": secrets.token_hex(32),
        "PEER_DATABASE_URL": environment.postgres.url(name),
        "PEER_CACHE": str(environment.folder / name),
        "PEER_HASHER": hasher,
        "PEER_SMTP_PORT": str(environment.smtp_port),
    }
    port = free_port()

    def child(what: str, *command: str) -> Child:
        return Child(what, command, environment.folder / f"{name}.log", variables, SITE)

    tables = child("the peer's tables", "django-admin", "migrate", "--verbosity", "0")
    processes = ("--workers", str(os.cpu_count() or 1), "--threads", str(THREADS))
    listening = ("--bind", f"127.0.0.1:{port}", "--keep-alive", "75", "--no-control-socket")
    server = child("the peer", "gunicorn", *processes, *listening, "wsgi:application")
    try:
        tables.start()
        assert tables.process is not None
        if await asyncio.to_thread(tables.process.wait, START_SECONDS):
            tables.require_alive()
        server.start()
        base_url = f"http://127.0.0.1:{port}"
        await _answers(base_url, server)
        yield Peer(base_url, name, server)
    finally:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(tables.stop)


async def _answers(base_url: str, server: Child) -> None:
    async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession(base_url) as session:
        while True:
            server.require_alive()
            try:
                async with session.get("/accounts/login/") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
