"""Answers to what support asks for an operator, and its orders; support has judged who may.

What is read of the broker is read outside of transactions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

from services.operations import store
from services.operations.deps import Deps
from services.operations.letter_board import Busy, Reading
from services.operations.letter_views import group_rows, letter_view
from services.operations.store import OpenAct
from shared.contracts.base import Refusal
from shared.contracts.operations import (
    LettersView,
    LetterView,
    ListLetters,
    QueuesView,
    ReadQueues,
    ShowLetter,
    TrialView,
    TryLetter,
)
from shared.contracts.support.operations import DeadLettersDiscardOrdered, DeadLettersReplayOrdered
from shared.database import Pool
from shared.errors import DependencyDown, ImpexError
from shared.messaging.dead_letters import Place, Selection
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger

GONE, BUSY, BROKER_AWAY = "gone", "busy", "broker_away"

log = get_logger("operations")


@asynccontextmanager
async def _reading() -> AsyncIterator[None]:
    """Refuse where the broker refuses; where it does not answer, nobody here can work."""
    try:
        yield
    except DependencyDown:
        raise
    except Busy as busy:
        raise Refused(Refusal(slug=BUSY)) from busy
    except ImpexError as error:
        log.warning("The broker refuses to be read.", action="queues_unread", reason=str(error))
        raise Refused(Refusal(slug=BROKER_AWAY)) from error


async def find_queues(_request: ReadQueues, deps: Deps, _pool: Pool) -> QueuesView:
    """Read the queues."""
    async with _reading():
        return await deps.queues.read()


async def read_queues(_request: ReadQueues, context: RequestContext[Deps]) -> QueuesView:
    """What was read."""
    view: QueuesView = context.prepared
    return view


def _place(name: str) -> Place:
    for place in get_args(Place):
        if place == name:
            found: Place = place
            return found
    raise Refused(Refusal(slug=GONE))


async def find_letters(request: ListLetters, deps: Deps, _pool: Pool) -> Reading | None:
    """Read the letters of a place."""
    async with _reading():
        return await deps.letters.read(_place(request.place))


async def list_letters(_request: ListLetters, context: RequestContext[Deps]) -> LettersView:
    """What was read, by fault, and the acts on it."""
    found: Reading | None = context.prepared
    return LettersView(
        groups=group_rows(found.groups) if found else (),
        read_at=found.read_at if found else None,
        cut=found.cut if found else False,
        acts=await store.list_acts(context.tx, context.now()),
    )


async def find_letter(request: ShowLetter, deps: Deps, _pool: Pool) -> LetterView:
    """Read one letter."""
    place = _place(request.place)
    wanted = Selection(code=request.letter or None, fault=request.fault)
    service = request.service if place in ("dead", "retry") else ""
    async with _reading():
        await deps.letters.read(place)
        found = await deps.letters.find(service, wanted, place)
    if found is None:
        raise Refused(Refusal(slug=GONE))
    letter, content = found
    return letter_view(letter, content, max(1, deps.letters.counted(place, letter.fault)))


async def show_letter(_request: ShowLetter, context: RequestContext[Deps]) -> LetterView:
    """What was read."""
    view: LetterView = context.prepared
    return view


async def run_trial(request: TryLetter, deps: Deps, _pool: Pool) -> TrialView:
    """Have the service try it."""
    async with _reading():
        tried = await deps.letters.try_one(request.service, Selection(code=request.letter))
    if tried is None:
        raise Refused(Refusal(slug=GONE))
    log.info(
        "A dead letter is tried for an operator.",
        action="dead_letter_tried",
        to=request.service,
        which=f"id {request.letter}",
        outcome=tried.outcome,
        by=request.by,
    )
    return TrialView(
        outcome=tried.outcome,
        error_type=tried.error_type,
        error=tried.error,
        frames=tuple(tried.frames.splitlines()),
    )


async def try_letter(_request: TryLetter, context: RequestContext[Deps]) -> TrialView:
    """What came of it."""
    view: TrialView = context.prepared
    return view


async def replay_ordered(event: DeadLettersReplayOrdered, context: Context[Deps]) -> None:
    """Store the act; the worker carries it out."""
    await store.insert_act(context.tx, _act(event, "replay", ""), context.now())


async def discard_ordered(event: DeadLettersDiscardOrdered, context: Context[Deps]) -> None:
    """Store the act; the worker carries it out."""
    await store.insert_act(context.tx, _act(event, "discard", event.reason), context.now())


def _act(
    event: DeadLettersReplayOrdered | DeadLettersDiscardOrdered, act: str, reason: str
) -> OpenAct:
    return OpenAct(
        act_id=event.act_id,
        act=act,
        service=event.service,
        code=event.letter or None,
        fault=None if event.letter else event.fault,
        agent_id=event.agent_id,
        reason=reason,
        done=0,
    )
