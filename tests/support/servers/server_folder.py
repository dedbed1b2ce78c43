"""A place for the data of the tests' servers that no disk has to follow."""

import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
#: What the servers of one run take at most, with room for as much again.
NEEDED = 2 * 1024**3


def server_folder(prefix: str) -> Path:
    """A fresh folder in memory, or on disk where there is not enough; to be removed by the caller.

    What is written there survives the end of any process, as on a disk, but not of the machine.
    The databases' and the broker's users may pass it.
    """
    roomy = os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > NEEDED
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=SHARED_MEMORY if roomy else None))
    folder.chmod(0o755)
    return folder
