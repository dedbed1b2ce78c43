"""A lost phone without an agent: when what happens. Pure.

    waiting → open → done          waiting, open → stopped

Who confirmed with mailbox and password waits. All addresses are told at the start, in the middle
and at the end, each time with a link that stops it; then the password enrols another phone.
"""

from datetime import datetime, timedelta
from typing import Literal

from services.support.lost_phones import LostPhone

#: How long the enrolment stays open.
OPEN_TIME = timedelta(days=7)
#: The clock runs every few seconds: so much later is on time.
ON_TIME = timedelta(minutes=1)
#: Whoever could not object while the service was away may do so for a while afterwards.
LATE = timedelta(hours=1)

Step = Literal["", "remind", "open", "postpone", "end"]


def is_alone(case: LostPhone) -> bool:
    """Whether it waits without an agent, or is open, and nothing has ended it."""
    return case.alone_since is not None and case.stopped_at is None and case.resumed_at is None


def next_step(case: LostPhone, now: datetime) -> Step:
    """What is due now. The end never comes without the notice in the middle."""
    since, due_at = case.alone_since, case.alone_due_at
    if not is_alone(case) or since is None or due_at is None:
        return ""
    if case.open_until is not None:
        return "end" if case.open_until <= now else ""
    if case.reminded_at is None:
        return "remind" if since + (due_at - since) / 2 <= now else ""
    if now < due_at:
        return ""
    return "open" if now <= due_at + LATE else "postpone"


def due_after_reminder(case: LostPhone, now: datetime) -> datetime:
    """When it opens after a notice in the middle that goes out now: half of the delay is left, also
    where that notice is late."""
    assert case.alone_since is not None
    assert case.alone_due_at is not None
    half = (case.alone_due_at - case.alone_since) / 2
    is_late = now > case.alone_since + half + ON_TIME
    return now + half if is_late else case.alone_due_at
