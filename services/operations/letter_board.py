"""The letters by fault, as the last reading found them, and one at a time who holds them.

A reading takes every letter of a queue in hand for a moment: a second one would find none. So all
that this process does with letters is done one after the other, and the page shows the last
reading while the next one runs.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from services.operations.queue_board import QueueBoard
from shared.contracts.operations import QueueRow
from shared.errors import ConfigurationError, DependencyDown, ImpexError
from shared.messaging.connection import BROKER, describe
from shared.messaging.dead_letters import (
    MAX_LISTED,
    DeadLetter,
    LetterContent,
    Place,
    Selection,
    find_letter,
    read_letters,
    try_replay,
)
from shared.messaging.errors import RefusedByBroker
from shared.messaging.letter_groups import LetterGroup, LetterTally
from shared.messaging.topology import DISCARDED, UNROUTED_QUEUE
from shared.messaging.trials import Trial
from shared.runtime.service import utc_now
from shared.runtime.telemetry import get_logger

#: Seconds within which an answer is due; a longer reading is shown by the next one.
ANSWER_SECONDS = 1.2
#: Seconds after which letters are read again although their number is the same.
NEW_SECONDS = 30.0
TRIAL_SECONDS = 1.2
#: Faults of a place that are kept, each with one letter.
MAX_FAULTS = 1_000

log = get_logger("operations")


class Busy(ImpexError):
    """The letters are in other hands for the moment."""


@dataclass(frozen=True)
class Reading:
    """What a reading found, and when; `counts` are of the queues then. `cut`: more letters are
    there than were read."""

    groups: tuple[LetterGroup, ...]
    cut: bool
    read_at: datetime
    moment: float
    counts: tuple[tuple[str, int], ...]


class LetterBoard:
    """Letters of every place; at `close` a reading that runs is stopped."""

    def __init__(self, amqp_url: str, queues: QueueBoard) -> None:
        self._amqp_url = amqp_url
        self._queues = queues
        self._hands = queues.hands
        self._read: dict[Place, Reading] = {}
        self._readings: dict[Place, asyncio.Task[None]] = {}

    async def read(self, place: Place) -> Reading | None:
        """The letters of a place; None while the first reading runs. DependencyDown where the
        broker does not answer."""
        rows = (await self._queues.read()).rows
        counts = tuple((row.queue, _count(row, place)) for row in rows if _count(row, place))
        known = self._read.get(place)
        loop = asyncio.get_running_loop()
        old = known is None or loop.time() - known.moment > NEW_SECONDS
        if (old or known is None or known.counts != counts) and place not in self._readings:
            reading = asyncio.create_task(self._read_now(place, counts), name=f"letters {place}")
            self._readings[place] = reading
            reading.add_done_callback(lambda task: self._ended(place, task))
        if running := self._readings.get(place):
            # Shielded: whoever asks next gets what this one began.
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(running), ANSWER_SECONDS)
        return self._read.get(place)

    def _ended(self, place: Place, reading: "asyncio.Task[None]") -> None:
        self._readings.pop(place, None)
        if not reading.cancelled() and (error := reading.exception()):
            log.warning("Letters could not be read.", action="letters_unread", reason=str(error))

    async def _read_now(self, place: Place, counts: tuple[tuple[str, int], ...]) -> None:
        shared = place in ("unrouted", "discarded")
        total = sum(count for _, count in counts)
        # The fewest first: what they leave of their share is for a service with a flood.
        places = [("", total)] if shared else sorted(counts, key=itemgetter(1))
        tally, left = LetterTally(MAX_FAULTS), MAX_LISTED
        async with self._held():
            for number, (service, count) in enumerate(places):
                share = left // (len(places) - number)
                tally.cut = tally.cut or count > share
                with suppress(ConfigurationError):  # the queue is gone
                    left -= await read_letters(
                        self._amqp_url, service, place, tally.add, limit=share
                    )
        now = asyncio.get_running_loop().time()
        self._read[place] = Reading(tuple(tally.groups()), tally.cut, utc_now(), now, counts)

    async def find(
        self, service: str, wanted: Selection, place: Place
    ) -> tuple[DeadLetter, LetterContent] | None:
        """The oldest letter of a selection, None where there is none; Busy where that takes too
        long."""
        async with _in_time(ANSWER_SECONDS), self._held():
            with suppress(ConfigurationError):
                return await find_letter(self._amqp_url, service, wanted, place)
        return None

    async def try_one(self, service: str, wanted: Selection) -> Trial | None:
        """Have a service try a dead letter."""
        async with _in_time(2 * ANSWER_SECONDS), self._held():
            with suppress(ConfigurationError):
                return await try_replay(self._amqp_url, service, wanted, seconds=TRIAL_SECONDS)
        return None

    @asynccontextmanager
    async def hands(self) -> AsyncIterator[str]:
        """The broker's address, for as long as an act holds the letters; what was read is old
        then."""
        async with self._held():
            try:
                yield self._amqp_url
            finally:
                self._read.clear()

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        async with self._hands:
            try:
                yield
            except RefusedByBroker as refused:
                raise DependencyDown(BROKER, str(refused)) from refused
            except (ImpexError, asyncio.CancelledError, TimeoutError):
                raise
            except Exception as error:
                raise DependencyDown(BROKER, describe(error)) from error

    def counted(self, place: Place, fault: str) -> int:
        """How many letters of a fault the last reading found."""
        known = self._read.get(place)
        groups = known.groups if known else ()
        return next((one.count for one in groups if one.fault == fault), 0)

    async def close(self) -> None:
        """Stop what runs."""
        running = list(self._readings.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Busy from error


def _count(row: QueueRow, place: Place) -> int:
    match place:
        case "dead":
            return row.dead
        case "retry":
            return row.waiting
        case "unrouted":
            return row.ready if row.queue == UNROUTED_QUEUE else 0
        case "discarded":
            return row.ready if row.queue == DISCARDED else 0
