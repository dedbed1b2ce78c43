"""Which worker runs which file of tests, and in which order.

The tests of a file or group stay in one worker, and what takes longest comes first: otherwise one
worker would run alone at the end.
"""

from collections.abc import Sequence

import pytest

#: Files and folders of a group share what is expensive to start: dedicated servers, a portal with
#: all services and the browser profiles of its visitors, the rendered states of all pages.
GROUPS = {
    "tests/faults/": "dedicated servers",
    "tests/integration/shared/messaging/test_faults.py": "dedicated servers",
    "tests/journeys/": "journeys",
    "tests/accessibility/": "rendered pages",
    "tests/integration/gateway/": "gateway",
    "tests/integration/desk/": "desk",
}
#: Seconds of groups and files with four workers on two idle cores, rounded; others take less than
#: ten.
SECONDS = {
    "gateway": 205,
    "journeys": 200,
    "rendered pages": 160,
    "dedicated servers": 150,
    "desk": 50,
    "tests/operations/test_up.py": 45,
    "tests/security/test_dump.py": 40,
    "tests/integration/shared/messaging/test_pitfalls.py": 20,
    "tests/integration/shared/runtime/test_main_loop.py": 20,
    "tests/integration/mailer/test_crashes.py": 18,
    "tests/operations/test_commands.py": 12,
    "tests/integration/mailer/test_over_the_wire.py": 10,
}


def group_of(nodeid: str) -> str:
    """The group whose tests one worker runs; a file that is in none is its own."""
    path = nodeid.partition("::")[0]
    return next((group for prefix, group in GROUPS.items() if path.startswith(prefix)), path)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of the longest groups first; the order within a group stays."""
    return sorted(items, key=lambda item: -SECONDS.get(group_of(item.nodeid), 0))
