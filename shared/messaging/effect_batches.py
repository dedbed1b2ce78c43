"""Effects that wait at the same time, applied together: one transaction and one round trip.

A batch is whatever came while the one before it was at the database, so nothing waits for others to
come. Where one effect of a batch fails, each is applied alone, and only that one fails.
"""

import asyncio
from contextvars import Context, copy_context
from dataclasses import dataclass, field

from shared.database import Pool, acquire
from shared.errors import DependencyDown
from shared.messaging.handlers import SqlEffect
from shared.outbox import apply_all, apply_once


@dataclass(frozen=True)
class _Waiting:
    """A message's effect, the context of its handler, and what will come of it."""

    message_id: str
    effect: SqlEffect
    context: Context
    applied: asyncio.Future[bool | None]


@dataclass
class _Line:
    """Effects with the same statement, and the batch of them that is at the database."""

    waiting: list[_Waiting] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class EffectBatches:
    """Applies the effects of the messages that `consumer` hears."""

    def __init__(self, pool: Pool, consumer: str) -> None:
        self._pool = pool
        self._consumer = consumer
        self._lines: dict[tuple[str, tuple[str, ...], str], _Line] = {}
        self._alone: set[asyncio.Task[None]] = set()

    async def apply(self, message_id: str, effect: SqlEffect) -> bool | None:
        """As `apply_once`, together with others of the same statement that wait by then."""
        line = self._lines.setdefault((effect.sql, effect.then, effect.unless), _Line())
        applied: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        line.waiting.append(_Waiting(message_id, effect, copy_context(), applied))
        if line.task is None:
            self._start(line)
        return await applied

    def _start(self, line: _Line) -> None:
        """Begin with all that wait; those that come meanwhile are the next batch."""
        # Batches of other processes lock the same rows, in the same order.
        batch = sorted(_still_waiting(line.waiting), key=lambda one: one.effect.row)
        line.waiting = []
        if not batch:
            return
        # Its statement is in the trace of its first message.
        line.task = asyncio.create_task(self._apply(batch), context=batch[0].context)
        line.task.add_done_callback(lambda _task: self._ended(line))

    def _ended(self, line: _Line) -> None:
        line.task = None
        self._start(line)

    async def _apply(self, batch: list[_Waiting]) -> None:
        effects = [(one.message_id, one.effect) for one in batch]
        try:
            async with acquire(self._pool) as connection:
                if len(effects) == 1:
                    results = [await apply_once(connection, self._consumer, *effects[0])]
                else:
                    results = await apply_all(connection, self._consumer, effects)
        except DependencyDown as down:
            for one in batch:
                _fail(one, DependencyDown(down.name, down.reason))
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0], error)
            else:
                self._apply_alone(batch)
        else:
            for one, result in zip(batch, results, strict=True):
                if not one.applied.done():
                    one.applied.set_result(result)

    def _apply_alone(self, batch: list[_Waiting]) -> None:
        """Each in the trace of its own message; the next batch does not wait for them."""
        for one in _still_waiting(batch):
            task = asyncio.create_task(self._apply([one]), context=one.context)
            self._alone.add(task)
            task.add_done_callback(self._alone.discard)


def _still_waiting(waiting: list[_Waiting]) -> list[_Waiting]:
    """Without those whose handler was cut, as all are when the loop closes: their messages come
    again."""
    return [one for one in waiting if not one.applied.done()]


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.applied.done():
        one.applied.set_exception(error)
