"""`impex reset`: delete the data of the private servers, after asking."""

import argparse
import shutil
import sys

from operations.install.paths import paths
from operations.local.state import stop_orphans, take_lock
from operations.printing import note, say


def main(options: argparse.Namespace) -> int:
    """Exit code 0 done, 1 refused (something runs, or the answer was not yes)."""
    where = paths()
    data = (where.inside, where.outside, where.secrets, where.logs)
    folders = [folder for folder in data if folder.exists()]
    if not where.home.exists() or not folders:
        say("There is nothing to delete.")
        return 0
    lock = take_lock(where)
    if lock is None:
        say("IMPEXWEB runs from this folder; stop it first (Ctrl-C where it was started).")
        return 1
    with lock:
        say("This deletes every account, mail, message, key and log of this machine's try-out:")
        for folder in folders:
            say(f"  {folder}")
        if not options.yes and not _agreed():
            say("Nothing was deleted.")
            return 1
        stop_orphans(where, note)
        for folder in folders:
            shutil.rmtree(folder)
    say("Deleted. The next `make up` starts with nothing.")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        say("There is nobody to ask; `impex reset --yes` does not ask.")
        return False
    return input("Type yes to delete it: ").strip().lower() == "yes"
