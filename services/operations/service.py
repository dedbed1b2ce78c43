"""The operations service as data: the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.operations import handlers
from services.operations.deps import Deps
from services.operations.letter_board import LetterBoard
from services.operations.letter_worker import PAUSE, LetterWorker
from services.operations.queue_board import QueueBoard
from services.operations.settings import OperationsSettings
from shared.contracts.operations import ListLetters, ReadQueues, ShowLetter, TryLetter
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.operations import DeadLettersDiscardOrdered, DeadLettersReplayOrdered
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings

PURGE_SECONDS = 3600
MEASURE_SECONDS = 15


@asynccontextmanager
async def build(runtime: Runtime, settings: OperationsSettings) -> AsyncIterator[Deps]:
    """Connections of their own to the broker and its management API, and the worker."""
    async with QueueBoard(settings) as queues:
        letters = LetterBoard(settings.amqp_url, queues)
        worker = LetterWorker(runtime, letters)
        runtime.every(PAUSE, "letter acts", worker.run_due)
        runtime.every(MEASURE_SECONDS, "partners", queues.measure)
        runtime.every(PURGE_SECONDS, "purge", worker.purge)
        try:
            yield Deps(queues=queues, letters=letters)
        finally:
            await letters.close()


SERVICE = Service(
    name="operations",
    settings=OperationsSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears(DeadLettersReplayOrdered, handlers.replay_ordered),
        hears(DeadLettersDiscardOrdered, handlers.discard_ordered),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["operations"], describe_settings),
        answers(ReadQueues, handlers.read_queues, handlers.find_queues),
        answers(ListLetters, handlers.list_letters, handlers.find_letters),
        answers(ShowLetter, handlers.show_letter, handlers.find_letter),
        answers(TryLetter, handlers.try_letter, handlers.run_trial),
    ),
    moves_letters=True,
)
