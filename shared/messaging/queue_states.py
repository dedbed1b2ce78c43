"""What waits on the broker, as an operator sees it: a row for each service, and the queues beside.

Needs the operator's broker user alone, which may read the management API. The oldest and the next
of what waits or is dead are read at the head of their queues and returned at once. The main queue
of a service is never looked into: each look would be one of the few deliveries that it allows.
Consumers are counted by the queues themselves, since the statistics of the management API are
seconds late and would show a ready service as stopped.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

import aiohttp
from aiormq.abc import AbstractChannel
from pamqp.commands import Basic

from shared.errors import DependencyDown
from shared.messaging.connection import BROKER, describe
from shared.messaging.errors import RefusedByBroker
from shared.messaging.failures import FIRST_FAILED_AT
from shared.messaging.letter_queue import open_channel
from shared.messaging.topology import (
    DISCARDED,
    RETRY_DELAYS,
    UNROUTED,
    UNROUTED_QUEUE,
    partner_queue,
    requests_queue,
)
from shared.runtime.telemetry import get_logger

log = get_logger("messaging")

#: Seconds for an answer of the management API, and for which the head of a queue is remembered.
ANSWER_SECONDS = 5
HEAD_SECONDS = 10
#: Of a time in a header: none of them leaves the range of `datetime` in a sum or another zone.
YEARS = range(2000, 3000)
#: Queues that hold what nobody consumes.
UNCONSUMED = (UNROUTED_QUEUE, UNROUTED, DISCARDED)
COLUMNS = "name,consumers,message_bytes_ready,effective_policy_definition,message_stats"


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """One row: a service with its retry queues and dead letters, or a queue of its own.

    `ready` for a consumer, `in_work` with one, `waiting` to be tried again, the next at `next_at`.
    `oldest_at` is of those that wait or are dead. Rates are per second. `full` is the share of its
    limit at which a queue drops its oldest.
    """

    queue: str
    ready: int = 0
    in_work: int = 0
    waiting: int = 0
    next_at: datetime | None = None
    dead: int = 0
    oldest_at: datetime | None = None
    in_rate: float = 0.0
    out_rate: float = 0.0
    consumers: int = 0
    full: float | None = None

    @property
    def owner(self) -> str:
        """The service or the other application that it belongs to."""
        return _owner(self.queue)

    @property
    def is_partners(self) -> bool:
        """Whether another application reads it, whenever that runs."""
        return self.queue == partner_queue(self.owner)

    @property
    def is_kept(self) -> bool:
        """Whether no process of ours is expected to consume it."""
        return self.queue in UNCONSUMED or self.is_partners

    @property
    def is_stopped(self) -> bool:
        """Whether nobody consumes it who should."""
        return not self.is_kept and not self.consumers

    @property
    def at_rest(self) -> bool:
        """Whether nothing waits, moves or is missing."""
        if self.queue == DISCARDED:
            return True
        held = self.ready or self.in_work or self.waiting or self.dead
        return not (held or self.in_rate or self.out_rate or self.is_stopped)


@dataclass(frozen=True)
class _Head:
    """The first message of a queue: when it first failed, and when it is tried again."""

    oldest_at: datetime | None
    next_at: datetime | None


class QueueReader:
    """Reads the rows again and again over the same connections; a context manager."""

    def __init__(
        self,
        management_url: str,
        amqp_url: str,
        vhost: str,
        hands: asyncio.Lock | None = None,
    ) -> None:
        """Whoever else of this process takes messages in hand holds `hands`: heads are not looked
        at meanwhile."""
        self._hands = hands or asyncio.Lock()
        parts = urlsplit(management_url)
        place = parts.netloc.rpartition("@")[2]
        self._api = urlunsplit((parts.scheme, place, "/api", "", ""))
        user, password = (unquote(one or "guest") for one in (parts.username, parts.password))
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(user, password, encoding="utf-8")
        }
        # An authority of one's own is named as in `operations.provision.broker_admin`.
        self._ca_file = dict(parse_qsl(parts.query)).get("cafile")
        self._amqp_url = amqp_url
        self._vhost = quote(vhost, safe="")
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None
        self._amqp = AsyncExitStack()
        self._channel: AbstractChannel | None = None
        self._heads: dict[str, tuple[float, int, _Head]] = {}

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=self._ca_file))
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(headers=self._headers, timeout=timeout, connector=connector)
        )
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._amqp.aclose()
        await self._stack.aclose()

    async def read(self) -> list[QueueState]:
        """Every row, in the order of the services. DependencyDown where the broker does not answer,
        RefusedByBroker where it refuses."""
        totals, found = await asyncio.gather(
            # Totals of this moment; the rest is as old as the broker's statistics.
            self._read_totals(),
            self._get(f"queues/{self._vhost}?columns={COLUMNS}"),
        )
        statistics = {one["name"]: one for one in found}
        queues = {
            # Neither the broker's own nor those of one process, which end with it.
            one["name"]: {**statistics.get(one["name"], {}), **one}
            for one in totals
            if not one["name"].startswith("amq.") and not one.get("exclusive")
        }
        heads = await self._read_heads(queues)
        return await self._with_consumers(rows_of(queues, heads))

    async def read_partners(self) -> list[QueueState]:
        """The rows of other applications, with their numbers of messages alone; fails as `read`."""
        found = await self._read_totals()
        return [row for row in rows_of({one["name"]: one for one in found}, {}) if row.is_partners]

    async def _read_totals(self) -> list[dict[str, Any]]:
        return await self._get(f"queues/{self._vhost}?disable_stats=true&enable_queue_totals=true")

    async def _get(self, path: str) -> list[dict[str, Any]]:
        assert self._session is not None, "not entered"
        try:
            async with self._session.get(f"{self._api}/{path}") as answer:
                if answer.status != 200:
                    text = (await answer.text())[:200]
                    sentence = f"the management API refused: {answer.status} {text}"
                    raise RefusedByBroker(sentence)
                found = await answer.json(content_type=None)
        except TimeoutError as error:
            reason = f"{self._api}: no answer within {ANSWER_SECONDS} s"
            raise DependencyDown(BROKER, reason) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DependencyDown(BROKER, f"{self._api}: {describe(error)}") from error
        if not isinstance(found, list):
            raise RefusedByBroker("the management API answers with what is no list of queues")
        return found

    async def _read_heads(self, queues: Mapping[str, Mapping[str, Any]]) -> dict[str, _Head]:
        now = time.monotonic()
        found: dict[str, _Head] = {}
        for name, queue in queues.items():
            count = _number(queue, "messages_ready")
            _, _, rest = name.partition(".")
            if not count or not (rest == "dead" or rest.startswith("retry.")):
                continue
            at, before, head = self._heads.get(name, (0.0, -1, _Head(None, None)))
            is_old = before != count or now - at > HEAD_SECONDS
            if is_old and not self._hands.locked():
                async with self._hands:
                    head = await self._read_head(name)
                self._heads[name] = (now, count, head)
            found[name] = head
        return found

    async def _with_consumers(self, rows: list[QueueState]) -> list[QueueState]:
        """The rows with the consumers of this moment; as the statistics have them where the broker
        does not say."""
        counted: dict[str, int] = {}
        try:
            for row in rows:
                if not row.is_kept:
                    channel = await self._opened()
                    there = await channel.queue_declare(
                        row.queue, passive=True, timeout=ANSWER_SECONDS
                    )
                    counted[row.queue] = there.consumer_count or 0
        except Exception as error:
            self._channel = None
            log.debug("Consumers are not counted.", action="not_counted", reason=describe(error))
        return [replace(row, consumers=counted.get(row.queue, row.consumers)) for row in rows]

    async def _opened(self) -> AbstractChannel:
        if self._channel is None or self._channel.is_closed:
            await self._amqp.aclose()
            self._channel = await self._amqp.enter_async_context(
                open_channel(self._amqp_url, "operator.queues")
            )
        return self._channel

    async def _read_head(self, queue: str) -> _Head:
        try:
            channel = await self._opened()
            message = await channel.basic_get(queue, timeout=ANSWER_SECONDS)
            if not isinstance(message.delivery, Basic.GetOk):
                return _Head(None, None)
            await channel.basic_nack(message.delivery_tag or 0, requeue=True)
        except DependencyDown:
            raise
        except Exception as error:
            raise DependencyDown(BROKER, describe(error)) from error
        headers = message.header.properties.headers or {}
        return head_of(queue, headers)


def head_of(queue: str, headers: Mapping[str, Any]) -> _Head:
    """What the headers of the first message of a queue say."""
    step = queue.rpartition(".")[2]
    failed_at = _moment(headers.get("failed_at"))
    delay = timedelta(milliseconds=RETRY_DELAYS.get(step, 0))
    return _Head(
        _moment(headers.get(FIRST_FAILED_AT)) or failed_at,
        failed_at + delay if failed_at and delay else None,
    )


def rows_of(
    queues: Mapping[str, Mapping[str, Any]], heads: Mapping[str, _Head]
) -> list[QueueState]:
    """The rows of what the management API lists by name, and what was read at the heads."""
    services = {name.removesuffix(".dead") for name in queues if name.endswith(".dead")}
    main = {one: one if one in queues else partner_queue(one) for one in services}
    belonging = {name for name in queues if name != main.get(_owner(name), name)}
    rows = []
    for name, queue in queues.items():
        if name in belonging and name != requests_queue(_owner(name)):
            continue
        own = [one for one in belonging if main[_owner(one)] == name]
        waiting = [one for one in own if ".retry." in one]
        read = [heads[one] for one in own if one in heads]
        statistics = queue.get("message_stats") or {}
        rows.append(
            QueueState(
                queue=name,
                ready=_number(queue, "messages_ready"),
                in_work=_number(queue, "messages_unacknowledged"),
                waiting=sum(_held(queues[one]) for one in waiting),
                next_at=min((one.next_at for one in read if one.next_at), default=None),
                dead=sum(_held(queues[one]) for one in own if _is_dead(one)),
                oldest_at=min((one.oldest_at for one in read if one.oldest_at), default=None),
                in_rate=_rate(statistics, "publish"),
                out_rate=_rate(statistics, "ack", "deliver_no_ack", "get_no_ack"),
                consumers=_number(queue, "consumers"),
                full=share_used(queue),
            )
        )
    return sorted(rows, key=lambda row: (row.is_kept, row.queue))


def share_used(queue: Mapping[str, Any]) -> float | None:
    """How much of its limit a queue uses, 0 to 1; None without a limit or statistics yet."""
    limit = (queue.get("effective_policy_definition") or {}).get("max-length-bytes")
    used = queue.get("message_bytes_ready")
    return round(used / limit, 3) if limit and used is not None else None


def totals(rows: Sequence[QueueState]) -> dict[str, int]:
    """How many are ready, waiting and dead, all together."""
    return {
        name: sum(getattr(row, name) for row in rows if not row.is_kept)
        for name in ("ready", "in_work", "waiting", "dead")
    }


def _owner(name: str) -> str:
    return name.partition(".")[0]


def _is_dead(name: str) -> bool:
    return name.endswith(".dead")


def _held(queue: Mapping[str, Any]) -> int:
    """Messages of a queue, also those that an operator is looking at."""
    return _number(queue, "messages_ready") + _number(queue, "messages_unacknowledged")


def _number(queue: Mapping[str, Any], name: str) -> int:
    value = queue.get(name)
    return value if isinstance(value, int) else 0


def _rate(statistics: Mapping[str, Any], *kinds: str) -> float:
    details = (statistics.get(f"{kind}_details") or {} for kind in kinds)
    return round(sum(float(one.get("rate") or 0) for one in details), 1)


def _moment(text: object) -> datetime | None:
    """A time of a header, which anybody may have written; None for one that would break a sum."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.year not in YEARS:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
