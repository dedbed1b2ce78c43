"""Client of the company directory: one fixed host, a timeout of two seconds, a rate limit.

`ask` returns None if the directory is unavailable, slow or limits our rate. After a failure it is
not asked for a while, so that only one user in that time has waited. Redirects are not followed,
and bodies that are too long or cannot be parsed count as failures (SI-05, SI-07, IN-08).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from services.profile.establishment_record import EstablishmentRecord, parse_record
from shared.runtime.telemetry import get_logger

PATH = "/search"
#: No record of one establishment is longer.
MAX_BODY_BYTES = 262_144
#: Pause after a failure, also after status 429 without `Retry-After`.
PAUSE_SECONDS = 10.0
#: Longest `Retry-After` that is obeyed.
MAX_PAUSE_SECONDS = 3_600.0
#: Share of the rate for lookups that a user waits for; the rest is for background lookups.
INTERACTIVE_SHARE = 0.6

log = get_logger("directory")


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for the rate limiter, and for the response."""

    wait: float
    response: float


#: With a user waiting: two seconds in all (SI-07). In the background: below the handlers' limit.
INTERACTIVE = Timeouts(wait=0.4, response=1.6)
BACKGROUND = Timeouts(wait=30.0, response=2.0)


class NoResponse(Exception):
    """The directory did not answer: pause for `pause` seconds, or retry at once if `retry`."""

    def __init__(self, reason: str, *, pause: float | None = None, retry: bool = False) -> None:
        super().__init__(reason)
        self.pause = PAUSE_SECONDS if pause is None else pause
        self.retry = retry


class RateLimiter:
    """Spaces calls evenly, `per_second` of them."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def wait_turn(self, within: float) -> bool:
        """Wait for a turn; returns False at once if none comes within so many seconds."""
        now = asyncio.get_running_loop().time()
        mine = max(self._next, now)
        if mine - now > within:
            return False
        self._next = mine + self._gap
        await asyncio.sleep(mine - now)
        return True


class Directory:
    """The directory at `base_url`, asked at most `per_second` times a second by this process."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, per_second: float) -> None:
        self._session = session
        self._url = base_url.rstrip("/") + PATH
        self._interactive = RateLimiter(per_second * INTERACTIVE_SHARE)
        self._background = RateLimiter(per_second * (1 - INTERACTIVE_SHARE))
        self._paused_until = 0.0

    async def ask(self, siret: str, *, background: bool = False) -> EstablishmentRecord | None:
        """The record of a SIRET with a right check digit; None if the directory does not answer."""
        timeouts, limiter = (
            (BACKGROUND, self._background) if background else (INTERACTIVE, self._interactive)
        )
        if self._is_paused() or not await limiter.wait_turn(timeouts.wait) or self._is_paused():
            return None
        try:
            async with asyncio.timeout(timeouts.response):
                try:
                    return await self._ask(siret)
                except NoResponse as error:
                    if not error.retry:
                        raise
                return await self._ask(siret)
        except (NoResponse, TimeoutError) as error:
            pause = error.pause if isinstance(error, NoResponse) else PAUSE_SECONDS
            until = asyncio.get_running_loop().time() + pause
            self._paused_until = max(self._paused_until, until)
            log.warning(
                "The company directory does not answer.",
                action="directory_away",
                reason=str(error) or "no answer in time",
                pause=pause,
            )
            return None

    def _is_paused(self) -> bool:
        return asyncio.get_running_loop().time() < self._paused_until

    async def _ask(self, siret: str) -> EstablishmentRecord:
        try:
            async with self._session.get(
                self._url, params={"q": siret}, allow_redirects=False
            ) as response:
                if response.status == 429:
                    raise NoResponse("status 429", pause=_retry_after(response))
                if response.status != 200:
                    raise NoResponse(f"status {response.status}", retry=response.status >= 500)
                body = await response.content.read(MAX_BODY_BYTES + 1)
                while len(body) <= MAX_BODY_BYTES and not response.content.at_eof():
                    body += await response.content.read(MAX_BODY_BYTES + 1 - len(body))
        except aiohttp.ClientError as error:
            # aiohttp itself has retried a broken connection.
            raise NoResponse(type(error).__name__) from None
        record = parse_record(body, siret) if len(body) <= MAX_BODY_BYTES else None
        if record is None:
            raise NoResponse("the body cannot be parsed")
        return record


@asynccontextmanager
async def open_directory(
    base_url: str, per_second: float, portal_url: str
) -> AsyncIterator[Directory | None]:
    """The directory at `base_url`, or None if that is empty; `portal_url` identifies us to it."""
    if not base_url:
        yield None
        return
    headers = {
        "User-Agent": f"IMPEXWEB (+{portal_url})",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(headers=headers, cookie_jar=jar) as session:
        yield Directory(session, base_url, per_second)


def _retry_after(response: aiohttp.ClientResponse) -> float:
    """The pause that the directory asks for, in seconds."""
    value = response.headers.get("Retry-After", "")
    if not (value.isascii() and value.isdigit() and len(value) < 9):
        return PAUSE_SECONDS
    return min(max(float(value), 1.0), MAX_PAUSE_SECONDS)
