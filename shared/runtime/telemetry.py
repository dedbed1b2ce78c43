"""The log of one process.

A log line is one JSON object on standard error: a sentence for people, an `action` for programs,
and the context it was logged in. Addresses are masked and secrets dropped as the last step,
whatever the caller wrote.
"""

import contextlib
import io
import json
import logging
import re
import socket
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from shared.runtime.tracing import TRACEPARENT


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of one part of the system: `log.info("A sentence.", action="what_happened")`."""
    logger: FilteringBoundLogger = structlog.get_logger(source=name)
    return logger


_context: ContextVar[Mapping[str, str]] = ContextVar("impex_log_context", default={})  # noqa: B039


class log_context:
    """Add `fields` (service, trace_id, message_id, request_ref…) to every line logged inside.

    Not around a `yield`: it is undone in the context that it was set in.
    """

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: str | None) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        given = {name: value for name, value in self._fields.items() if value}
        self._token = _context.set({**_context.get(), **given})

    def __exit__(self, *_: object) -> None:
        _context.reset(self._token)


def trace_id(traceparent: str | None) -> str | None:
    """The trace id of a W3C traceparent header, or None if it is not one."""
    found = TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else None


#: An address, its local part perhaps quoted, its sign perhaps encoded for a URL.
ADDRESS = re.compile(
    r"""("[^"\n]{1,254}"|[^\s@<>"(),:;\[\]\\=/|&?]{1,254})(@|%40)([^\s@<>"'(),:;\[\]\\/|&?]{1,255})"""
)
URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@", re.IGNORECASE)
#: 43 characters of base64url are a token of ours, wherever they stand.
TOKEN_LENGTH = 43
TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])=?")
QUERY_SECRET = re.compile(r"\b((?:jeton|token|code|password|csrf|key)=)[^&\s\"']+", re.IGNORECASE)
#: PostgreSQL shows the whole row, or the value, that it refused: until the error's next part.
ROW_SHOWN = re.compile(
    r"\bDETAIL:.*?(?=\n(?:HINT:|CONTEXT:|\nDuring handling|\nThe above exception)|\Z)", re.DOTALL
)
SECRET_KEY = re.compile(
    r"password|passwd|passphrase|secret|token|cookie|csrf|(^|_)(code|codes|link|links|box)($|_)"
    r"|authorization|pepper|^keys?$|^(first|last)_?name$",
    re.IGNORECASE,
)
#: Names that hold such a word and no secret.
PLAIN_KEYS = frozenset({"smtp_code", "status_code", "error_code", "key_id", "exit_code"})
DROPPED = "[dropped]"
#: A string longer than this is cut: a log is not a store.
MAX_TEXT = 4_000
HOST = socket.gethostname()
#: What is beyond this is not even looked at.
READ = 20_000


def mask_text(text: str) -> str:
    """A text without addresses, tokens, passwords in URLs, or rows that the database refused."""
    if len(text) < TOKEN_LENGTH and not (
        "@" in text or "=" in text or "%40" in text or "DETAIL:" in text
    ):
        return text  # nothing below can be in it; most values of a line are such
    text = text[:READ]
    if "DETAIL:" in text:
        text = ROW_SHOWN.sub(f"DETAIL: {DROPPED}", text)
    text = URL_PASSWORD.sub(r"\1***@", text)
    text = QUERY_SECRET.sub(r"\1***", text)
    text = TOKEN.sub("***", text)
    if "@" in text or "%40" in text:
        text = ADDRESS.sub(_mask_found, text)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _mask_found(found: re.Match[str]) -> str:
    # `mailer.publish@host` is the name of a connection.
    if found[3] == HOST and "." not in HOST:
        return found[0]
    return f"{found[1][:1]}***@{found[3]}"


def _masked(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < 6 and isinstance(value, Mapping):
        return _masked_fields(value, depth + 1)
    if depth < 6 and isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    return mask_text(value if isinstance(value, str) else str(value))


def _masked_fields(fields: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
    return {
        mask_text(str(key)): DROPPED if _is_secret(str(key)) else _masked(value, depth)
        for key, value in fields.items()
    }


@lru_cache(maxsize=1_000)
def _is_secret(key: str) -> bool:
    return key.lower() not in PLAIN_KEYS and SECRET_KEY.search(key) is not None


def mask_event(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The last step before rendering: nothing personal or secret goes further (LG-02)."""
    return _masked_fields(event)


def _add_source(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {**event, "source": event["_record"].name}


def _add_time(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": now, **event}


def _render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    # JSON escapes every control character, so one event is one line (LG-04).
    with contextlib.suppress(UnicodeEncodeError):  # half a character
        line = _encoder.encode(event)
        if line.isascii():
            return line.decode()
    # U+2028 and its like end a line for some readers; `ensure_ascii` escapes them.
    return json.dumps(event, default=str, separators=(",", ":"))


def _add_context(_logger: object, _method: str, line: EventDict) -> EventDict:
    return {**_context.get(), **line}


_encoder = msgspec.json.Encoder(enc_hook=str)


_STEPS: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    _add_context,
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("sentence"),
    _add_time,
]


class _LogStream(io.TextIOBase):
    """A stream for log lines: one that cannot be written, as on a full disk, stops nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _standard_error(*_args: Any) -> structlog.WriteLogger:
    """Where lines go until `configure_logging` is called: a command, a test, an early failure."""
    return structlog.WriteLogger(sys.stderr)


structlog.configure(
    processors=[*_STEPS, mask_event, _render],
    logger_factory=_standard_error,
    wrapper_class=structlog.make_filtering_bound_logger("debug"),
    cache_logger_on_first_use=False,
)


def configure_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of the process, libraries' included, to `stream` (standard error)."""
    stream = stream or sys.stderr
    structlog.configure(
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _LogStream(stream))),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_add_source, *_STEPS],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_event,
                _render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy, least in LIBRARIES.items():
        logging.getLogger(noisy).setLevel(least)


#: The lowest level of libraries' lines that is written. `shared.messaging` and
#: `shared.database` log lost and restored connections themselves, in one line.
LIBRARIES = {
    "aiormq": logging.ERROR,
    "aiormq.connection": logging.CRITICAL,
    "aio_pika": logging.ERROR,
    "asyncio": logging.WARNING,
    "asyncpg": logging.ERROR,
    "aiohttp.access": logging.WARNING,
    "opentelemetry": logging.CRITICAL,
    "urllib3": logging.CRITICAL,
}
