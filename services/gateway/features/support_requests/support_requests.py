"""Support requests: corrections, departures, messages, dead mailboxes. Sealed for the desk,
idempotent, rate-limited.

The row and the event are one transaction. The page shows the number and the promised day of the
event, which support hears as soon as it runs.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from aiohttp import web

from shared.contracts.base import Event, Sealed
from shared.contracts.gateway import (
    OWNER,
    CorrectionRequested,
    DepartureReported,
    MailboxReported,
    MessageWritten,
)
from shared.database import Connection, Pool, transaction
from shared.database.locks import lock_name
from shared.domain.rate_limits import Quota, widest_network
from shared.domain.support_requests import request_number
from shared.outbox import emit
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Sealer, seal_context

CORRECTION, DEPARTURE, MESSAGE, MAILBOX = "correction", "departure", "message", "mailbox"
RETENTION = timedelta(days=1)
OF_ACCOUNT = Quota(name="desk", limit=5, window=timedelta(days=1))
#: Whoever types an address makes us write to it: all kinds together.
OF_ADDRESS = Quota(name="desk_address", limit=5, window=timedelta(days=1))

FIND = "select number, submitted_at from support_requests where form_hash = $1"
MOMENTS = """
select submitted_at from support_requests where kind = $1 and rate_limit_key = $2 and submitted_at >
$3 order by submitted_at
"""
MOMENTS_OF_ADDRESS = """
select submitted_at from support_requests where address_hash = $1 and submitted_at > $2
order by submitted_at
"""
INSERT = """
insert into support_requests (form_hash, kind, number, account_id, rate_limit_key, address_hash,
submitted_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
DELETE_EXPIRED = "delete from support_requests where expires_at <= $1"

log = get_logger("gateway")


@dataclass(frozen=True)
class SupportRequest:
    """A request of one of the kinds above; fields as the columns.

    `address_hash` is of the address that was typed by somebody without an account.
    """

    form_hash: bytes
    kind: str
    number: str
    account_id: str | None
    rate_limit_key: str
    address_hash: bytes | None
    submitted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """What the page shows: the number of a request and the day by which it is answered."""

    number: str
    answer_by: date


class Promises(Protocol):
    """By when requests are answered: the settings."""

    def answer_by(self, kind: str, received_at: datetime) -> date: ...


class RateLimited(Exception):
    """The rate limit `limit` is reached; `wait` is in seconds."""

    def __init__(self, wait: int, limit: str) -> None:
        super().__init__(f"wait {wait} s")
        self.wait = wait
        self.limit = limit


@dataclass(frozen=True)
class SupportRequests:
    """Each method returns number and day of the request, or raises `RateLimited`.

    `key` is the form's idempotency key; `per_network` has the limits of those who are not signed
    in, by kind, empty where networks have no limit.
    """

    pool: Pool
    clock: Callable[[], datetime]
    wake_relay: Callable[[], None]
    sealer: Sealer
    promises: Promises
    per_network: Mapping[str, int]

    async def request_correction(
        self, account_id: str, about: str, text: str, *, key: str
    ) -> Submitted:
        """The holder wants something corrected: `about` is `person`, `establishment` or `other`."""
        kind = CorrectionRequested
        support_request = self._support_request(CORRECTION, key, account_id, account_id)
        event = kind(
            request_id=support_request.number,
            about=about,
            text=self.sealer.seal(text, seal_context(kind, "text")),
            requested_at=support_request.submitted_at,
            answer_by=self._answer_by(support_request),
        )
        return await self._submit(support_request, event)

    async def report_departure(
        self,
        account_id: str | None,
        details: Mapping[str, str],
        *,
        network: str,
        language: str,
        key: str,
    ) -> Submitted:
        """The holder of the account leaves the establishment; without an account, somebody reports
        that a colleague leaves, and none of it is verified.
        """
        kind = DepartureReported
        address = details.get("reporter_address", "")
        support_request = self._support_request(DEPARTURE, key, account_id, network, address)
        event = kind(
            request_id=support_request.number,
            by="holder" if account_id else "colleague",
            details=self._seal_fields(kind, details),
            network=network,
            reported_at=support_request.submitted_at,
            answer_by=self._answer_by(support_request),
            language=language,
        )
        return await self._submit(support_request, event)

    async def write_message(
        self,
        account_id: str | None,
        details: Mapping[str, str],
        *,
        network: str,
        language: str,
        key: str,
    ) -> Submitted:
        """Somebody writes to the desk; without an account, name and address are not verified."""
        kind = MessageWritten
        address = details.get("address", "")
        support_request = self._support_request(MESSAGE, key, account_id, network, address)
        event = kind(
            request_id=support_request.number,
            details=self._seal_fields(kind, details),
            network=network,
            language=language,
            answer_by=self._answer_by(support_request),
            written_at=support_request.submitted_at,
        )
        return await self._submit(support_request, event)

    async def report_mailbox(
        self,
        account_id: str | None,
        details: Mapping[str, str],
        *,
        network: str,
        language: str,
        key: str,
    ) -> Submitted:
        """Emails do not arrive at the address of an account; without one, nothing is verified."""
        kind = MailboxReported
        address = details.get("address", "")
        support_request = self._support_request(MAILBOX, key, account_id, network, address)
        event = kind(
            request_id=support_request.number,
            details=self._seal_fields(kind, details),
            network=network,
            language=language,
            answer_by=self._answer_by(support_request),
            reported_at=support_request.submitted_at,
        )
        return await self._submit(support_request, event)

    async def purge(self) -> None:
        """Delete expired rows."""
        async with transaction(self.pool) as tx:
            await tx.execute(DELETE_EXPIRED, self.clock())

    def _support_request(
        self, kind: str, key: str, account_id: str | None, network: str, address: str = ""
    ) -> SupportRequest:
        now = self.clock()
        return SupportRequest(
            form_hash=hashlib.sha256(key.encode()).digest(),
            kind=kind,
            number=request_number(kind, key.encode()),
            account_id=account_id,
            rate_limit_key=account_id or widest_network(network),
            address_hash=None if account_id else _address_hash(address),
            submitted_at=now,
            expires_at=now + RETENTION,
        )

    def _answer_by(self, support_request: SupportRequest) -> str:
        promised = self.promises.answer_by(support_request.kind, support_request.submitted_at)
        return promised.isoformat()

    def _seal_fields(
        self,
        kind: type[DepartureReported] | type[MessageWritten] | type[MailboxReported],
        details: Mapping[str, str],
    ) -> Sealed:
        document = json.dumps(dict(details), ensure_ascii=False)
        return self.sealer.seal(document, seal_context(kind, "details"))

    def _quota(self, support_request: SupportRequest) -> Quota | None:
        if support_request.account_id:
            return OF_ACCOUNT
        limit = self.per_network.get(support_request.kind)
        if limit is None:
            return None
        return Quota(name=support_request.kind, limit=limit, window=timedelta(hours=1))

    async def _submit(self, support_request: SupportRequest, event: Event) -> Submitted:
        kind, address_hash = support_request.kind, support_request.address_hash
        async with transaction(self.pool) as tx:
            if address_hash is not None:
                await lock_name(tx, f"desk/{address_hash.hex()}")
            await lock_name(tx, f"desk/{kind}/{support_request.rate_limit_key}")
            row = await tx.fetchrow(FIND, support_request.form_hash)
            if row is not None:
                return Submitted(
                    number=row["number"],
                    answer_by=self.promises.answer_by(kind, row["submitted_at"]),
                )
            await _enforce_quotas(tx, support_request, self._quota(support_request))
            await tx.execute(INSERT, *astuple(support_request))
            await emit(
                tx,
                OWNER,
                event,
                subject=support_request.account_id,
                now=support_request.submitted_at,
            )
        self.wake_relay()
        log.info(
            "A support request was submitted.",
            action=f"{kind}_told",
            account=support_request.account_id,
            number=support_request.number,
        )
        return Submitted(
            number=support_request.number,
            answer_by=self.promises.answer_by(kind, support_request.submitted_at),
        )


SUPPORT_REQUESTS = web.AppKey("support_requests", SupportRequests)


async def _enforce_quotas(
    tx: Connection, support_request: SupportRequest, quota: Quota | None
) -> None:
    now, waits = support_request.submitted_at, {}
    if quota is not None:
        key = support_request.rate_limit_key
        rows = await tx.fetch(MOMENTS, support_request.kind, key, now - quota.window)
        waits[quota.name] = quota.wait([row["submitted_at"] for row in rows], now)
    if support_request.address_hash is not None:
        since = now - OF_ADDRESS.window
        rows = await tx.fetch(MOMENTS_OF_ADDRESS, support_request.address_hash, since)
        waits[OF_ADDRESS.name] = OF_ADDRESS.wait([row["submitted_at"] for row in rows], now)
    name = max(waits, key=lambda one: waits[one], default="")
    if name and waits[name]:
        log.warning(
            "Support requests are rate-limited.",
            action="excess_rate_limit_exceeded",
            limit=name,
            wait=waits[name],
        )
        raise RateLimited(waits[name], name)


def _address_hash(address: str) -> bytes | None:
    """What an address that nobody has verified is counted under; the address itself is sealed."""
    folded = address.strip().casefold()
    return hashlib.sha256(folded.encode()).digest() if folded else None
