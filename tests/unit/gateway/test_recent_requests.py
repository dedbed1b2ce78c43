"""What an act answered, for the page that it leads to."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.portal import recent_requests
from services.gateway.portal.recent_requests import FRESH, MAX_ENTRIES, RecentRequests
from shared.contracts.registration.views import MailView, RequestView

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


def test_a_state_is_given_once() -> None:
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
def test_a_stored_reply_is_not_saved(at: datetime | None, saved: bool) -> None:
    recent = RecentRequests()
    recent.put(_view(at=at), NOON)
    assert (recent.pop("1") is not None) == saved


def test_a_redirect_that_is_followed_late_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 1_000.0
    monkeypatch.setattr(recent_requests.time, "monotonic", lambda: seconds)
    recent = RecentRequests()
    recent.put(_view(), NOON)
    seconds += FRESH.total_seconds() + 0.1
    assert recent.pop("1") is None


def test_a_reply_that_a_page_has_shown_is_not_shown_again() -> None:
    """The form was sent again within two seconds: its reply is the stored one."""
    recent, view = RecentRequests(), _view()
    recent.put(view, NOON)
    assert recent.pop("1") == view
    recent.put(view, NOON + SECOND)
    assert recent.pop("1") is None
    recent.put(_view(at=NOON + SECOND), NOON + SECOND)
    assert recent.pop("1") is not None


def test_of_replies_out_of_order_none_is_shown() -> None:
    """Which is the later, only their owner knows: the page asks."""
    recent = RecentRequests()
    recent.put(_view(at=NOON + SECOND), NOON + SECOND)
    recent.put(_view(at=NOON), NOON + SECOND)
    assert recent.pop("1") is None


def test_a_double_click_is_shown_once() -> None:
    recent, view = RecentRequests(), _view()
    recent.put(view, NOON)
    recent.put(view, NOON)
    assert recent.pop("1") == view
    assert recent.pop("1") is None


def test_nothing_of_a_person_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody followed the redirect; whatever comes next drops what is known of them."""
    seconds = 1_000.0
    monkeypatch.setattr(recent_requests.time, "monotonic", lambda: seconds)
    recent, view = RecentRequests(), _view()
    free = sys.getrefcount(view)
    recent.put(view, NOON)
    assert sys.getrefcount(view) > free
    seconds += FRESH.total_seconds() + 0.1
    assert recent.pop("2") is None
    assert sys.getrefcount(view) == free


def test_few_are_saved_and_the_oldest_goes_first() -> None:
    recent = RecentRequests()
    for number in range(MAX_ENTRIES + 1):
        recent.put(_view(str(number)), NOON)
    assert recent.pop("0") is None
    assert recent.pop("1") is not None
    assert recent.pop(str(MAX_ENTRIES)) is not None
