"""Which worker runs which file of tests, and in which order.

A file stays in one worker. Files that share an expensive installation stay together, and what takes
longest comes first: otherwise one worker would run alone at the end.
"""

from collections.abc import Sequence

import pytest

#: Files and folders whose tests share an expensive fixture, the dedicated servers.
TOGETHER = ("tests/faults/", "tests/integration/shared/messaging/test_faults.py")
#: Seconds with three workers on two idle cores, rounded; others take less than fifteen.
SECONDS = {
    TOGETHER[0]: 190,
    "tests/security/test_dump.py": 70,
    "tests/accessibility/test_axe.py": 65,
    "tests/operations/test_up.py": 55,
    "tests/journeys/test_looks.py": 40,
    "tests/operations/test_commands.py": 35,
    "tests/journeys/test_steps.py": 30,
    "tests/journeys/test_recovery.py": 30,
    "tests/journeys/test_message.py": 30,
    "tests/journeys/test_signing_in.py": 28,
    "tests/integration/shared/runtime/test_main_loop.py": 26,
    "tests/journeys/test_journey.py": 25,
    "tests/journeys/test_account_looks.py": 25,
    "tests/accessibility/test_mails.py": 20,
    "tests/integration/gateway/test_failures.py": 20,
    "tests/integration/shared/messaging/test_pitfalls.py": 20,
    "tests/integration/gateway/test_session_ends.py": 18,
    "tests/journeys/test_form.py": 18,
    "tests/integration/mailer/test_crashes.py": 18,
    "tests/journeys/test_information.py": 18,
    "tests/integration/gateway/test_replays.py": 15,
}


def group_of(nodeid: str) -> str:
    """The file whose tests one worker runs; of files that stay together, the same for all."""
    path = nodeid.partition("::")[0]
    return TOGETHER[0] if path.startswith(TOGETHER) else path


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of the longest groups first; the order within a group stays."""
    return sorted(items, key=lambda item: -SECONDS.get(group_of(item.nodeid), 0))
