"""Attempts at a code: the throttle, and what is published and logged about each.

TOTP codes and recovery codes are throttled separately. While codes are locked none is checked. The
account is locked in the database during an attempt, so fifty concurrent codes are throttled like
fifty in a row (AU-03).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from structlog.typing import FilteringBoundLogger

from services.mfa import failed_code_store, store
from services.mfa.deps import Deps
from services.mfa.enrolments import NOT_ENROLLED, Authenticator
from services.mfa.failed_codes import FailedCodes
from shared.contracts.base import Refusal
from shared.contracts.mfa.events import OWNER, CodeCheckLocked, CodeRefused
from shared.messaging.handlers import RefusalReply, Refused, RequestContext
from shared.runtime.sign_in_metrics import CODES, LOCKOUTS
from shared.runtime.telemetry import get_logger

TOTP = "totp"
RECOVERY = "recovery"
SLUGS_WITH_TRIES_LEFT = ("wrong_code", "recovery_refused")

log = get_logger("mfa")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One code of an account, checked at one moment."""

    context: RequestContext[Deps]
    account_id: str
    kind: str
    device: str
    checked_at: datetime
    failed: FailedCodes

    @property
    def _log(self) -> FilteringBoundLogger:
        """Names the account by its id, which is no secret; no log has the e-mail address."""
        return log.bind(account=self.account_id, kind=self.kind)

    async def succeed(self) -> None:
        """The code was right: reset the growing wait."""
        if self.failed.failures:
            await failed_code_store.clear_failures(self.context.tx, self.account_id, self.kind)
        CODES.labels(OWNER, self.kind, "right").inc()
        self._log.info("A code was right.", action="authn_code_success")

    async def fail(self, refusal: Refusal) -> RefusalReply:
        """The code was wrong: count it and publish it, and the lock that may follow."""
        throttle, tx = self.context.deps.settings.throttle, self.context.tx
        failed = self.failed.with_failure(throttle, self.checked_at)
        await failed_code_store.save(tx, self.account_id, self.kind, failed, self.checked_at)
        wait = failed.wait(throttle, self.checked_at)
        await self._report_failure(failed, wait)
        params = dict(refusal.params)
        if refusal.slug in SLUGS_WITH_TRIES_LEFT:
            params["tries_left"] = failed.attempts_left(throttle, self.checked_at)
        return self.context.refuse(
            msgspec.structs.replace(refusal, params=params, retry_after=wait or None)
        )

    async def _report_failure(self, failed: FailedCodes, wait: int) -> None:
        CODES.labels(OWNER, self.kind, "wrong").inc()
        self._log.warning("A code was wrong.", action="authn_code_fail")
        refused = CodeRefused(
            kind=self.kind, failures=failed.failures, refused_at=self.checked_at, device=self.device
        )
        await self.context.emit(refused, subject=self.account_id)
        if wait:
            LOCKOUTS.labels(OWNER, self.kind).inc()
            self._log.warning("Codes are locked.", action="authn_code_lock", wait=wait)
            locked = CodeCheckLocked(
                kind=self.kind,
                locked_at=self.checked_at,
                locked_until=self.checked_at + timedelta(seconds=wait),
                device=self.device,
            )
            await self.context.emit(locked, subject=self.account_id)


async def lock_authenticator(context: RequestContext[Deps], account_id: str) -> Authenticator:
    """Lock the account and return its authenticator. Raises `Refused` if it has none."""
    await store.lock_account(context.tx, account_id)
    authenticator = await store.read(context.tx, account_id)
    if authenticator is None:
        raise Refused(NOT_ENROLLED)
    return authenticator


async def start(context: RequestContext[Deps], account_id: str, kind: str, device: str) -> Attempt:
    """Start an attempt. Raises `Refused` with `too_many_codes` while codes are locked."""
    now = context.now()
    failed = await failed_code_store.read(context.tx, account_id, kind)
    wait = failed.wait(context.deps.settings.throttle, now)
    if wait:
        CODES.labels(OWNER, kind, "throttled").inc()
        log.warning(
            "A code came while codes are locked.",
            action="excess_rate_limit_exceeded",
            account=account_id,
            limit=kind,
            wait=wait,
        )
        raise Refused(Refusal(slug="too_many_codes", retry_after=wait))
    return Attempt(
        context=context,
        account_id=account_id,
        kind=kind,
        device=device,
        checked_at=now,
        failed=failed,
    )
