"""What people tell the desk: corrections and departures, sealed for it, told once and bounded.

The event and the row that makes it one are one transaction. Nobody hears these events before there
is a desk: the broker keeps them for it in the queue `support`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from services.gateway.features.support_requests import support_request_store as store
from services.gateway.features.support_requests.support_request_store import Word
from shared.contracts.gateway import OWNER, CorrectionRequested, DepartureReported
from shared.database import Connection, Pool, transaction
from shared.domain.rate_limits import Quota
from shared.outbox import emit
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Sealer, seal_context

CORRECTION, DEPARTURE = "correction", "departure"
#: What the numbers that pages show begin with.
PREFIXES = {CORRECTION: "COR", DEPARTURE: "DEP"}
#: Of the form's hash, so that telling it again shows the same number; 50 bits.
NUMBER_CHARACTERS = 10
KEPT = timedelta(days=1)

log = get_logger("gateway")


class TooMuch(Exception):
    """So much was told already; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"wait {wait} s")
        self.wait = wait


class Desk:
    """The desk, told. Each method returns the number of the request, or raises `TooMuch`.

    `key` is the form's idempotency key; `per_network` is None where networks are not counted.
    """

    def __init__(
        self,
        pool: Pool,
        clock: Callable[[], datetime],
        wake_relay: Callable[[], None],
        sealer: Sealer,
        per_network: int | None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._wake_relay = wake_relay
        self._sealer = sealer
        self._of_account = Quota(name="desk", limit=5, window=timedelta(days=1))
        self._of_network = (
            None
            if per_network is None
            else Quota(name="departures", limit=per_network, window=timedelta(hours=1))
        )

    async def ask_correction(self, account_id: str, about: str, text: str, *, key: str) -> str:
        """The holder wants something corrected: `about` is `person`, `establishment` or `other`."""
        kind = CorrectionRequested
        word = self._word(CORRECTION, key, account_id, account_id)
        event = kind(
            request_id=word.number,
            about=about,
            text=self._sealer.seal(text, seal_context(kind, "text")),
            requested_at=word.told_at,
        )
        return await self._tell(word, self._of_account, event)

    async def tell_departure(
        self, account_id: str, details: Mapping[str, str], *, network: str, key: str
    ) -> str:
        """The holder leaves the establishment."""
        word = self._word(DEPARTURE, key, account_id, account_id)
        event = self._departure(word, "holder", details, network)
        return await self._tell(word, self._of_account, event)

    async def report_departure(self, details: Mapping[str, str], *, network: str, key: str) -> str:
        """Somebody says that a colleague leaves; nothing of it is proved."""
        word = self._word(DEPARTURE, key, None, network)
        event = self._departure(word, "colleague", details, network)
        return await self._tell(word, self._of_network, event)

    async def purge(self) -> None:
        """Forget what no limit looks at any more."""
        async with transaction(self._pool) as tx:
            await store.forget(tx, self._clock())

    def _word(self, kind: str, key: str, account_id: str | None, counted_under: str) -> Word:
        form_hash, now = hashlib.sha256(key.encode()).digest(), self._clock()
        letters = base64.b32encode(form_hash).decode()[:NUMBER_CHARACTERS]
        half = NUMBER_CHARACTERS // 2
        number = f"{PREFIXES[kind]}-{letters[:half]}-{letters[half:]}"
        return Word(form_hash, kind, number, account_id, counted_under, now, now + KEPT)

    def _departure(
        self, word: Word, by: str, details: Mapping[str, str], network: str
    ) -> DepartureReported:
        kind = DepartureReported
        document = json.dumps(dict(details), ensure_ascii=False)
        return kind(
            request_id=word.number,
            by=by,
            details=self._sealer.seal(document, seal_context(kind, "details")),
            network=network,
            reported_at=word.told_at,
        )

    async def _tell(
        self, word: Word, quota: Quota | None, event: CorrectionRequested | DepartureReported
    ) -> str:
        async with transaction(self._pool) as tx:
            await store.lock(tx, word.kind, word.counted_under)
            told = await store.find(tx, word.form_hash)
            if told is not None:
                return told
            if quota is not None:
                await _bound(tx, word, quota)
            await store.insert(tx, word)
            await emit(tx, OWNER, event, subject=word.account_id, now=word.told_at)
        self._wake_relay()
        log.info(
            "The desk was told something.",
            action=f"{word.kind}_told",
            account=word.account_id,
            number=word.number,
        )
        return word.number


async def _bound(tx: Connection, word: Word, quota: Quota) -> None:
    since = word.told_at - quota.window
    seen = await store.moments(tx, word.kind, word.counted_under, since)
    wait = quota.wait(seen, word.told_at)
    if wait:
        log.warning(
            "The desk is told too much.",
            action="excess_rate_limit_exceeded",
            limit=quota.name,
            wait=wait,
        )
        raise TooMuch(wait)
