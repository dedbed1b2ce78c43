"""The client of the directory: errors, timeouts and limits (SI-05, SI-07, IN-08)."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from services.profile import directory
from services.profile.directory import (
    BACKGROUND,
    INTERACTIVE,
    Directory,
    RateLimiter,
    Timeouts,
    open_directory,
)
from services.profile.establishment_record import EstablishmentRecord
from tests.support.servers.company_directory import (
    BRANCH,
    CLOSED,
    HEAD_OFFICE,
    Answering,
    CompanyDirectory,
    company_directory,
    drips,
    hangs,
    hangs_up,
    responds,
)

#: So fast that no test waits for the rate limiter.
FAST = 1_000.0
PORTAL = "https://portal.example"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than a user would wait; tests of the limits set their own."""
    for name in ("INTERACTIVE", "BACKGROUND"):
        monkeypatch.setattr(directory, name, Timeouts(wait=60, response=60))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[CompanyDirectory]:
    async with company_directory() as opened:
        yield opened


@pytest_asyncio.fixture
async def client(server: CompanyDirectory) -> AsyncIterator[Directory]:
    async with open_directory(server.url, FAST, PORTAL) as opened:
        assert opened is not None
        yield opened


async def state_of(client: Directory, siret: str = BRANCH) -> str | None:
    answer = await client.ask(siret)
    return None if answer is None else answer.state


async def test_si_05_a_request_identifies_us(server: CompanyDirectory, client: Directory) -> None:
    assert await state_of(client, HEAD_OFFICE) == "found"
    assert await state_of(client, CLOSED) == "closed"
    assert server.sirets == [HEAD_OFFICE, CLOSED]
    request = server.asked[0]
    assert request.method == "GET"
    assert request.headers["User-Agent"] == f"IMPEXWEB (+{PORTAL})"
    assert "Cookie" not in request.headers


async def test_si_07_without_a_url_there_is_no_directory() -> None:
    async with open_directory("", FAST, PORTAL) as opened:
        assert opened is None


def test_si_07_a_user_waits_two_seconds_in_all() -> None:
    assert INTERACTIVE.wait + INTERACTIVE.response == 2.0
    assert BACKGROUND.wait + BACKGROUND.response < 60, "the handlers' own limit"


@pytest.mark.parametrize("first", [responds(500), responds(503, "<html>"), hangs_up])
async def test_si_07_a_transient_failure_is_retried_once(
    server: CompanyDirectory, client: Directory, first: Answering
) -> None:
    server.turns = [first]
    assert await state_of(client) == "found"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("always", "tries"),
    [
        (responds(500), 2),
        (hangs_up, 2),
        (responds(400, '{"erreur": "Veuillez indiquer au moins un paramètre."}'), 1),
        (responds(404), 1),
        (responds(200, "<html>"), 1),
        (responds(200, ""), 1),
        (responds(200, '{"results": [' + " " * 300_000 + "]}"), 1),
    ],
)
async def test_si_07_after_a_lasting_failure_there_is_a_pause(
    server: CompanyDirectory, client: Directory, always: Answering, tries: int
) -> None:
    server.always = always
    assert await state_of(client) is None
    assert len(server.asked) == tries
    assert await state_of(client) is None
    assert await client.ask(BRANCH, background=True) is None
    assert len(server.asked) == tries, "the next user does not wait for it"


async def test_si_07_after_the_pause_it_is_asked_again(
    server: CompanyDirectory, client: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.05)
    server.turns = [responds(200, "{}")]
    assert await state_of(client) is None
    await asyncio.sleep(0.1)
    assert await state_of(client) == "found"


@pytest.mark.parametrize("slow", [hangs(), drips])
async def test_si_07_a_slow_response_times_out(
    server: CompanyDirectory,
    client: Directory,
    monkeypatch: pytest.MonkeyPatch,
    slow: Answering,
) -> None:
    monkeypatch.setattr(directory, "INTERACTIVE", Timeouts(wait=0.1, response=0.2))
    server.always = slow
    started = time.perf_counter()
    assert await state_of(client) is None
    assert 0.15 < time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [("7", 7.0), ("0", 1.0), ("99999", 3600.0), ("soon", 10.0), ("", 10.0), ("-5", 10.0),
     ("9" * 400, 10.0), ("٧", 10.0)],
)  # fmt: skip
async def test_si_05_429_is_obeyed(
    server: CompanyDirectory,
    client: Directory,
    monkeypatch: pytest.MonkeyPatch,
    retry_after: str,
    pause: float,
) -> None:
    server.turns = [responds(429, "{}", Retry_After=retry_after)]
    started = asyncio.get_running_loop().time()
    assert await state_of(client) is None
    assert len(server.asked) == 1, "not tried again"
    left = client._paused_until - started
    assert pause <= left < pause + 1
    assert await state_of(client) is None
    assert len(server.asked) == 1


async def test_si_05_a_failure_does_not_shorten_retry_after(
    server: CompanyDirectory, client: Directory
) -> None:
    asked = asyncio.Event()

    async def fails_later(_request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(0.1)
        return web.Response(status=404)

    server.turns = [fails_later, responds(429, Retry_After="600")]
    failing = asyncio.create_task(state_of(client))
    await asked.wait()
    assert await state_of(client) is None
    assert await failing is None
    assert client._paused_until - asyncio.get_running_loop().time() > 500


async def test_in_08_redirects_are_not_followed(
    server: CompanyDirectory, client: Directory
) -> None:
    async with company_directory() as inside:
        private = f"{inside.url}/search?q={BRANCH}"
        server.always = responds(302, Location=private)
        assert await state_of(client) is None
        assert inside.asked == []
    assert len(server.asked) == 1


async def test_si_07_an_unreachable_directory_is_no_answer() -> None:
    async with company_directory() as stopped:
        url = stopped.url
    async with open_directory(url, FAST, PORTAL) as client:
        assert client is not None
        assert await state_of(client) is None


async def test_si_05_the_rate_limiter_spaces_calls() -> None:
    limiter, started = RateLimiter(50), time.perf_counter()
    assert await asyncio.gather(*(limiter.wait_turn(10) for _ in range(6))) == [True] * 6
    assert time.perf_counter() - started >= 5 / 50
    refused = [await asyncio.wait_for(limiter.wait_turn(-1), 1) for _ in range(3)]
    assert refused == [False] * 3


async def test_si_05_a_lookup_without_a_turn_in_time_is_skipped(
    server: CompanyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "INTERACTIVE", Timeouts(wait=0.3, response=2.0))
    async with open_directory(server.url, 5, PORTAL) as client:
        assert client is not None
        answers = await asyncio.gather(*(client.ask(BRANCH) for _ in range(20)))
    answered = [one for one in answers if isinstance(one, EstablishmentRecord)]
    assert len(answered) == len(server.asked)
    assert 1 <= len(answered) <= 2, "three a second for users"


async def test_background_lookups_leave_most_of_the_rate_to_users(
    server: CompanyDirectory,
) -> None:
    async with open_directory(server.url, 5, PORTAL) as client:
        assert client is not None
        later = [asyncio.create_task(client.ask(BRANCH, background=True)) for _ in range(30)]
        await asyncio.sleep(0)
        assert await state_of(client) == "found"
        for task in later:
            task.cancel()
        await asyncio.gather(*later, return_exceptions=True)
