"""The second factor on a real database, a phone that computes codes, and a clock to move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyotp

from services.mfa.service import SERVICE, build
from shared.contracts import mfa as words
from shared.contracts.base import Event, Request
from shared.database import open_pool
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer
from tests.support.harness.mfa_settings import settings
from tests.support.harness.service_harness import ServiceHarness, unseal
from tests.support.servers.shared_servers import Database

ADDRESS = "pierre.durand@labo.fr"
BROWSER = "Firefox, Windows"
TABLES = ("enrolments", "authenticators", "tries")
#: A day in the past, so that no test waits for it; the first second of a step.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Phone:
    """An application with one key, whose clock is off by `slow` seconds."""

    key: str
    slow: float = 0

    def code(self, now: datetime, steps: int = 0) -> str:
        """The code it shows at `now`, or some steps from it."""
        return pyotp.TOTP(self.key).at(int(now.timestamp() - self.slow), counter_offset=steps)


@dataclass
class MfaHarness(ServiceHarness):
    """Somebody at the gateway's side of the second factor."""

    gateway: Opener | None = None

    def codes_view(self, view: words.RecoveryCodesView) -> list[str]:
        """The recovery codes of a new list."""
        return self.open(view, "codes").split(" ")

    def open(self, view: Any, field_name: str) -> str:
        """A secret that the gateway shows."""
        assert self.gateway is not None
        return unseal(self.gateway, view, field_name)

    def phone(self, view: words.EnrolmentView) -> Phone:
        """A phone that has scanned the picture."""
        return Phone(self.open(view, "key"))

    def wrong(self, *phones: Phone) -> str:
        """A code that these phones show at no time near."""
        near = {phone.code(self.now, steps) for phone in phones for steps in range(-45, 46)}
        return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)

    async def account_events(self, *kinds: type[Event]) -> list[tuple[str | None, Any]]:
        """(account, event), oldest first."""
        return [(subject, event) for _, subject, event in await self.published(*kinds)]

    # What the gateway asks.

    def check(self, account: str, code: str) -> words.CheckCode:
        """« Valider le code »."""
        return words.CheckCode(
            account_id=account, code=self.seal(words.CheckCode, "code", code), device=BROWSER
        )

    def start(self, account: str, label: str = ADDRESS) -> words.StartEnrolment:
        """The first enrolment."""
        return words.StartEnrolment(
            account_id=account, label=self._label(words.StartEnrolment, label)
        )

    def describe(self, account: str, enrolment: str) -> words.DescribeEnrolment:
        """The page loaded again."""
        kind = words.DescribeEnrolment
        return kind(account_id=account, enrolment_id=enrolment, label=self._label(kind))

    def restart(self, account: str, enrolment: str) -> words.RestartEnrolment:
        """« Recommencer »."""
        kind = words.RestartEnrolment
        return kind(account_id=account, enrolment_id=enrolment, label=self._label(kind))

    def confirm(self, account: str, enrolment: str, code: str) -> words.ConfirmEnrolment:
        """The first code."""
        kind = words.ConfirmEnrolment
        sealed = self.seal(kind, "code", code)
        return kind(account_id=account, enrolment_id=enrolment, code=sealed, device=BROWSER)

    def replace(self, account: str, code: str) -> words.StartReplacement:
        """A new phone, by a code of the old one."""
        kind = words.StartReplacement
        return kind(
            account_id=account,
            label=self._label(kind),
            code=self.seal(kind, "code", code),
            device=BROWSER,
        )

    def recover(self, account: str, code: str) -> words.UseRecoveryCode:
        """A new phone, by a recovery code."""
        kind = words.UseRecoveryCode
        return kind(
            account_id=account,
            label=self._label(kind),
            recovery_code=self.seal(kind, "recovery_code", code),
            device=BROWSER,
        )

    def make_codes(self, account: str) -> words.MakeRecoveryCodes:
        """A new list of recovery codes."""
        return words.MakeRecoveryCodes(account_id=account, device=BROWSER)

    # What people do.

    async def enrolled(self, account: str | None = None) -> tuple[str, Phone]:
        """An account with a phone; two steps later, so that its next code is a fresh one."""
        account = account or str(uuid4())
        view = await self.ask(self.start(account))
        phone = self.phone(view)
        await self.ask(self.confirm(account, view.enrolment_id, phone.code(self.now)))
        self.advance(seconds=60)
        return account, phone

    async def factor(self, account: str) -> words.FactorView:
        """What the account has."""
        view: words.FactorView = await self.ask(words.DescribeFactor(account_id=account))
        return view

    async def recovery_codes(self, account: str) -> list[str]:
        """A list of recovery codes that is kept."""
        codes = self.codes_view(await self.ask(self.make_codes(account)))
        await self.ask(words.KeepRecoveryCodes(account_id=account))
        return codes

    def _label(self, kind: type[Request], label: str = ADDRESS) -> Any:
        return self.seal(kind, "label", label)


OpenHarness = Callable[..., AbstractAsyncContextManager[MfaHarness]]


@asynccontextmanager
async def open_harness(
    database: Database, now: datetime = START, *, keep: bool = False, **more: str
) -> AsyncIterator[MfaHarness]:
    """A second factor on a database whose tables it empties first, unless they are to be kept;
    `more` are settings."""
    chosen = settings(IMPEX_MFA_DATABASE_URL=database.url("mfa"), **more)
    pool = await open_pool(chosen.database_url, "mfa", "tests", 10)
    harness = MfaHarness(
        service=SERVICE,
        pool=pool,
        now=now,
        sealer=Sealer("mfa", chosen.seal_keys),
        gateway=Opener("gateway", chosen.gateway_keys),
    )
    house = Runtime(name="mfa", settings=chosen, pool=pool, clock=harness.clock)
    try:
        if not keep:
            await harness.clear_tables(*TABLES)
        async with build(house, chosen) as deps:
            harness.deps = deps
            yield harness
    finally:
        await pool.close()
