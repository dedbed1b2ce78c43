"""Registration, asked by the holder of an account for another address (B-14)."""

from __future__ import annotations

from services.gateway.clients.rpc import Client
from shared.contracts import registration as words


class Holder(Client):
    """Registration, asked about another address."""

    async def judge(
        self, account_id: str, address: str, password: str, *, point_out_slip: bool, key: str
    ) -> None:
        """Whether address and password would do: before a code is spent on them."""
        kind = words.JudgeAddressChange
        request = kind(
            account_id=account_id,
            address=address,
            password=self._seal(kind, "password", password),
            point_out_slip=point_out_slip,
        )
        await self._ask(request, words.Done, key)

    async def wish(
        self, account_id: str, address: str, password: str, *, language: str, device: str, key: str
    ) -> words.AddressChangeView:
        """Have a code sent to another address."""
        kind = words.RequestAddressChange
        request = kind(
            account_id=account_id,
            address=address,
            password=self._seal(kind, "password", password),
            language=language,
            device=device,
        )
        return await self._ask(request, words.AddressChangeView, key)

    async def describe(self, account_id: str) -> words.AddressChangeView:
        """Where the wish stands. Raises `Refused` with `no_change`."""
        request = words.DescribeAddressChange(account_id=account_id)
        return await self._ask(request, words.AddressChangeView)

    async def resend(
        self, account_id: str, *, language: str, device: str, key: str
    ) -> words.AddressChangeView:
        """Another code."""
        request = words.ResendAddressChange(account_id=account_id, language=language, device=device)
        return await self._ask(request, words.AddressChangeView, key)

    async def confirm(
        self, account_id: str, code: str, *, device: str, key: str
    ) -> words.AddressChangedView:
        """Give the code."""
        kind = words.ConfirmAddressChange
        sealed = self._seal(kind, "code", code)
        request = kind(account_id=account_id, code=sealed, device=device)
        return await self._ask(request, words.AddressChangedView, key)

    async def cancel(self, account_id: str, *, key: str) -> None:
        """Give the wish up."""
        await self._ask(words.CancelAddressChange(account_id=account_id), words.Done, key)
