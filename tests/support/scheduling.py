"""Which worker runs which file of tests, and in which order.

A file stays in one worker. Files that share an expensive installation stay together, and what takes
longest comes first: otherwise one worker would run alone at the end.
"""

from collections.abc import Sequence

import pytest

#: Folders whose files share an expensive fixture: all services on dedicated servers.
TOGETHER = ("tests/faults",)
#: Seconds on an idle machine with two cores, rounded; others take less than ten.
SECONDS = {
    "tests/faults": 200,
    "tests/accessibility/test_axe.py": 60,
    "tests/security/test_dump.py": 50,
    "tests/journeys/test_looks.py": 40,
    "tests/integration/shared/messaging/test_faults.py": 30,
    "tests/operations/test_up.py": 30,
    "tests/journeys/test_signing_in.py": 20,
    "tests/journeys/test_recovery.py": 20,
    "tests/accessibility/test_mails.py": 15,
    "tests/operations/test_bootstrap.py": 15,
    "tests/operations/test_dossiers.py": 15,
}


def group_of(nodeid: str) -> str:
    """The file or folder whose tests one worker runs."""
    path = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of the longest groups first; the order within a group stays."""
    return sorted(items, key=lambda item: -SECONDS.get(group_of(item.nodeid), 0))
