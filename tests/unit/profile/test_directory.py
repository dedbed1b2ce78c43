"""Asking the directory over HTTP: its errors, slowness and limits (SI-05, SI-07, IN-08)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from services.profile import directory
from services.profile.answers import Answer
from services.profile.directory import LATER, LIVE, Directory, Pace, Patience, open_directory
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
    says,
)

#: Fast enough that no test waits for its turn.
FAST = 1_000.0
PORTAL = "https://portal.example"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[CompanyDirectory]:
    async with company_directory() as made:
        yield made


@pytest_asyncio.fixture
async def ours(server: CompanyDirectory) -> AsyncIterator[Directory]:
    async with open_directory(server.url, FAST, PORTAL) as made:
        assert made is not None
        yield made


async def state_of(ours: Directory, siret: str = BRANCH) -> str | None:
    answer = await ours.ask(siret)
    return None if answer is None else answer.state


async def test_si_05_one_question_says_who_asks(server: CompanyDirectory, ours: Directory) -> None:
    assert await state_of(ours, HEAD_OFFICE) == "found"
    assert await state_of(ours, CLOSED) == "closed"
    assert server.sirets == [HEAD_OFFICE, CLOSED]
    request = server.asked[0]
    assert request.method == "GET"
    assert request.headers["User-Agent"] == f"IMPEXWEB (+{PORTAL})"
    assert "Cookie" not in request.headers


async def test_si_07_without_an_address_there_is_no_directory() -> None:
    async with open_directory("", FAST, PORTAL) as made:
        assert made is None


def test_si_07_who_waits_waits_two_seconds_in_all() -> None:
    assert LIVE.turn + LIVE.answer == 2.0
    assert LATER.turn + LATER.answer < 60, "the handlers' own limit"


@pytest.mark.parametrize("first", [says(500), says(503, "<html>"), hangs_up])
async def test_si_07_a_passing_failure_is_tried_once_more(
    server: CompanyDirectory, ours: Directory, first: Answering
) -> None:
    server.turns = [first]
    assert await state_of(ours) == "found"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("always", "tries"),
    [
        (says(500), 2),
        (hangs_up, 2),
        (says(400, '{"erreur": "Veuillez indiquer au moins un paramètre."}'), 1),
        (says(404), 1),
        (says(200, "<html>"), 1),
        (says(200, ""), 1),
        (says(200, '{"results": [' + " " * 300_000 + "]}"), 1),
    ],
)
async def test_si_07_a_lasting_failure_is_left_alone_for_a_while(
    server: CompanyDirectory, ours: Directory, always: Answering, tries: int
) -> None:
    server.always = always
    assert await state_of(ours) is None
    assert len(server.asked) == tries
    assert await state_of(ours) is None
    assert await ours.ask(BRANCH, later=True) is None
    assert len(server.asked) == tries, "who comes next does not wait for it"


async def test_si_07_after_the_pause_it_is_asked_again(
    server: CompanyDirectory, ours: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.05)
    server.turns = [says(200, "{}")]
    assert await state_of(ours) is None
    await asyncio.sleep(0.1)
    assert await state_of(ours) == "found"


@pytest.mark.parametrize("slow", [hangs(), drips])
async def test_si_07_slowness_is_not_waited_for(
    server: CompanyDirectory,
    ours: Directory,
    monkeypatch: pytest.MonkeyPatch,
    slow: Answering,
) -> None:
    monkeypatch.setattr(directory, "LIVE", Patience(turn=0.1, answer=0.2))
    server.always = slow
    begun = time.perf_counter()
    assert await state_of(ours) is None
    assert 0.15 < time.perf_counter() - begun < 1.5


@pytest.mark.parametrize(
    ("said", "pause"),
    [("7", 7.0), ("0", 1.0), ("99999", 3600.0), ("soon", 10.0), ("", 10.0), ("-5", 10.0),
     ("9" * 400, 10.0), ("٧", 10.0)],
)  # fmt: skip
async def test_si_05_429_is_obeyed(
    server: CompanyDirectory,
    ours: Directory,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    pause: float,
) -> None:
    server.turns = [says(429, "{}", Retry_After=said)]
    begun = asyncio.get_running_loop().time()
    assert await state_of(ours) is None
    assert len(server.asked) == 1, "not tried again"
    left = ours._left_alone_until - begun
    assert pause <= left < pause + 1
    assert await state_of(ours) is None
    assert len(server.asked) == 1


async def test_si_05_a_failure_does_not_shorten_the_wait_that_was_asked_for(
    server: CompanyDirectory, ours: Directory
) -> None:
    asked = asyncio.Event()

    async def fails_later(_request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(0.1)
        return web.Response(status=404)

    server.turns = [fails_later, says(429, Retry_After="600")]
    failing = asyncio.create_task(state_of(ours))
    await asked.wait()
    assert await state_of(ours) is None
    assert await failing is None
    assert ours._left_alone_until - asyncio.get_running_loop().time() > 500


async def test_in_08_redirects_are_not_followed(server: CompanyDirectory, ours: Directory) -> None:
    async with company_directory() as inside:
        private = f"{inside.url}/search?q={BRANCH}"
        server.always = says(302, Location=private)
        assert await state_of(ours) is None
        assert inside.asked == []
    assert len(server.asked) == 1


async def test_si_07_a_directory_that_is_not_there_is_no_answer() -> None:
    async with company_directory() as gone:
        address = gone.url
    async with open_directory(address, FAST, PORTAL) as ours:
        assert ours is not None
        assert await state_of(ours) is None


async def test_si_05_turns_come_at_their_pace() -> None:
    pace, begun = Pace(50), time.perf_counter()
    assert await asyncio.gather(*(pace.turn(10) for _ in range(6))) == [True] * 6
    assert time.perf_counter() - begun >= 5 / 50
    refused = [await asyncio.wait_for(pace.turn(-1), 1) for _ in range(3)]
    assert refused == [False] * 3


async def test_si_05_who_would_wait_too_long_for_a_turn_is_not_asked(
    server: CompanyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE", Patience(turn=0.3, answer=2.0))
    async with open_directory(server.url, 5, PORTAL) as ours:
        assert ours is not None
        answers = await asyncio.gather(*(ours.ask(BRANCH) for _ in range(20)))
    answered = [one for one in answers if isinstance(one, Answer)]
    assert len(answered) == len(server.asked)
    assert 1 <= len(answered) <= 2, "three a second while somebody waits"


async def test_what_nobody_waits_for_leaves_most_turns_to_who_waits(
    server: CompanyDirectory,
) -> None:
    async with open_directory(server.url, 5, PORTAL) as ours:
        assert ours is not None
        later = [asyncio.create_task(ours.ask(BRANCH, later=True)) for _ in range(30)]
        await asyncio.sleep(0)
        assert await state_of(ours) == "found"
        for task in later:
            task.cancel()
        await asyncio.gather(*later, return_exceptions=True)
