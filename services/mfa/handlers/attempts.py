"""The door that closes after wrong codes, and what is said each time.

Codes of the phone and of the sheet of paper are counted apart. While a door is closed nothing is
looked at; the account is locked meanwhile, so of fifty codes at one moment no more are looked at
than of fifty in a row (AU-03).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from structlog.stdlib import BoundLogger

from services.mfa import doors
from services.mfa.deps import Deps
from services.mfa.tries import Tries
from shared.contracts.base import Refusal
from shared.contracts.mfa import CodeCheckLocked, CodeRefused
from shared.messaging.handlers import RefusalReply, Refused, RequestContext
from shared.runtime.telemetry import get_logger

TOTP = "totp"
RECOVERY = "recovery"
#: Refusals that say how many tries are left.
COUNTED = ("wrong_code", "recovery_refused")

log = get_logger("mfa")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One code of an account that is looked at, at one moment."""

    context: RequestContext[Deps]
    account_id: str
    kind: str
    device: str
    at: datetime
    tries: Tries

    @property
    def _log(self) -> BoundLogger:
        """Whose code, on every line; the id is no secret, and the address is in no log."""
        return log.bind(account=self.account_id, kind=self.kind)

    async def forgive(self) -> None:
        """The code was right."""
        if self.tries.failures:
            await doors.forgive(self.context.tx, self.account_id, self.kind)
        self._log.info("A code was right.", action="authn_code_success")

    async def refuse(self, refusal: Refusal) -> RefusalReply:
        """The code was wrong: it is counted and said, and so is the door that closes."""
        throttle, tx = self.context.deps.settings.throttle, self.context.tx
        tries = self.tries.one_more(throttle, self.at)
        await doors.keep(tx, self.account_id, self.kind, tries, self.at)
        wait = tries.wait(throttle, self.at)
        await self._say(tries, wait)
        params = dict(refusal.params)
        if refusal.slug in COUNTED:
            params["tries_left"] = tries.left(throttle, self.at)
        return self.context.refuse(
            msgspec.structs.replace(refusal, params=params, retry_after=wait or None)
        )

    async def _say(self, tries: Tries, wait: int) -> None:
        self._log.warning("A code was wrong.", action="authn_code_fail")
        refused = CodeRefused(
            kind=self.kind, failures=tries.failures, refused_at=self.at, device=self.device
        )
        await self.context.emit(refused, subject=self.account_id)
        if wait:
            self._log.warning("Further codes have to wait.", action="authn_code_lock", wait=wait)
            locked = CodeCheckLocked(
                kind=self.kind,
                locked_at=self.at,
                locked_until=self.at + timedelta(seconds=wait),
                device=self.device,
            )
            await self.context.emit(locked, subject=self.account_id)


async def begin(context: RequestContext[Deps], account_id: str, kind: str, device: str) -> Attempt:
    """A code may be looked at; `Refused` with `too_many_codes` while the door is closed."""
    now = context.now()
    tries = await doors.read(context.tx, account_id, kind)
    wait = tries.wait(context.deps.settings.throttle, now)
    if wait:
        log.warning(
            "Codes come too fast.",
            action="excess_rate_limit_exceeded",
            account=account_id,
            limit=kind,
            wait=wait,
        )
        raise Refused(Refusal(slug="too_many_codes", retry_after=wait))
    return Attempt(
        context=context, account_id=account_id, kind=kind, device=device, at=now, tries=tries
    )
