"""Carries out the acts on letters that were ordered on the page, one at a time.

A process that dies leaves its lease; another one then goes on with what is left. Nothing is done
twice: a letter that was sent or discarded is not in its queue any more, and of a copy that was sent
twice the inbox removes one. An act that fails every time ends with the reason.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from services.operations import store
from services.operations.letter_board import LetterBoard
from services.operations.store import OpenAct
from shared.database import transaction
from shared.errors import ConfigurationError, ImpexError
from shared.messaging.connection import describe
from shared.messaging.dead_letters import Selection, discard, replay
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger

#: Seconds between two looks for an act, and between two notes of how far one is.
PAUSE, NOTE_SECONDS = 1.0, 1.0
#: Tries of an act, a lease apart, before it is given up: about ten minutes.
MAX_TRIES = 10

log = get_logger("operations")


class LetterWorker:
    """Runs `run_due` again and again."""

    def __init__(self, runtime: Runtime, letters: LetterBoard) -> None:
        self._pool = runtime.pool
        self._clock = runtime.clock
        self._letters = letters

    async def run_due(self) -> None:
        """Carry out every act that nobody carries out."""
        while (act := await self._claim()) is not None:
            await self._carry_out(act)

    async def purge(self) -> None:
        """Delete acts that ended long ago."""
        async with transaction(self._pool) as tx:
            await store.purge(tx, self._clock())

    async def _claim(self) -> OpenAct | None:
        async with transaction(self._pool) as tx:
            return await store.claim_act(tx, self._clock())

    async def _carry_out(self, act: OpenAct) -> None:
        done = act.done

        def progress(count: int) -> None:
            nonlocal done
            done = act.done + count

        async def note() -> None:
            while True:
                await asyncio.sleep(NOTE_SECONDS)
                async with transaction(self._pool) as tx:
                    await store.advance_act(tx, act.act_id, done, self._clock())

        failure = ""
        noting = asyncio.create_task(note(), name="letter act notes")
        try:
            await self._move(act, progress)
        except (ImpexError, TimeoutError) as error:
            if act.tries < MAX_TRIES:
                raise
            failure = describe(error)
        finally:
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)
        async with transaction(self._pool) as tx:
            await store.end_act(tx, act.act_id, done, self._clock(), failure)
        self._log(act, done, failure)

    async def _move(self, act: OpenAct, progress: Callable[[int], None]) -> None:
        wanted = Selection(code=act.code, fault=act.fault)
        async with self._letters.hands() as url:
            # A service that is gone has no queue: then there is nothing left.
            with suppress(ConfigurationError):
                if act.act == "replay":
                    await replay(
                        url, act.service, wanted, replayed_by=act.agent_id, progress=progress
                    )
                else:
                    await discard(
                        url,
                        act.service,
                        wanted,
                        discarded_by=act.agent_id,
                        reason=act.reason,
                        progress=progress,
                    )

    def _log(self, act: OpenAct, count: int, failure: str) -> None:
        """The lines that `impex dead` writes, or that the act is given up."""
        which = f"id {act.code}" if act.code else f"fault {act.fault}"
        given = {"to": act.service, "count": count, "which": which, "by": act.agent_id}
        if failure:
            log.error(
                "An act on letters failed every time and is given up.",
                action="letter_act_given_up",
                error=failure,
                **given,
            )
        elif act.act == "replay":
            log.info("Dead letters were sent again.", action="dead_letters_replayed", **given)
        else:
            log.info(
                "Dead letters were discarded.",
                action="dead_letters_discarded",
                reason=act.reason,
                **given,
            )
