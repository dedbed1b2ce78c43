"""Requests to the second factor. Sealed replies are opened here, for the page that shows them."""

from dataclasses import dataclass
from datetime import datetime

from services.gateway.clients.rpc import Client, RpcSender
from shared.contracts.base import Reply, Sealed
from shared.contracts.mfa.requests import (
    CheckCode,
    ConfirmEnrolment,
    DescribeEnrolment,
    DescribeFactor,
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    Noted,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
)
from shared.contracts.mfa.views import (
    CodeView,
    EnrolledView,
    EnrolmentView,
    FactorView,
    RecoveryCodesView,
)
from shared.security.sealing import Opener, Sealer, new_token, seal_context

#: The requests of this client.
CALLS = (
    DescribeFactor,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
    DescribeEnrolment,
    RestartEnrolment,
    ConfirmEnrolment,
    CheckCode,
    MakeRecoveryCodes,
    KeepRecoveryCodes,
)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """An authenticator to be enrolled; key and URI are in clear: for one page, never for a log."""

    enrolment_id: str
    key: str
    uri: str
    replaces: bool
    expires_at: datetime

    def __repr__(self) -> str:
        return f"<enrolment {self.enrolment_id}>"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodes:
    """A list of recovery codes in clear, for one page; `renewed`: one never confirmed ended."""

    codes: list[str]
    made_at: datetime
    renewed: bool = False

    def __repr__(self) -> str:
        return f"<recovery codes of {self.made_at}>"


class MfaClient(Client):
    """The second factor."""

    def __init__(self, sender: RpcSender, sealer: Sealer, opener: Opener) -> None:
        super().__init__(sender, sealer)
        self._opener = opener

    async def describe(self, account_id: str) -> FactorView:
        """What an account has."""
        return await self._ask(DescribeFactor(account_id=account_id), FactorView)

    async def start(self, account_id: str, label: str) -> Enrolment:
        """Make a key for an account without an authenticator; each call makes another one."""
        kind = StartEnrolment
        request = kind(account_id=account_id, label=self._seal(kind, "label", label))
        return self._read(await self._ask(request, EnrolmentView, new_token()))

    async def start_replacement(
        self, account_id: str, label: str, code: str, *, device: str, key: str
    ) -> Enrolment:
        """Make a key for a new phone, by a code of the old one."""
        kind = StartReplacement
        request = kind(
            account_id=account_id,
            label=self._seal(kind, "label", label),
            code=self._seal(kind, "code", code),
            device=device,
        )
        return self._read(await self._ask(request, EnrolmentView, key))

    async def use_recovery(
        self, account_id: str, label: str, code: str, *, device: str, key: str
    ) -> Enrolment:
        """Make a key for a new phone, by a recovery code."""
        kind = UseRecoveryCode
        request = kind(
            account_id=account_id,
            label=self._seal(kind, "label", label),
            recovery_code=self._seal(kind, "recovery_code", code),
            device=device,
        )
        return self._read(await self._ask(request, EnrolmentView, key))

    async def describe_enrolment(self, account_id: str, enrolment_id: str, label: str) -> Enrolment:
        """The same key again."""
        kind = DescribeEnrolment
        sealed = self._seal(kind, "label", label)
        request = kind(account_id=account_id, enrolment_id=enrolment_id, label=sealed)
        return self._read(await self._ask(request, EnrolmentView))

    async def restart(
        self, account_id: str, enrolment_id: str, label: str, *, key: str
    ) -> Enrolment:
        """Replace the key of an unfinished enrolment."""
        kind = RestartEnrolment
        sealed = self._seal(kind, "label", label)
        request = kind(account_id=account_id, enrolment_id=enrolment_id, label=sealed)
        return self._read(await self._ask(request, EnrolmentView, key))

    async def confirm(
        self, account_id: str, enrolment_id: str, code: str, *, device: str, key: str
    ) -> EnrolledView:
        """Give the first code of a new authenticator."""
        kind = ConfirmEnrolment
        request = kind(
            account_id=account_id,
            enrolment_id=enrolment_id,
            code=self._seal(kind, "code", code),
            device=device,
        )
        return await self._ask(request, EnrolledView, key)

    async def check(self, account_id: str, code: str, *, device: str, key: str) -> CodeView:
        """Check a code."""
        sealed = self._seal(CheckCode, "code", code)
        request = CheckCode(account_id=account_id, code=sealed, device=device)
        return await self._ask(request, CodeView, key)

    async def make_recovery_codes(self, account_id: str, *, device: str, key: str) -> RecoveryCodes:
        """A new list of recovery codes."""
        request = MakeRecoveryCodes(account_id=account_id, device=device)
        view = await self._ask(request, RecoveryCodesView, key)
        codes = self._open(RecoveryCodesView, "codes", view.codes).split()
        return RecoveryCodes(codes=codes, made_at=view.made_at, renewed=view.renewed)

    async def confirm_recovery_codes(self, account_id: str, made_at: datetime, *, key: str) -> None:
        """The person has the list of that moment. Raises `Refused` with `list_replaced`."""
        request = KeepRecoveryCodes(account_id=account_id, made_at=made_at)
        await self._ask(request, Noted, key)

    def _read(self, view: EnrolmentView) -> Enrolment:
        return Enrolment(
            enrolment_id=view.enrolment_id,
            key=self._open(EnrolmentView, "key", view.key),
            uri=self._open(EnrolmentView, "uri", view.uri),
            replaces=view.replaces,
            expires_at=view.expires_at,
        )

    def _open(self, reply: type[Reply], field: str, sealed: Sealed) -> str:
        return self._opener.open(sealed, seal_context(reply, field))
