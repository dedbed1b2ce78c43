"""Requests to registration for access: passwords, address codes, mailed links."""

from collections.abc import Sequence

from services.gateway.clients.rpc import Client
from shared.contracts.registration.requests import (
    ChangePassword,
    CheckPassword,
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeDisavowal,
    DescribeLostPhone,
    DescribeReset,
    Disavow,
    RequestPasswordReset,
    ResetPassword,
    SendAddressCode,
    SignIn,
    VerifyAddressCode,
)
from shared.contracts.registration.views import (
    AddressCodeView,
    AddressProofView,
    DisavowalView,
    Done,
    FrozenView,
    LostPhoneView,
    MailedLinkView,
    PasswordChangedView,
    SignInView,
)

#: The requests of this client.
CALLS = (
    SignIn,
    CheckPassword,
    ChangePassword,
    RequestPasswordReset,
    DescribeReset,
    ResetPassword,
    SendAddressCode,
    VerifyAddressCode,
    ClaimLostPhone,
    DescribeLostPhone,
    ConfirmLostPhone,
    DescribeDisavowal,
    Disavow,
)


class AuthClient(Client):
    """Registration: passwords, addresses and mailed links."""

    async def sign_in(
        self, address: str, password: str, *, network: str, known: Sequence[str], key: str
    ) -> SignInView:
        """Check address and password; `known` accounts were signed in to with this browser."""
        request = SignIn(
            address=address,
            password=self._seal(SignIn, "password", password),
            network=network,
            known_accounts=tuple(known),
        )
        return await self._ask(request, SignInView, key)

    async def check_password(self, account_id: str, password: str, *, key: str) -> None:
        """Check the password of a signed-in user before a sensitive action."""
        sealed = self._seal(CheckPassword, "password", password)
        request = CheckPassword(account_id=account_id, password=sealed)
        await self._ask(request, Done, key)

    async def change_password(
        self, account_id: str, current: str, new: str, *, device: str, key: str
    ) -> PasswordChangedView:
        """Change the password of a signed-in user."""
        kind = ChangePassword
        request = kind(
            account_id=account_id,
            current_password=self._seal(kind, "current_password", current),
            password=self._seal(kind, "password", new),
            device=device,
        )
        return await self._ask(request, PasswordChangedView, key)

    async def request_reset(self, address: str, *, language: str, network: str, key: str) -> None:
        """Have a link for a new password sent."""
        request = RequestPasswordReset(address=address, language=language, network=network)
        await self._ask(request, Done, key)

    async def describe_reset(self, token: str) -> MailedLinkView:
        """The state of a link for a new password."""
        sealed = self._seal(DescribeReset, "link_token", token)
        return await self._ask(DescribeReset(link_token=sealed), MailedLinkView)

    async def reset_password(
        self, token: str, password: str, *, device: str, key: str
    ) -> PasswordChangedView:
        """Set a new password by a mailed link."""
        kind = ResetPassword
        request = kind(
            link_token=self._seal(kind, "link_token", token),
            password=self._seal(kind, "password", password),
            device=device,
        )
        return await self._ask(request, PasswordChangedView, key)

    async def send_address_code(
        self, account_id: str, *, language: str, renew: bool, key: str
    ) -> AddressCodeView:
        """Have a code sent that verifies the address again, or describe the valid one."""
        request = SendAddressCode(account_id=account_id, language=language, renew=renew)
        return await self._ask(request, AddressCodeView, key)

    async def verify_address_code(
        self, account_id: str, code: str, *, key: str
    ) -> AddressProofView:
        """Give that code."""
        sealed = self._seal(VerifyAddressCode, "code", code)
        request = VerifyAddressCode(account_id=account_id, code=sealed)
        return await self._ask(request, AddressProofView, key)

    async def claim_lost_phone(
        self, address: str, *, stolen: bool, language: str, network: str, key: str
    ) -> None:
        """Have a link sent that confirms a lost phone."""
        request = ClaimLostPhone(address=address, stolen=stolen, language=language, network=network)
        await self._ask(request, Done, key)

    async def describe_lost_phone(self, token: str) -> MailedLinkView:
        """The state of a link that confirms a lost phone."""
        sealed = self._seal(DescribeLostPhone, "link_token", token)
        return await self._ask(DescribeLostPhone(link_token=sealed), MailedLinkView)

    async def confirm_lost_phone(self, token: str, *, key: str) -> LostPhoneView:
        """Confirm a lost phone."""
        sealed = self._seal(ConfirmLostPhone, "link_token", token)
        return await self._ask(ConfirmLostPhone(link_token=sealed), LostPhoneView, key)

    async def describe_disavowal(self, token: str) -> DisavowalView:
        """The state of a « ce n'est pas moi » link."""
        sealed = self._seal(DescribeDisavowal, "link_token", token)
        return await self._ask(DescribeDisavowal(link_token=sealed), DisavowalView)

    async def disavow(self, token: str, *, key: str) -> FrozenView:
        """Freeze the account that a mail was about."""
        sealed = self._seal(Disavow, "link_token", token)
        return await self._ask(Disavow(link_token=sealed), FrozenView, key)
