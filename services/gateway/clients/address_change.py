"""Requests to registration for another e-mail address (B-14)."""

from services.gateway.clients.rpc import Client
from shared.contracts.registration.holder import (
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from shared.contracts.registration.views import AddressChangedView, AddressChangeView, Done

#: The requests of this client.
CALLS = (
    JudgeAddressChange,
    RequestAddressChange,
    DescribeAddressChange,
    ResendAddressChange,
    ConfirmAddressChange,
    CancelAddressChange,
)


class AddressChangeClient(Client):
    """Registration: another e-mail address."""

    async def check_change(
        self, account_id: str, address: str, password: str, *, point_out_slip: bool, key: str
    ) -> None:
        """Whether address and password would do: before a code is spent on them."""
        kind = JudgeAddressChange
        request = kind(
            account_id=account_id,
            address=address,
            password=self._seal(kind, "password", password),
            point_out_slip=point_out_slip,
        )
        await self._ask(request, Done, key)

    async def request_change(
        self, account_id: str, address: str, password: str, *, language: str, device: str, key: str
    ) -> AddressChangeView:
        """Have a code sent to another address."""
        kind = RequestAddressChange
        request = kind(
            account_id=account_id,
            address=address,
            password=self._seal(kind, "password", password),
            language=language,
            device=device,
        )
        return await self._ask(request, AddressChangeView, key)

    async def describe(self, account_id: str) -> AddressChangeView:
        """The pending change. Raises `Refused` with `no_change`."""
        request = DescribeAddressChange(account_id=account_id)
        return await self._ask(request, AddressChangeView)

    async def resend(
        self, account_id: str, *, language: str, device: str, key: str
    ) -> AddressChangeView:
        """Another code."""
        request = ResendAddressChange(account_id=account_id, language=language, device=device)
        return await self._ask(request, AddressChangeView, key)

    async def confirm(
        self, account_id: str, code: str, *, device: str, key: str
    ) -> AddressChangedView:
        """Give the code."""
        kind = ConfirmAddressChange
        sealed = self._seal(kind, "code", code)
        request = kind(account_id=account_id, code=sealed, device=device)
        return await self._ask(request, AddressChangedView, key)

    async def cancel(self, account_id: str, *, key: str) -> None:
        """Cancel the change."""
        await self._ask(CancelAddressChange(account_id=account_id), Done, key)
