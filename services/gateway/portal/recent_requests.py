"""What an act on a request has just answered, for the page that its redirect leads to.

A form is answered by a redirect, and the page there would ask for what the act's reply has said a
moment ago. The page takes it from here, once; a later page, a reload, or another process of this
service asks.
"""

import time
from collections import OrderedDict
from datetime import datetime, timedelta

from aiohttp import web

from shared.contracts.registration.views import RequestView

#: How long a browser may take to follow a redirect, on a slow line too.
FRESH = timedelta(seconds=2)
#: Requests whose pages nobody opened, such as after a lost connection.
MAX_ENTRIES = 1_000


class RecentRequests:
    """The states of requests that acts answered in the last two seconds, by request."""

    def __init__(self) -> None:
        self._views: OrderedDict[str, tuple[float, RequestView]] = OrderedDict()

    def put(self, view: RequestView, now: datetime) -> None:
        """Save the reply to an act, unless it is the stored one of a form that was sent again."""
        if view.described_at is None or abs(now - view.described_at) > FRESH:
            return
        self._views[view.request_id] = (time.monotonic(), view)
        self._views.move_to_end(view.request_id)
        while len(self._views) > MAX_ENTRIES:
            self._views.popitem(last=False)

    def pop(self, request_id: str) -> RequestView | None:
        """The state of this request, where it is known; the next call does not know it."""
        kept_at, view = self._views.pop(request_id, (0.0, None))
        return view if time.monotonic() - kept_at <= FRESH.total_seconds() else None


RECENT_REQUESTS = web.AppKey("recent_requests", RecentRequests)
