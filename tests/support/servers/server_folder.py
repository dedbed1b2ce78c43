"""A folder in memory for the data of the tests' servers."""

import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
#: What the servers of one run need at most, doubled.
NEEDED = 2 * 1024**3


def server_folder(prefix: str) -> Path:
    """A fresh folder in memory, or on disk where there is not enough; to be removed by the caller.

    Its data survives the end of any process, as on a disk, but not a reboot. The databases' and the
    broker's users may pass it.
    """
    roomy = os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > NEEDED
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=SHARED_MEMORY if roomy else None))
    folder.chmod(0o755)
    return folder
