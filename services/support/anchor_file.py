"""A file of anchors, a line each: one an hour by the service, others by `impex journal anchor`."""

import fcntl
import os
from pathlib import Path

from services.support.journal_chain import Anchor, read_anchors


def append_anchor(file: Path, made: Anchor) -> None:
    """Append an anchor, on the disk; after an error the file is as before.

    A last line that was cut while it was written goes. Raises OSError, and ValueError where the
    file has something else than anchors.
    """
    line = made.line().encode() + b"\n"
    if file.exists() and not file.is_file():  # such as a pipe: it has nothing to read
        file.write_bytes(line)
        return
    with file.open("a+b", buffering=0) as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)  # service and command may append at the same moment
        lines.seek(0)
        content = lines.readall()
        read_anchors(content.decode())
        whole = content.rfind(b"\n") + 1
        try:
            if read_anchors(content[whole:].decode() + "\n"):
                line = b"\n" + line  # all of it is there but its end
                whole = len(content)
        except ValueError:
            pass
        lines.truncate(whole)
        try:
            while line:
                line = line[lines.write(line) :]
            os.fsync(lines.fileno())
        except OSError:
            lines.truncate(whole)
            raise
