"""What an act on a request has just answered, for the page that its redirect leads to.

A form is answered by a redirect, and the page there would ask for what the act's reply has said a
moment ago. The page takes it from here, once; a later page, a reload, or another process of this
service asks.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from shared.contracts.registration.views import RequestView

#: How long a browser may take to follow a redirect, on a slow line too.
FRESH = timedelta(seconds=2)
#: Requests acted on at the same time, far more than one process serves in two seconds.
MAX_ENTRIES = 1_000


class RecentRequests:
    """The states of requests that acts answered in the last two seconds, by request.

    Nothing of a person stays longer: an entry goes by itself.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def put(self, view: RequestView, now: datetime) -> None:
        """Save the reply to an act, unless it is the stored one of a form that was sent again. Of
        replies that came out of order none is saved: clocks of its owner's processes may differ.
        Needs a running loop."""
        if view.described_at is None or abs(now - view.described_at) > FRESH:
            return
        known = self._entries.get(view.request_id)
        if known is not None and view.described_at <= known.described_at:
            if view != known.view:
                known.view = None
            return
        entry = self._entries[view.request_id] = _Entry(view.described_at, view)
        self._entries.move_to_end(view.request_id)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        loop = asyncio.get_running_loop()
        loop.call_later(FRESH.total_seconds(), self._drop, view.request_id, entry)

    def pop(self, request_id: str) -> RequestView | None:
        """The state of this request, where it is known; the next call does not know it."""
        entry = self._entries.get(request_id)
        if entry is None:
            return None
        view, entry.view = entry.view, None  # its time stays: the same reply may come once more
        return view

    def _drop(self, request_id: str, entry: "_Entry") -> None:
        if self._entries.get(request_id) is entry:
            del self._entries[request_id]


@dataclass(slots=True)
class _Entry:
    """A reply of `described_at`; without its view once a page has shown it."""

    described_at: datetime
    view: RequestView | None


RECENT_REQUESTS = web.AppKey("recent_requests", RecentRequests)
