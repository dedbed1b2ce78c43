"""What single pages cost: during hashing, with a QR code, with far too long a password.

`pages_beside_hashing` compares pages that hash nothing with themselves while others keep every
hashing thread busy. `qr_page` weighs the gateway's own work on the page that draws the QR code.
`long_password` posts a megabyte and checks that no service but the gateway receives it.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import aiohttp
import pyotp

from benchmarks.browser import Unexpected, new_address
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, cpu_seconds, percentile, ratio_line, timed
from benchmarks.signed_in_user import SignedInUser
from benchmarks.subprocesses import Subprocess
from services.gateway.portal import qr

GUESSERS = 16
#: Seconds until hashes queue.
SATURATED = 2
MEGABYTE = "Aa1" * 350_000


async def beside_hashing(environment: Environment, plan: Plan) -> list[Line]:
    """Each page idle, then during sixteen guesses at a time, in turn."""
    await environment.start_services()
    idle: dict[str, list[float]] = {}
    busy: dict[str, list[float]] = {}
    answered: dict[str, int] = {}
    async with aiohttp.TCPConnector() as connector:
        visitor, member = SignedInUser(environment, connector), SignedInUser(environment, connector)
        await member.settle()
        await member.sign_in()
        crowd = await Subprocess.start("password_guessers", environment.base_url)
        try:
            for _ in range(plan.rounds):
                for found, guessers in ((idle, 0), (busy, GUESSERS)):
                    await _set(crowd, guessers, answered)
                    await environment.settle() if not guessers else await asyncio.sleep(SATURATED)
                    for who, path in ((visitor, "/connexion"), (member, "/accueil")):
                        spent = await timed(plan.floor_samples, _opening(who, path))
                        found.setdefault(path, []).append(statistics.median(spent))
            await _set(crowd, 0, answered)
        finally:
            await crowd.stop()
        await visitor.close()
        await member.close()
    if set(answered) != {"303"}:
        raise Unexpected(f"guesses were answered {answered}")
    return [
        ratio_line(
            "pages_beside_hashing",
            f"GET {path}, p50",
            "ms",
            list(zip(busy[path], idle[path], strict=True)),
            floor_name="itself, idle",
            at_most=3,
            note=f"{GUESSERS} at once; {answered['303']} guesses answered",
        )
        for path in idle
    ]


async def _set(crowd: Subprocess, guessers: int, answered: dict[str, int]) -> None:
    """So many guess from now on; those before are counted by their answers."""
    await crowd.send({"at_once": guessers})
    for status, number in (await crowd.lines.get())["seen"].items():
        answered[status] = answered.get(status, 0) + number


def _opening(who: SignedInUser, path: str) -> Callable[[], Awaitable[object]]:
    return lambda: who.get(path)


async def qr_page(environment: Environment, plan: Plan) -> list[Line]:
    """The page with the QR code, and pages of about its size without one, in turn."""
    await environment.start_services()
    cpu: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    async with aiohttp.TCPConnector() as connector:
        visitor, member = SignedInUser(environment, connector), SignedInUser(environment, connector)
        await member.fill_in()
        await member.give_password("/connexion/telephone")
        for _ in range(plan.rounds):
            for who, path in ((member, QR), (visitor, PLAIN)):
                sizes[path] = len((await who.get(path)).text)
                before = cpu_seconds(environment.pid("gateway"))
                await timed(plan.pages, _opening(who, path), warm=0)
                used = cpu_seconds(environment.pid("gateway")) - before
                cpu.setdefault(path, []).append(1_000 * used / plan.pages)
        await visitor.close()
        await member.close()
    drawing = [_drawing_milliseconds(plan.pages) for _ in range(plan.rounds)]
    more = [mine - bare for mine, bare in zip(cpu[QR], cpu[PLAIN], strict=True)]
    return [
        Line(
            scenario="qr_page",
            what="CPU of the gateway, whole page",
            unit="ms",
            values=cpu[QR],
            baseline=statistics.median(cpu[PLAIN]),
            floor_name=f"GET {PLAIN}, no QR code",
            ratio=statistics.median(cpu[QR]) / max(statistics.median(cpu[PLAIN]), 0.01),
            aim="<= 5 ms",
            passed=statistics.median(cpu[QR]) <= 5,
            note=f"{sizes[QR]} characters, the other page has {sizes[PLAIN]}",
        ),
        Line(
            scenario="qr_page",
            what="more than the page without a QR code",
            unit="ms",
            values=more,
            aim="<= 5 ms",
            passed=statistics.median(more) <= 5,
        ),
        Line(
            scenario="qr_page",
            what="drawing the code, once for each enrolment",
            unit="ms",
            values=drawing,
            note="not in the lines above: the page is shown again",
        ),
    ]


def _drawing_milliseconds(count: int) -> float:
    """Processor time of one drawing, of `count` different keys."""
    uris = [
        pyotp.TOTP(pyotp.random_base32()).provisioning_uri(name=new_address(), issuer_name="IMPEX")
        for _ in range(count)
    ]
    began = time.process_time()
    for uri in uris:
        qr.svg(uri, "IMPEX")
    return 1_000 * (time.process_time() - began) / count


QR, PLAIN = "/connexion/telephone", "/inscription"


async def long_password(environment: Environment, plan: Plan) -> list[Line]:
    """A megabyte posted as a password: how soon it is refused, and what registration heard."""
    await environment.start_services()
    spent: list[float] = []
    async with aiohttp.TCPConnector(force_close=True) as connector:
        visitor = SignedInUser(environment, connector)
        fields = (await visitor.get("/connexion")).form("/connexion")
        body = urlencode({**fields, "address": visitor.address, "password": MEGABYTE}).encode()
        before = await environment.requests_answered()
        for _ in range(plan.floor_samples):
            status, milliseconds = await visitor.refused("/connexion", body)
            spent.append(milliseconds)
            if status not in (400, 413):
                raise Unexpected(f"a megabyte was answered {status}")
        heard = sum((await environment.requests_answered()).values()) - sum(before.values())
        await visitor.close()
    return [
        Line(
            scenario="long_password",
            what="1 MB posted -> refused, p95",
            unit="ms",
            values=[percentile(spent, 0.95)],
            aim="< 50 ms",
            passed=percentile(spent, 0.95) < 50,
            note=f"n = {len(spent)}; p50 {statistics.median(spent):.1f} ms",
        ),
        Line(
            scenario="long_password",
            what="requests that registration was asked",
            unit="",
            values=[heard],
            aim="0",
            passed=heard == 0,
            note="without one there is no hash",
        ),
    ]
