"""The folder that all workers of a test run share, and what one of them finds out for all."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

#: The variable that names it, after the number of the run's main process.
RUN_FOLDER = "IMPEX_TEST_RUN"
#: The variable that names a folder of results for several runs of the same code, if there is one.
RESULTS = "IMPEX_TEST_RESULTS"


def current_run() -> tuple[int, Path]:
    """The main process of this run, and its folder."""
    run, _, folder = os.environ[RUN_FOLDER].partition(":")
    return int(run), Path(folder)


def results_folder() -> Path:
    """What is found out once is kept here, for this run or for several runs of the same code."""
    return Path(os.environ.get(RESULTS) or current_run()[1])


def once_per_run(name: str, find_out: Callable[[], list[str]]) -> list[str]:
    """What the first worker that asks finds out; others wait for it and read it.

    `impex test` keeps it from the collection of all tests to their run: four workers would wait.
    """
    folder = results_folder()
    found = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            found.write_text(json.dumps(find_out()))
    return [str(one) for one in json.loads(found.read_text())]
