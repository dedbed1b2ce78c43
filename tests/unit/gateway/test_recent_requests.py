"""What an act answered, for the page that it leads to."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.portal import recent_requests
from services.gateway.portal.recent_requests import FRESH, MAX_ENTRIES, RecentRequests
from shared.contracts.registration.views import MailView, RequestView
from tests.support import eventually

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _view(request_id: str = "1", at: datetime | None = NOON) -> RequestView:
    return RequestView(
        request_id=request_id,
        due="validation",
        address="a@example.fr",
        language="fr",
        code_sent_at=NOON,
        expires_at=NOON,
        resend_at=NOON,
        resends_left=1,
        tries_left=1,
        mail=MailView(state="waiting"),
        described_at=at,
    )


async def test_a_state_is_given_once() -> None:
    recent, view = RecentRequests(), _view()
    recent.put(view, NOON + SECOND)
    assert recent.pop("2") is None
    assert recent.pop("1") == view
    assert recent.pop("1") is None


@pytest.mark.parametrize(
    ("at", "saved"),
    [
        (NOON - FRESH, True),
        (NOON - FRESH - SECOND, False),
        (NOON + SECOND, True),  # the clock of its owner is ahead
        (NOON + FRESH + SECOND, False),
        (None, False),
    ],
)
async def test_a_stored_reply_is_not_saved(at: datetime | None, saved: bool) -> None:
    recent = RecentRequests()
    recent.put(_view(at=at), NOON)
    assert (recent.pop("1") is not None) == saved


async def test_a_reply_that_a_page_has_shown_is_not_shown_again() -> None:
    """The form was sent again within two seconds: its reply is the stored one."""
    recent, view = RecentRequests(), _view()
    recent.put(view, NOON)
    assert recent.pop("1") == view
    recent.put(view, NOON + SECOND)
    assert recent.pop("1") is None
    recent.put(_view(at=NOON + SECOND), NOON + SECOND)
    assert recent.pop("1") is not None


async def test_of_replies_out_of_order_none_is_shown() -> None:
    """Which is the later, only their owner knows: the page asks."""
    recent = RecentRequests()
    recent.put(_view(at=NOON + SECOND), NOON + SECOND)
    recent.put(_view(at=NOON), NOON + SECOND)
    assert recent.pop("1") is None


async def test_a_double_click_is_shown_once() -> None:
    recent, view = RecentRequests(), _view()
    recent.put(view, NOON)
    recent.put(view, NOON)
    assert recent.pop("1") == view
    assert recent.pop("1") is None


async def test_nothing_of_a_person_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody followed the redirect, and nothing comes next."""
    monkeypatch.setattr(recent_requests, "FRESH", timedelta(seconds=0.01))
    recent, view = RecentRequests(), _view()
    free = sys.getrefcount(view)
    recent.put(view, NOON)
    assert sys.getrefcount(view) > free
    await eventually(lambda: sys.getrefcount(view) == free)
    assert recent.pop("1") is None


async def test_a_later_state_stays_when_the_former_one_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recent, former, later = RecentRequests(), _view(), _view(at=NOON + SECOND)
    held = sys.getrefcount(former)
    with monkeypatch.context() as patch:
        patch.setattr(recent_requests, "FRESH", timedelta(seconds=0.01))
        recent.put(former, NOON)
    recent.put(later, NOON + SECOND)
    await eventually(lambda: sys.getrefcount(former) == held)
    assert recent.pop("1") == later


async def test_few_are_saved_and_the_oldest_goes_first() -> None:
    recent = RecentRequests()
    for number in range(MAX_ENTRIES + 1):
        recent.put(_view(str(number)), NOON)
    assert recent.pop("0") is None
    assert recent.pop("1") is not None
    assert recent.pop(str(MAX_ENTRIES)) is not None
