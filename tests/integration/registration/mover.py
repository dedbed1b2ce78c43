"""The holder of an account who wants another address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.contracts import registration as contracts
from tests.integration.registration.holder import ADDRESS, Holder
from tests.integration.registration.room import PASSWORD, Room

NEW = "Marie.Neuve@labo.fr"
DEVICE = "Firefox, Windows"


@dataclass
class Mover:
    """A holder who wants another address."""

    room: Room
    holder: Holder

    @classmethod
    async def of(cls, room: Room, address: str = ADDRESS) -> Mover:
        return cls(room, await Holder.of(room, address))

    def wish(self, address: str = NEW, password: str = PASSWORD, **more: Any) -> Any:
        kind = contracts.RequestAddressChange
        sealed = self.room.seal(kind, "password", password)
        more = {"language": "fr", "device": DEVICE, **more}
        return kind(account_id=self.holder.account_id, address=address, password=sealed, **more)

    def judge(self, address: str = NEW, password: str = PASSWORD, **more: Any) -> Any:
        kind = contracts.JudgeAddressChange
        sealed = self.room.seal(kind, "password", password)
        return kind(account_id=self.holder.account_id, address=address, password=sealed, **more)

    def give(self, code: str) -> contracts.ConfirmAddressChange:
        kind = contracts.ConfirmAddressChange
        sealed = self.room.seal(kind, "code", code)
        return kind(account_id=self.holder.account_id, code=sealed, device=DEVICE)

    def again(self) -> contracts.ResendAddressChange:
        return contracts.ResendAddressChange(
            account_id=self.holder.account_id, language="en", device=DEVICE
        )

    def cancel(self) -> contracts.CancelAddressChange:
        return contracts.CancelAddressChange(account_id=self.holder.account_id)

    def look(self) -> contracts.DescribeAddressChange:
        return contracts.DescribeAddressChange(account_id=self.holder.account_id)

    async def code(self) -> str:
        return await self.holder.secret(contracts.AddressChangeRequested, "code")

    async def signs_in(self, address: str, password: str = PASSWORD) -> bool:
        sign_in = self.room.sign_in(address, password, "203.0.113.0/24")
        return await self.room.outcome(sign_in) == "done"
