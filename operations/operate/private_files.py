"""New files of operators' commands: nobody else reads them, and none takes the place of another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def is_taken(path: Path) -> bool:
    """Whether something is there already, be it a link to nothing."""
    return path.exists() or path.is_symlink()


@contextmanager
def new_private_file(path: Path, *, encoding: str) -> Iterator[TextIO]:
    """A new file of mode 0600 for lines of CSV, on the disk when the block ends; after an error it
    is not there. Raises OSError where it cannot be written or is taken.
    """
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "w", encoding=encoding, newline="") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
