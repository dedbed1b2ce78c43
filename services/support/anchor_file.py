"""A file of anchors, a line each: one an hour by the service, others by `impex journal anchor`."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from services.support.journal_chain import Anchor, read_anchors

#: What a line begins with, also one that was cut.
START = b'{"anchored_at": "'
#: Seconds that another process may hold the file.
LOCK_SECONDS = 5.0
LOCK_PAUSE = 0.05


def check_appendable(content: bytes) -> int:
    """How many bytes of a file stay when an anchor is appended: all but a last line that was cut.

    ValueError where it is a file of something else.
    """
    whole = content.rfind(b"\n") + 1
    lines = [line for line in content[:whole].splitlines() if line.strip(b"\0 \t")]
    tail = content[whole:].strip(b"\0 \t\r")
    if lines and not any(map(_is_anchor, reversed(lines))):
        raise ValueError("no line is an anchor")
    if _is_anchor(tail):
        return len(content)  # all of the line is there but its end
    if tail[: len(START)] != START[: len(tail)]:
        raise ValueError("the last line is no anchor")
    return whole


def append_anchor(file: Path, made: Anchor) -> None:
    """Append an anchor, on the disk; after an error the file is as before.

    Takes up to five seconds where another process holds the file. Raises OSError, and ValueError as
    `check_appendable`.
    """
    line = made.line().encode() + b"\n"
    if file.exists() and not file.is_file():  # such as a pipe: it has nothing to read
        file.write_bytes(line)
        return
    with file.open("a+b", buffering=0) as lines:
        _lock(lines.fileno())
        lines.seek(0)
        content = lines.readall()
        stays = check_appendable(content)
        if stays < len(content):
            lines.truncate(stays)
        if content[:stays] and content[stays - 1 : stays] != b"\n":
            line = b"\n" + line
        try:
            while line:
                line = line[lines.write(line) :]
            os.fsync(lines.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                lines.truncate(stays)
            raise


def _is_anchor(line: bytes) -> bool:
    try:
        return bool(read_anchors(line.decode() + "\n"))
    except ValueError:
        return False


def _lock(descriptor: int) -> None:
    """Keep service and command from appending at the same moment, where the disk has locks."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(LOCK_PAUSE)
        except OSError:
            return
        else:
            return
