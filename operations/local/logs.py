"""`impex logs`: the log lines of this installation's services, merged by time, for people.

The content of a line may come from outside: characters that a terminal would interpret are escaped,
and a field's value cannot imitate another field.
"""

import argparse
import heapq
import json
import select
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operations import service_registry
from operations.install.paths import paths
from operations.local.log_retention import former_parts
from operations.printing import escape, flush_output
from shared.errors import ConfigurationError

LAUNCHER = "launcher"
#: What operators did by commands; see `operations.operate.acts`.
OPERATOR = "operator"
POLL_SECONDS = 0.5
#: Enough of a trace id to recognise it, and for `--trace`.
TRACE_ID_LENGTH = 12
MAX_VALUE_LENGTH = 60
#: The fields that have their own place in the printed line.
PLACED = frozenset({"time", "level", "service", "action", "sentence", "trace_id", "exception"})


@dataclass(frozen=True)
class LogEntry:
    """One line of a log file; a line of another program is the `sentence` of its `fields`."""

    time: str
    service: str
    fields: dict[str, Any]


@dataclass
class LogFile:
    """One service's log file, read from where the last reading ended."""

    path: Path
    _offset: int = 0
    _time: str = field(default="", repr=False)

    def new_entries(self) -> Iterator[LogEntry]:
        """The complete lines since the last reading; none while the file does not exist."""
        try:
            log = self.path.open("rb")
        except FileNotFoundError:
            return
        with log:
            if self._offset > log.seek(0, 2):
                self._offset = 0  # the file was emptied
            log.seek(self._offset)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                entry = parse_line(line, self.path.name.partition(".")[0], self._time)
                self._time = entry.time
                yield entry


def main(options: argparse.Namespace) -> int:
    """Exit code 1 where there is no log, or no line of the trace; 2 for an unknown service."""
    trace = None if options.trace is None else _trace_id(options.trace)
    files = [LogFile(path) for path in log_paths(options.service)]
    if not options.follow and not any(file.path.exists() for file in files):
        print(f"impex: there are no logs in {paths().logs}", file=sys.stderr)
        return 1
    try:
        printed = _print_new(files, trace)
        while options.follow and _has_reader() and flush_output() is None:
            time.sleep(POLL_SECONDS)
            printed += _print_new(files, trace)
    except KeyboardInterrupt:
        print()
        return 0
    if trace is not None and not printed and not options.follow:
        print(f"impex: no line has a trace id that begins with {escape(trace)}", file=sys.stderr)
        return 1
    return 0


def log_paths(service: str | None) -> list[Path]:
    """The files to read, former parts included; ConfigurationError names an unknown service."""
    known = [*service_registry.service_names(), LAUNCHER, OPERATOR]
    if service is not None and service not in known:
        raise ConfigurationError([("SERVICE", f"must be one of {', '.join(known)}")])
    logs = [paths().logs / f"{name}.log" for name in known if service in (None, name)]
    return [path for log in logs for path in (*former_parts(log), log)]


def parse_line(line: bytes, service: str, previous_time: str) -> LogEntry:
    """A line of `service`'s log; one that is not JSON gets the time of the line before it."""
    text = line.decode(errors="backslashreplace").rstrip("\r\n")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or "sentence" not in fields:
        fields = {"sentence": text}
    return LogEntry(
        str(fields.get("time", previous_time)), str(fields.get("service") or service), fields
    )


def render_entry(entry: LogEntry) -> str:
    """Time, level, service, action, sentence and short fields; below them the traceback."""
    fields = entry.fields
    level, action = (str(fields.get(name) or "-") for name in ("level", "action"))
    head = f"{entry.time or '-':<24} {level:<8} {entry.service:<12} {action:<24}"
    line = [escape(head), escape(str(fields["sentence"]))]
    if trace := fields.get("trace_id"):
        line.append(f"trace={_short(str(trace), TRACE_ID_LENGTH)}")
    line += [
        f"{_short(name)}={_short(value)}" for name, value in fields.items() if name not in PLACED
    ]
    exception = str(fields.get("exception") or "").splitlines()
    return "\n".join([" ".join(line), *(f"    {escape(text)}" for text in exception)])


def _short(value: Any, length: int = MAX_VALUE_LENGTH) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= length else f"{text[:length]}…"
    if not cut or any(char.isspace() or char in '"=' for char in cut):
        cut = json.dumps(cut, ensure_ascii=False)
    return escape(cut)


def _trace_id(given: str) -> str:
    """A trace id as it was copied from a printed line."""
    return given.strip().removeprefix("trace=").rstrip("….").lower()


def _print_new(files: Sequence[LogFile], trace: str | None) -> int:
    """Print the new lines, those of `trace` only where it is given; how many."""
    printed = 0
    entries = heapq.merge(*(file.new_entries() for file in files), key=lambda entry: entry.time)
    for entry in entries:
        if trace is None or str(entry.fields.get("trace_id", "")).startswith(trace):
            print(render_entry(entry))
            printed += 1
    sys.stdout.flush()
    return printed


def _has_reader() -> bool:
    """Whether what standard output leads to is still open, as `| head` is not for long."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not any(event & select.POLLERR for _, event in poll.poll(0))
