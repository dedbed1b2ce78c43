"""The log of this process during one test; logging is restored afterwards."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator

import structlog

from shared.runtime.telemetry import configure_logging


@contextlib.contextmanager
def written_log(level: str = "info") -> Iterator[io.StringIO]:
    """What the process logs in the meantime."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, before = root.handlers[:], root.level
    written = io.StringIO()
    configure_logging(level, written)
    try:
        yield written
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        structlog.configure(**config)


def whose(written: io.StringIO) -> dict[str, set[str | None]]:
    """The accounts that the lines of each action name; None for a line without an account."""
    found: dict[str, set[str | None]] = {}
    for line in written.getvalue().splitlines():
        entry = json.loads(line)
        found.setdefault(entry.get("action", ""), set()).add(entry.get("account"))
    return found
