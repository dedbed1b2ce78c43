"""Requests to registration for access: passwords, address codes, mailed links."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.clients.rpc import Client
from shared.contracts import registration as contracts


class AuthClient(Client):
    """Registration: passwords, addresses and mailed links."""

    async def sign_in(
        self, address: str, password: str, *, network: str, known: Sequence[str], key: str
    ) -> contracts.SignInView:
        """Check address and password; `known` accounts were signed in to with this browser."""
        request = contracts.SignIn(
            address=address,
            password=self._seal(contracts.SignIn, "password", password),
            network=network,
            known_accounts=tuple(known),
        )
        return await self._ask(request, contracts.SignInView, key)

    async def check_password(self, account_id: str, password: str, *, key: str) -> None:
        """Check the password of a signed-in user before a sensitive action."""
        sealed = self._seal(contracts.CheckPassword, "password", password)
        request = contracts.CheckPassword(account_id=account_id, password=sealed)
        await self._ask(request, contracts.Done, key)

    async def change_password(
        self, account_id: str, current: str, new: str, *, device: str, key: str
    ) -> contracts.PasswordChangedView:
        """Change the password of a signed-in user."""
        kind = contracts.ChangePassword
        request = kind(
            account_id=account_id,
            current_password=self._seal(kind, "current_password", current),
            password=self._seal(kind, "password", new),
            device=device,
        )
        return await self._ask(request, contracts.PasswordChangedView, key)

    async def request_reset(self, address: str, *, language: str, network: str, key: str) -> None:
        """Have a link for a new password sent."""
        request = contracts.RequestPasswordReset(
            address=address, language=language, network=network
        )
        await self._ask(request, contracts.Done, key)

    async def describe_reset(self, token: str) -> contracts.MailedLinkView:
        """The state of a link for a new password."""
        sealed = self._seal(contracts.DescribeReset, "link_token", token)
        return await self._ask(contracts.DescribeReset(link_token=sealed), contracts.MailedLinkView)

    async def reset_password(
        self, token: str, password: str, *, device: str, key: str
    ) -> contracts.PasswordChangedView:
        """Set a new password by a mailed link."""
        kind = contracts.ResetPassword
        request = kind(
            link_token=self._seal(kind, "link_token", token),
            password=self._seal(kind, "password", password),
            device=device,
        )
        return await self._ask(request, contracts.PasswordChangedView, key)

    async def send_address_code(
        self, account_id: str, *, language: str, renew: bool, key: str
    ) -> contracts.AddressCodeView:
        """Have a code sent that verifies the address again, or describe the valid one."""
        request = contracts.SendAddressCode(account_id=account_id, language=language, renew=renew)
        return await self._ask(request, contracts.AddressCodeView, key)

    async def verify_address_code(
        self, account_id: str, code: str, *, key: str
    ) -> contracts.AddressProofView:
        """Give that code."""
        sealed = self._seal(contracts.VerifyAddressCode, "code", code)
        request = contracts.VerifyAddressCode(account_id=account_id, code=sealed)
        return await self._ask(request, contracts.AddressProofView, key)

    async def claim_lost_phone(
        self, address: str, *, stolen: bool, language: str, network: str, key: str
    ) -> None:
        """Have a link sent that confirms a lost phone."""
        request = contracts.ClaimLostPhone(
            address=address, stolen=stolen, language=language, network=network
        )
        await self._ask(request, contracts.Done, key)

    async def describe_lost_phone(self, token: str) -> contracts.MailedLinkView:
        """The state of a link that confirms a lost phone."""
        sealed = self._seal(contracts.DescribeLostPhone, "link_token", token)
        return await self._ask(
            contracts.DescribeLostPhone(link_token=sealed), contracts.MailedLinkView
        )

    async def confirm_lost_phone(self, token: str, *, key: str) -> contracts.LostPhoneView:
        """Confirm a lost phone."""
        sealed = self._seal(contracts.ConfirmLostPhone, "link_token", token)
        return await self._ask(
            contracts.ConfirmLostPhone(link_token=sealed), contracts.LostPhoneView, key
        )

    async def describe_disavowal(self, token: str) -> contracts.DisavowalView:
        """The state of a « ce n'est pas moi » link."""
        sealed = self._seal(contracts.DescribeDisavowal, "link_token", token)
        return await self._ask(
            contracts.DescribeDisavowal(link_token=sealed), contracts.DisavowalView
        )

    async def disavow(self, token: str, *, key: str) -> contracts.FrozenView:
        """Freeze the account that a mail was about."""
        sealed = self._seal(contracts.Disavow, "link_token", token)
        return await self._ask(contracts.Disavow(link_token=sealed), contracts.FrozenView, key)
