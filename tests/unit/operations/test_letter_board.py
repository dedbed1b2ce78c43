"""What a reading of letters takes of each service."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from services.operations import letter_board
from services.operations.letter_board import LetterBoard
from shared.messaging.dead_letters import MAX_LISTED, DeadLetter, Place
from tests.unit.operations.test_letter_groups import KNOWN


async def test_a_flood_of_one_service_is_cut_and_those_of_others_are_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"support": 200_000, "mailer": 10, "dossiers": 300}
    seen: dict[str, int] = {}

    async def read_letters(
        _url: str, service: str, _place: Place, take: Callable[[DeadLetter], None], *, limit: int
    ) -> int:
        seen[service] = min(there[service], limit)
        for number in range(seen[service]):
            take(replace(KNOWN, service=service, id=str(number)))
        return seen[service]

    rows = [SimpleNamespace(queue=name, dead=count) for name, count in there.items()]

    async def read() -> Any:
        return SimpleNamespace(rows=rows)

    queues: Any = SimpleNamespace(hands=asyncio.Lock(), read=read)
    monkeypatch.setattr(letter_board, "read_letters", read_letters)
    monkeypatch.setattr(letter_board, "ANSWER_SECONDS", 30)
    board = LetterBoard("amqp://nobody", queues)
    found = await board.read("dead")
    assert found is not None
    assert seen == {"mailer": 10, "dossiers": 300, "support": MAX_LISTED - 310}
    assert {one.service: one.count for one in found.groups} == seen
    assert found.cut
    assert [board.counted("dead", one.fault) for one in found.groups] == sorted(
        seen.values(), reverse=True
    )
