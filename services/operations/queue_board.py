"""The queues as the last reading found them: one reading for all who ask within two seconds.

Those of partners are measured too: nobody else looks at a queue that is not read.
"""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from services.operations.settings import OperationsSettings
from shared.contracts.operations import QueueRow, QueuesView
from shared.errors import DependencyDown, ImpexError
from shared.messaging.queue_states import QueueReader, QueueState
from shared.messaging.topology import requests_queue
from shared.runtime.metrics import gauge
from shared.runtime.service import utc_now

#: Seconds for which a reading is new enough: the page asks no more often.
NEW_SECONDS = 2.0
#: Its name in `DependencyDown`; unlike the broker's, no connection logs its outages.
MANAGEMENT = "management API"
#: The queues by which the page asks for a reading.
ASKED = (requests_queue("operations"), requests_queue("support"))
STATES = ("ready", "in_work", "waiting", "dead")
PARTNER_MESSAGES = gauge(
    "impex_partner_messages",
    "Messages in the queues of a partner: ready, taken and not acknowledged, waiting to be tried "
    "again, or dead.",
    partner="name of the partner",
    state=STATES,
)


class QueueBoard:
    """Reads the queues when somebody asks, over connections that stay open;
    a context manager."""

    def __init__(self, settings: OperationsSettings) -> None:
        vhost = unquote(urlsplit(settings.amqp_url).path[1:])
        #: Held by whoever takes messages of a queue in hand.
        self.hands = asyncio.Lock()
        self._reader = QueueReader(settings.management_url, settings.amqp_url, vhost, self.hands)
        self._reading = asyncio.Lock()
        self._read: tuple[float, QueuesView] | None = None
        self._measured: set[str] = set()

    async def read(self) -> QueuesView:
        """Every row. DependencyDown where the broker does not answer, ImpexError where it
        refuses."""
        loop = asyncio.get_running_loop()
        async with self._reading:
            if self._read is None or loop.time() - self._read[0] > NEW_SECONDS:
                moment, rows = utc_now(), await self._reader.read()
                self._read = loop.time(), _view(rows, moment)
            return self._read[1]

    async def measure(self) -> None:
        """Count what the queues of partners hold. DependencyDown where the management API does not
        answer or refuses: it is asked again, and nothing else of the service has to stop.
        """
        try:
            rows = {row.owner: row for row in await self._reader.read_partners()}
        except DependencyDown as down:
            raise DependencyDown(MANAGEMENT, down.reason) from down
        except ImpexError as refused:
            raise DependencyDown(MANAGEMENT, str(refused)) from refused
        for name, row in rows.items():
            for state in STATES:
                PARTNER_MESSAGES.labels(name, state).set(getattr(row, state))
        for name in self._measured - rows.keys():
            for state in STATES:
                PARTNER_MESSAGES.remove(name, state)
        self._measured = set(rows)

    async def __aenter__(self) -> Self:
        await self._reader.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._reader.__aexit__(kind, error, traceback)


def _only_asks(row: QueueState) -> bool:
    """Whether what moves in it may be the question that this reading answers."""
    return row.queue in ASKED and bool(row.consumers) and not row.ready


def _view(rows: list[QueueState], moment: datetime) -> QueuesView:
    return QueuesView(
        rows=tuple(
            QueueRow(
                **{name: getattr(row, name) for name in QueueState.__dataclass_fields__},
                stopped=row.is_stopped,
                kept=row.is_kept,
                at_rest=row.at_rest or _only_asks(row),
            )
            for row in rows
        ),
        read_at=moment,
    )
