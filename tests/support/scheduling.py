"""Which worker runs which file of tests, and in which order.

The tests of a file or group stay in one worker, and what takes longest comes first: otherwise one
worker would run alone at the end.
"""

from collections.abc import Sequence

import pytest

#: Files and folders of a group share what is expensive to start: dedicated servers, a portal with
#: all services and the browser profiles of its visitors, the rendered states of all pages. The
#: forms of the portal have portals of their own: one worker would need most of a run for all tests
#: of that folder. The first line that a path begins with counts.
GROUPS = {
    "tests/faults/": "dedicated servers",
    "tests/integration/shared/messaging/test_faults.py": "dedicated servers",
    "tests/journeys/": "journeys",
    "tests/accessibility/": "rendered pages",
    "tests/integration/gateway/test_returning_forms.py": "returning forms",
    "tests/integration/gateway/test_forms_in_chromium.py": "forms in Chromium",
    "tests/integration/gateway/": "gateway",
    "tests/integration/desk/": "desk",
}
#: Seconds of groups and files, rounded: half as much again as they keep a core busy, which is what
#: four workers need on two cores, or more where they wait; others take less than ten.
SECONDS = {
    "rendered pages": 210,
    "journeys": 205,
    "gateway": 160,
    "dedicated servers": 175,
    "forms in Chromium": 115,
    "tests/operations/test_up.py": 70,
    "desk": 65,
    "tests/security/test_dump.py": 60,
    "returning forms": 55,
    "tests/operations/test_rights.py": 45,
    "tests/operations/test_commands.py": 40,
    "tests/integration/shared/messaging/test_requests.py": 20,
    "tests/integration/shared/messaging/test_pitfalls.py": 20,
    "tests/integration/shared/runtime/test_main_loop.py": 20,
    "tests/operations/test_backup.py": 20,
    "tests/integration/mailer/test_crashes.py": 18,
    "tests/operations/test_up_errors.py": 18,
    "tests/integration/shared/messaging/test_dead_letters.py": 17,
    "tests/operations/test_checks_and_documents.py": 12,
    "tests/operations/test_partners.py": 12,
    "tests/integration/mailer/test_over_the_wire.py": 10,
}


def group_of(nodeid: str) -> str:
    """The group whose tests one worker runs; a file that is in none is its own."""
    path = nodeid.partition("::")[0]
    return next((group for prefix, group in GROUPS.items() if path.startswith(prefix)), path)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of the longest groups first; the order within a group stays."""
    return sorted(items, key=lambda item: -SECONDS.get(group_of(item.nodeid), 0))
