"""Asking the public directory of companies: one fixed host, two seconds, a few times a second.

It may be away, slow, or tell us to come less often: then nobody waits for it and `ask` says None.
After a failure it is left alone for a while, so that only one person in that time has waited.
Redirects are not followed, answers that are too long or no answers are no answers (SI-05, SI-07,
IN-08).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from services.profile.answers import Answer, read_answer
from shared.runtime.telemetry import get_logger

PATH = "/search"
#: More than this is no answer about one establishment.
LONGEST_ANSWER = 262_144
TRIES = 2
#: How long the directory is left alone after a failure, after a 429 without a wait, at most.
PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 3_600.0
#: What may be used of the rate: most by people who wait, the rest by what is asked again later.
LIVE_SHARE = 0.6

log = get_logger("directory")


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for our turn, and for the answer once it is asked."""

    turn: float
    answer: float


#: Somebody waits: two seconds in all (SI-07). Nobody does: below the handlers' own limit.
LIVE = Patience(turn=0.4, answer=1.6)
LATER = Patience(turn=30.0, answer=2.0)


class Unanswered(Exception):
    """The directory did not answer: `pause` it is left alone, in seconds; `again`: ask twice."""

    def __init__(self, reason: str, *, pause: float | None = None, again: bool = False) -> None:
        super().__init__(reason)
        self.pause = PAUSE_SECONDS if pause is None else pause
        self.again = again


class Pace:
    """Turns, `per_second` of them and not two at once."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def turn(self, within: float) -> bool:
        """Wait for a turn; False, at once, where none comes within so many seconds."""
        now = asyncio.get_running_loop().time()
        mine = max(self._next, now)
        if mine - now > within:
            return False
        self._next = mine + self._gap
        await asyncio.sleep(mine - now)
        return True


class Directory:
    """The directory at `base`, asked at most `per_second` times a second by this process."""

    def __init__(self, session: aiohttp.ClientSession, base: str, per_second: float) -> None:
        self._session = session
        self._address = base.rstrip("/") + PATH
        self._live = Pace(per_second * LIVE_SHARE)
        self._later = Pace(per_second * (1 - LIVE_SHARE))
        self._left_alone_until = 0.0

    async def ask(self, siret: str, *, later: bool = False) -> Answer | None:
        """What it knows of a SIRET whose key is right; None where it does not answer now."""
        patience, pace = (LATER, self._later) if later else (LIVE, self._live)
        if self._left_alone() or not await pace.turn(patience.turn) or self._left_alone():
            return None
        try:
            async with asyncio.timeout(patience.answer):
                return await self._ask_twice(siret)
        except (Unanswered, TimeoutError) as error:
            pause = error.pause if isinstance(error, Unanswered) else PAUSE_SECONDS
            until = asyncio.get_running_loop().time() + pause
            self._left_alone_until = max(self._left_alone_until, until)
            log.warning(
                "The directory of companies does not answer.",
                action="directory_away",
                reason=str(error) or "no answer in time",
                pause=pause,
            )
            return None

    def _left_alone(self) -> bool:
        return asyncio.get_running_loop().time() < self._left_alone_until

    async def _ask_twice(self, siret: str) -> Answer:
        for left in reversed(range(TRIES)):
            try:
                return await self._ask(siret)
            except Unanswered as error:
                if not (error.again and left):
                    raise
        raise AssertionError("a try either answers or raises")

    async def _ask(self, siret: str) -> Answer:
        try:
            async with self._session.get(
                self._address, params={"q": siret}, allow_redirects=False
            ) as response:
                if response.status == 429:
                    raise Unanswered("status 429", pause=_retry_after(response))
                if response.status != 200:
                    again = response.status >= 500
                    raise Unanswered(f"status {response.status}", again=again)
                body = await response.content.read(LONGEST_ANSWER + 1)
                while len(body) <= LONGEST_ANSWER and not response.content.at_eof():
                    body += await response.content.read(LONGEST_ANSWER + 1 - len(body))
        except aiohttp.ClientError as error:
            # A connection that broke was tried again by aiohttp itself.
            raise Unanswered(type(error).__name__) from None
        answer = read_answer(body, siret) if len(body) <= LONGEST_ANSWER else None
        if answer is None:
            raise Unanswered("no answer that we understand")
        return answer


@asynccontextmanager
async def open_directory(
    base: str, per_second: float, portal: str
) -> AsyncIterator[Directory | None]:
    """The directory at `base`, or None where that is empty; `portal` says who asks."""
    if not base:
        yield None
        return
    headers = {
        "User-Agent": f"IMPEXWEB (+{portal})",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(headers=headers, cookie_jar=jar) as session:
        yield Directory(session, base, per_second)


def _retry_after(response: aiohttp.ClientResponse) -> float:
    """The wait that the directory asks for, in seconds."""
    said = response.headers.get("Retry-After", "")
    if not (said.isascii() and said.isdigit() and len(said) < 9):
        return PAUSE_SECONDS
    return min(max(float(said), 1.0), LONGEST_PAUSE_SECONDS)
