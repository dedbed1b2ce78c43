"""The service on a real database, phones that compute codes, and a clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyotp

from services.mfa.service import SERVICE, build
from shared.contracts.base import Event, Request
from shared.contracts.mfa.requests import (
    CheckCode,
    ConfirmEnrolment,
    DescribeEnrolment,
    DescribeFactor,
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    StartReplacementAfterDelay,
    UseRecoveryCode,
)
from shared.contracts.mfa.views import EnrolmentView, FactorView, RecoveryCodesView
from shared.database import Pool
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer
from tests.support.harness.mfa_settings import settings
from tests.support.harness.service_harness import ServiceHarness, unseal
from tests.support.servers.shared_servers import Database

ADDRESS = "pierre.durand@labo.fr"
BROWSER = "Firefox, Windows"
TABLES = ("enrolments", "authenticators", "tries", "delayed_replacements")
#: In the past; the first second of a step.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Phone:
    """An authenticator application with one key; its clock is `slow` seconds late."""

    key: str
    slow: float = 0

    def code(self, now: datetime, steps: int = 0) -> str:
        """The code it shows at `now`, or some steps away."""
        return pyotp.TOTP(self.key).at(int(now.timestamp() - self.slow), counter_offset=steps)


@dataclass
class MfaHarness(ServiceHarness):
    """The handlers of the service, and the requests of the gateway."""

    gateway: Opener | None = None

    def open_codes(self, view: RecoveryCodesView) -> list[str]:
        """The recovery codes of a view."""
        return self.open(view, "codes").split(" ")

    def open(self, view: Any, field_name: str) -> str:
        """A secret of a view, opened as the gateway would."""
        assert self.gateway is not None
        return unseal(self.gateway, view, field_name)

    def phone(self, view: EnrolmentView) -> Phone:
        """A phone that has scanned the QR code."""
        return Phone(self.open(view, "key"))

    def wrong_code(self, *phones: Phone) -> str:
        """A code that these phones show at no step near."""
        near = {phone.code(self.now, steps) for phone in phones for steps in range(-45, 46)}
        return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)

    async def account_events(self, *kinds: type[Event]) -> list[tuple[str | None, Any]]:
        """(account, event), oldest first."""
        return [(subject, event) for _, subject, event in await self.published(*kinds)]

    # Requests of the gateway.

    def check(self, account: str, code: str) -> CheckCode:
        """« Valider le code »."""
        return CheckCode(
            account_id=account, code=self.seal(CheckCode, "code", code), device=BROWSER
        )

    def start(
        self, account: str, label: str = ADDRESS, front_end: str = "gateway"
    ) -> StartEnrolment:
        """The first enrolment."""
        sealed = self._label(StartEnrolment, label)
        return StartEnrolment(account_id=account, label=sealed, front_end=front_end)

    def describe(self, account: str, enrolment: str) -> DescribeEnrolment:
        """A reload of the page."""
        kind = DescribeEnrolment
        return kind(account_id=account, enrolment_id=enrolment, label=self._label(kind))

    def restart(self, account: str, enrolment: str) -> RestartEnrolment:
        """« Recommencer »."""
        kind = RestartEnrolment
        return kind(account_id=account, enrolment_id=enrolment, label=self._label(kind))

    def confirm(self, account: str, enrolment: str, code: str) -> ConfirmEnrolment:
        """The first code of an enrolment."""
        kind = ConfirmEnrolment
        sealed = self.seal(kind, "code", code)
        return kind(account_id=account, enrolment_id=enrolment, code=sealed, device=BROWSER)

    def replace(self, account: str, code: str) -> StartReplacement:
        """A new phone, with a code of the old one."""
        kind = StartReplacement
        return kind(
            account_id=account,
            label=self._label(kind),
            code=self.seal(kind, "code", code),
            device=BROWSER,
        )

    def after_delay(self, account: str) -> StartReplacementAfterDelay:
        """« Enrôler un nouveau téléphone », with the password alone."""
        kind = StartReplacementAfterDelay
        return kind(account_id=account, label=self._label(kind))

    def recover(self, account: str, code: str) -> UseRecoveryCode:
        """A new phone, with a recovery code."""
        kind = UseRecoveryCode
        return kind(
            account_id=account,
            label=self._label(kind),
            recovery_code=self.seal(kind, "recovery_code", code),
            device=BROWSER,
        )

    def make_codes(self, account: str) -> MakeRecoveryCodes:
        """New recovery codes."""
        return MakeRecoveryCodes(account_id=account, device=BROWSER)

    # Actions of users.

    async def enrolled(self, account: str | None = None) -> tuple[str, Phone]:
        """An account with a phone, two steps later, so that its next code is unused."""
        account = account or str(uuid4())
        view = await self.ask(self.start(account))
        phone = self.phone(view)
        await self.ask(self.confirm(account, view.enrolment_id, phone.code(self.now)))
        self.advance(seconds=60)
        return account, phone

    async def factor(self, account: str) -> FactorView:
        """The second factor of the account."""
        view: FactorView = await self.ask(DescribeFactor(account_id=account))
        return view

    async def recovery_codes(self, account: str) -> list[str]:
        """Recovery codes that the user has confirmed."""
        codes = self.open_codes(await self.ask(self.make_codes(account)))
        await self.ask(KeepRecoveryCodes(account_id=account))
        return codes

    def _label(self, kind: type[Request], label: str = ADDRESS) -> Any:
        return self.seal(kind, "label", label)


OpenHarness = Callable[..., AbstractAsyncContextManager[MfaHarness]]


@asynccontextmanager
async def open_harness(
    database: Database,
    pool: Pool,
    now: datetime = START,
    *,
    keep_tables: bool = False,
    **changes: str,
) -> AsyncIterator[MfaHarness]:
    """The service on a database whose tables it empties first, unless `keep_tables`, with `changes`
    to the settings."""
    chosen = settings(IMPEX_MFA_DATABASE_URL=database.url("mfa"), **changes)
    harness = MfaHarness(
        service=SERVICE,
        pool=pool,
        now=now,
        sealer=Sealer("mfa", chosen.seal_keys),
        gateway=Opener("gateway", chosen.gateway_keys),
    )
    runtime = Runtime(pool=pool, clock=harness.clock)
    if not keep_tables:
        await harness.clear_tables(*TABLES)
    async with build(runtime, chosen) as deps:
        harness.deps = deps
        yield harness
