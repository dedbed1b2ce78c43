"""The holder of an account who wants another address."""

from dataclasses import dataclass
from typing import Any

from shared.contracts.registration.events import AddressChangeRequested
from shared.contracts.registration.holder import (
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder
from tests.support.harness.registration import PASSWORD, RegistrationHarness

NEW = "Marie.Neuve@labo.fr"
DEVICE = "Firefox, Windows"


@dataclass
class AddressChanger:
    """A holder who wants another address."""

    harness: RegistrationHarness
    holder: HarnessAccountHolder

    @classmethod
    async def of(cls, harness: RegistrationHarness, address: str = ADDRESS) -> "AddressChanger":
        return cls(harness, await HarnessAccountHolder.of(harness, address))

    def request_change(self, address: str = NEW, password: str = PASSWORD, **more: Any) -> Any:
        kind = RequestAddressChange
        sealed = self.harness.seal(kind, "password", password)
        more = {"language": "fr", "device": DEVICE, **more}
        return kind(account_id=self.holder.account_id, address=address, password=sealed, **more)

    def check_form(self, address: str = NEW, password: str = PASSWORD, **more: Any) -> Any:
        kind = JudgeAddressChange
        sealed = self.harness.seal(kind, "password", password)
        return kind(account_id=self.holder.account_id, address=address, password=sealed, **more)

    def confirm(self, code: str) -> ConfirmAddressChange:
        kind = ConfirmAddressChange
        sealed = self.harness.seal(kind, "code", code)
        return kind(account_id=self.holder.account_id, code=sealed, device=DEVICE)

    def resend(self) -> ResendAddressChange:
        return ResendAddressChange(account_id=self.holder.account_id, language="en", device=DEVICE)

    def cancel(self) -> CancelAddressChange:
        return CancelAddressChange(account_id=self.holder.account_id)

    def describe(self) -> DescribeAddressChange:
        return DescribeAddressChange(account_id=self.holder.account_id)

    async def code(self) -> str:
        return await self.holder.secret(AddressChangeRequested, "code")

    async def signs_in(self, address: str, password: str = PASSWORD) -> bool:
        sign_in = self.harness.sign_in(address, password, "203.0.113.0/24")
        return await self.harness.outcome(sign_in) == "done"
