"""Support requests: corrections and departures, sealed for the desk, idempotent, rate-limited.

The row and the event are one transaction. Until there is a desk the broker holds the events in the
queue `support`.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from aiohttp import web

from shared.contracts.gateway import OWNER, CorrectionRequested, DepartureReported
from shared.database import Connection, Pool, transaction
from shared.database.locks import lock_name
from shared.domain.rate_limits import Quota, widest_network
from shared.outbox import emit
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Sealer, seal_context

CORRECTION, DEPARTURE = "correction", "departure"
#: Prefixes of request numbers.
PREFIXES = {CORRECTION: "COR", DEPARTURE: "DEP"}
#: From the hash of the form, so that the same form has the same number; 50 bits.
NUMBER_CHARACTERS = 10
RETENTION = timedelta(days=1)
OF_ACCOUNT = Quota(name="desk", limit=5, window=timedelta(days=1))

FIND = "select number from support_requests where form_hash = $1"
MOMENTS = """
select submitted_at from support_requests where kind = $1 and rate_limit_key = $2 and submitted_at >
$3 order by submitted_at
"""
INSERT = """
insert into support_requests (form_hash, kind, number, account_id, rate_limit_key, submitted_at,
expires_at) values ($1, $2, $3, $4, $5, $6, $7)
"""
DELETE_EXPIRED = "delete from support_requests where expires_at <= $1"

log = get_logger("gateway")


@dataclass(frozen=True)
class SupportRequest:
    """A request: a `correction` or a `departure`; fields as the columns."""

    form_hash: bytes
    kind: str
    number: str
    account_id: str | None
    rate_limit_key: str
    submitted_at: datetime
    expires_at: datetime


class RateLimited(Exception):
    """The rate limit is reached; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"wait {wait} s")
        self.wait = wait


@dataclass(frozen=True)
class SupportRequests:
    """Each method returns the number of the request, or raises `RateLimited`.

    `key` is the form's idempotency key; `per_network` is None where networks have no limit.
    """

    pool: Pool
    clock: Callable[[], datetime]
    wake_relay: Callable[[], None]
    sealer: Sealer
    per_network: int | None

    async def request_correction(self, account_id: str, about: str, text: str, *, key: str) -> str:
        """The holder wants something corrected: `about` is `person`, `establishment` or `other`."""
        kind = CorrectionRequested
        support_request = self._support_request(CORRECTION, key, account_id, account_id)
        event = kind(
            request_id=support_request.number,
            about=about,
            text=self.sealer.seal(text, seal_context(kind, "text")),
            requested_at=support_request.submitted_at,
        )
        return await self._submit(support_request, OF_ACCOUNT, event)

    async def report_departure(
        self, account_id: str | None, details: Mapping[str, str], *, network: str, key: str
    ) -> str:
        """The holder of the account leaves the establishment; without an account, somebody reports
        that a colleague leaves, and none of it is verified.
        """
        kind, quota = DepartureReported, OF_ACCOUNT if account_id else self._of_network()
        counted = account_id or widest_network(network)
        support_request = self._support_request(DEPARTURE, key, account_id, counted)
        document = json.dumps(dict(details), ensure_ascii=False)
        event = kind(
            request_id=support_request.number,
            by="holder" if account_id else "colleague",
            details=self.sealer.seal(document, seal_context(kind, "details")),
            network=network,
            reported_at=support_request.submitted_at,
        )
        return await self._submit(support_request, quota, event)

    async def purge(self) -> None:
        """Delete expired rows."""
        async with transaction(self.pool) as tx:
            await tx.execute(DELETE_EXPIRED, self.clock())

    def _support_request(
        self, kind: str, key: str, account_id: str | None, rate_limit_key: str
    ) -> SupportRequest:
        form_hash, now = hashlib.sha256(key.encode()).digest(), self.clock()
        letters = base64.b32encode(form_hash).decode()[:NUMBER_CHARACTERS]
        half = NUMBER_CHARACTERS // 2
        number = f"{PREFIXES[kind]}-{letters[:half]}-{letters[half:]}"
        return SupportRequest(
            form_hash, kind, number, account_id, rate_limit_key, now, now + RETENTION
        )

    def _of_network(self) -> Quota | None:
        if self.per_network is None:
            return None
        return Quota(name="departures", limit=self.per_network, window=timedelta(hours=1))

    async def _submit(
        self,
        support_request: SupportRequest,
        quota: Quota | None,
        event: CorrectionRequested | DepartureReported,
    ) -> str:
        async with transaction(self.pool) as tx:
            await lock_name(tx, f"desk/{support_request.kind}/{support_request.rate_limit_key}")
            number: str | None = await tx.fetchval(FIND, support_request.form_hash)
            if number is not None:
                return number
            if quota is not None:
                await _enforce_quota(tx, support_request, quota)
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
            action=f"{support_request.kind}_told",
            account=support_request.account_id,
            number=support_request.number,
        )
        return support_request.number


SUPPORT_REQUESTS = web.AppKey("support_requests", SupportRequests)


async def _enforce_quota(tx: Connection, support_request: SupportRequest, quota: Quota) -> None:
    since = support_request.submitted_at - quota.window
    rows = await tx.fetch(MOMENTS, support_request.kind, support_request.rate_limit_key, since)
    wait = quota.wait([row["submitted_at"] for row in rows], support_request.submitted_at)
    if wait:
        log.warning(
            "Support requests are rate-limited.",
            action="excess_rate_limit_exceeded",
            limit=quota.name,
            wait=wait,
        )
        raise RateLimited(wait)
