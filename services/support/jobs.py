"""Work in the background: a row that cannot be handled stops neither the others nor the service.

Each due row is handled in a transaction of its own, so that a killed process or a failure leaves
the others done and that one as it was; the next run tries it again.
"""

from collections.abc import Awaitable, Callable, Sequence

from shared.database import TRANSIENT_ERRORS, Connection, Pool, transaction
from shared.errors import DependencyDown
from shared.runtime.service import Runtime, Work
from shared.runtime.telemetry import get_logger

#: Rows looked for at a time.
BATCH = 100

#: Reads the keys of up to `BATCH` rows that are due, except those that were tried.
ReadDue = Callable[[Connection, Sequence[str]], Awaitable[list[str]]]
#: Locks the row of a key, judges again whether it is due, and handles it; whether it did.
Handle = Callable[[Connection, str], Awaitable[bool]]

log = get_logger("support")


def run_every(runtime: Runtime, seconds: float, name: str, work: Work) -> None:
    """Run a job at once and then every `seconds`. A run that fails is logged with its error, and
    the next one comes as if it had not."""

    async def run() -> None:
        try:
            await work()
        except TRANSIENT_ERRORS:
            raise  # the database or the broker is away: the runtime waits for it
        except Exception:
            log.exception("A job failed; it runs again.", action="job_failed", job=name)

    runtime.every(seconds, name, run)


async def handle_each(pool: Pool, name: str, read_due: ReadDue, handle: Handle) -> int:
    """Handle every row that is due, each once a run; returns how many were handled.

    One that fails is logged and left. Several processes may run at once: `handle` locks its row.
    """
    tried: list[str] = []
    handled = 0
    while True:
        async with transaction(pool) as tx:
            due = await read_due(tx, tried)
        for key in due:
            tried.append(key)
            try:
                async with transaction(pool) as tx:
                    handled += await handle(tx, key)
            except DependencyDown:
                raise  # the database is away, for every row
            except Exception:
                log.exception(
                    "A row could not be handled; the others are.",
                    action="row_failed",
                    job=name,
                    row=key,
                )
        if len(due) < BATCH:
            return handled
