"""What an operator does by a command: who, a line in the log, and an entry of the journal.

Under `impex up` the line is in `operator.log`, which `impex logs` shows; elsewhere it goes to
standard error, as a service's lines do.
"""

import getpass
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from operations.install.paths import paths
from operations.local.logs import OPERATOR
from operations.local.state import read_running_state
from operations.operate.endpoints import as_service, configured_or_running
from services.support.journal import Journal
from services.support.journal_commands import COMMAND
from services.support.service import SERVICE
from shared.database import Connection
from shared.errors import ConfigurationError
from shared.runtime.service import utc_now
from shared.runtime.telemetry import configure_logging, get_logger
from shared.security.sealing import KeyRing

T = TypeVar("T")
KEYS = "IMPEX_JOURNAL_KEYS"
MAX_REASON = 200


def who() -> str:
    """The user of this machine who runs the command."""
    return getpass.getuser()


def reason(text: str | None) -> str:
    """Why an operator does it; ConfigurationError where that is not said, or too long."""
    if not text:
        raise ConfigurationError([("--reason", "is required: say why")])
    if len(text) > MAX_REASON:
        raise ConfigurationError([("--reason", f"must be at most {MAX_REASON} characters")])
    return text


@contextmanager
def _operator_log() -> Iterator[None]:
    """Where the lines of a command go."""
    where = paths()
    if read_running_state(where) is None:
        configure_logging("info")
        yield
        return
    path = where.logs / f"{OPERATOR}.log"
    path.touch(0o600)
    with path.open("a", encoding="utf-8") as file:
        configure_logging("info", file)
        yield


def log_act(action: str, sentence: str, **fields: Any) -> None:
    """Write one line about what was done."""
    with _operator_log():
        get_logger(OPERATOR).info(sentence, action=action, by=who(), **fields)


def on_journal(work: Callable[[Connection, Journal], Awaitable[T]]) -> T:
    """Do `work` as support, with the journal's keys."""
    try:
        keys = KeyRing.parse(configured_or_running(KEYS))
    except ValueError as error:
        raise ConfigurationError([(KEYS, str(error))]) from None
    with _operator_log():
        return as_service(SERVICE.name, lambda connection: work(connection, Journal(keys=keys)))


def record(what: str, *, account_id: str | None = None, **fields: Any) -> None:
    """Write to the journal what this command is about to do; nothing is done where that fails."""

    async def write(connection: Connection, journal: Journal) -> None:
        async with connection.transaction():
            await journal.record(
                connection,
                what,
                now=utc_now(),
                account_id=account_id,
                role=COMMAND,
                **fields,
            )

    on_journal(write)
