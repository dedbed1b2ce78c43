"""Registration, asked for access: passwords checked, changed, forgotten; links that mails carry."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.clients.rpc import Client
from shared.contracts import registration as words


class Access(Client):
    """Registration, asked about passwords, addresses and mailed links."""

    async def sign_in(
        self, address: str, password: str, *, network: str, known: Sequence[str], key: str
    ) -> words.SignInView:
        """Check address and password; `known` accounts were signed in to with this browser."""
        request = words.SignIn(
            address=address,
            password=self._seal(words.SignIn, "password", password),
            network=network,
            known_accounts=tuple(known),
        )
        return await self._ask(request, words.SignInView, key)

    async def check_password(self, account_id: str, password: str, *, key: str) -> None:
        """Check the password of somebody signed in, before a delicate act."""
        sealed = self._seal(words.CheckPassword, "password", password)
        request = words.CheckPassword(account_id=account_id, password=sealed)
        await self._ask(request, words.Done, key)

    async def change_password(
        self, account_id: str, current: str, new: str, *, device: str, key: str
    ) -> words.PasswordChangedView:
        """Change the password of somebody signed in."""
        kind = words.ChangePassword
        request = kind(
            account_id=account_id,
            current_password=self._seal(kind, "current_password", current),
            password=self._seal(kind, "password", new),
            device=device,
        )
        return await self._ask(request, words.PasswordChangedView, key)

    async def request_reset(self, address: str, *, language: str, network: str, key: str) -> None:
        """Have a link for a new password sent."""
        request = words.RequestPasswordReset(address=address, language=language, network=network)
        await self._ask(request, words.Done, key)

    async def describe_reset(self, token: str) -> words.MailedLinkView:
        """What a link for a new password is worth."""
        sealed = self._seal(words.DescribeReset, "link_token", token)
        return await self._ask(words.DescribeReset(link_token=sealed), words.MailedLinkView)

    async def reset_password(
        self, token: str, password: str, *, device: str, key: str
    ) -> words.PasswordChangedView:
        """Set a new password by a mailed link."""
        kind = words.ResetPassword
        request = kind(
            link_token=self._seal(kind, "link_token", token),
            password=self._seal(kind, "password", password),
            device=device,
        )
        return await self._ask(request, words.PasswordChangedView, key)

    async def send_address_code(
        self, account_id: str, *, language: str, renew: bool, key: str
    ) -> words.AddressCodeView:
        """Have a code sent that proves the address again, or describe the one that is good."""
        request = words.SendAddressCode(account_id=account_id, language=language, renew=renew)
        return await self._ask(request, words.AddressCodeView, key)

    async def verify_address_code(
        self, account_id: str, code: str, *, key: str
    ) -> words.AddressProofView:
        """Give that code."""
        sealed = self._seal(words.VerifyAddressCode, "code", code)
        request = words.VerifyAddressCode(account_id=account_id, code=sealed)
        return await self._ask(request, words.AddressProofView, key)

    async def claim_lost_phone(
        self, address: str, *, stolen: bool, language: str, network: str, key: str
    ) -> None:
        """Have a link sent that confirms a lost phone."""
        request = words.ClaimLostPhone(
            address=address, stolen=stolen, language=language, network=network
        )
        await self._ask(request, words.Done, key)

    async def describe_lost_phone(self, token: str) -> words.MailedLinkView:
        """What a link that confirms a lost phone is worth."""
        sealed = self._seal(words.DescribeLostPhone, "link_token", token)
        return await self._ask(words.DescribeLostPhone(link_token=sealed), words.MailedLinkView)

    async def confirm_lost_phone(self, token: str, *, key: str) -> words.LostPhoneView:
        """Confirm a lost phone."""
        sealed = self._seal(words.ConfirmLostPhone, "link_token", token)
        return await self._ask(words.ConfirmLostPhone(link_token=sealed), words.LostPhoneView, key)

    async def describe_disavowal(self, token: str) -> words.DisavowalView:
        """What a « ce n'est pas moi » link is worth."""
        sealed = self._seal(words.DescribeDisavowal, "link_token", token)
        return await self._ask(words.DescribeDisavowal(link_token=sealed), words.DisavowalView)

    async def disavow(self, token: str, *, key: str) -> words.FrozenView:
        """Freeze the account that a mail was about."""
        sealed = self._seal(words.Disavow, "link_token", token)
        return await self._ask(words.Disavow(link_token=sealed), words.FrozenView, key)
