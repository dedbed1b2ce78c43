"""What the handlers of operations work with."""

from dataclasses import dataclass

from services.operations.letter_board import LetterBoard
from services.operations.queue_board import QueueBoard


@dataclass(frozen=True, kw_only=True)
class Deps:
    """The broker as operators see it."""

    queues: QueueBoard
    letters: LetterBoard
