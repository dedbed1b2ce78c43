"""What the holder of an account sends, and the mails in their mailbox."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from shared.contracts.base import Refusal, Request
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.registration.events import PasswordResetRequested
from shared.contracts.registration.requests import (
    ChangePassword,
    CheckPassword,
    ClaimLostPhone,
    ConfirmLostPhone,
    Disavow,
    RequestPasswordReset,
    ResetPassword,
    SendAddressCode,
    VerifyAddressCode,
)
from shared.contracts.registration.views import FrozenView
from shared.database import transaction
from shared.messaging.handlers import Refused
from shared.security import signed_tokens
from shared.security.link_codes import link_code
from shared.security.sealing import seal_context
from tests.support.harness.registration import (
    NETWORK,
    OTHER_PASSWORD,
    PASSWORD,
    RegistrationHarness,
)

ADDRESS = "pierre@labo.fr"
UNKNOWN = "nobody@labo.fr"
MAIL = "0123456789abcdef0123456789abcdef"
OTHER_NETWORK = "198.51.100.0/24"


@dataclass
class HarnessAccountHolder:
    """One account on a harness, a minute after its creation: PASSWORD at ADDRESS."""

    harness: RegistrationHarness
    account_id: str

    @classmethod
    async def of(cls, harness: RegistrationHarness, address: str = ADDRESS) -> Self:
        """Make the account."""
        account_id = await harness.account(address)
        harness.advance(minutes=1)
        return cls(harness, account_id)

    async def close(self, state: str, *, desk_only: bool = False) -> None:
        """Put the account into a state, as support would."""
        async with transaction(self.harness.pool) as tx:
            await tx.execute(
                "UPDATE accounts SET state = $2, frozen_at = $3, desk_only = $4 WHERE id = $1",
                self.account_id,
                state,
                None if state == "active" else self.harness.now,
                desk_only,
            )

    async def row(self) -> dict[str, Any]:
        """The account and its credentials, as they are stored."""
        (row,) = await self.harness.fetch(
            "SELECT * FROM accounts JOIN credentials ON account_id = id WHERE id = $1",
            self.account_id,
        )
        return dict(row)

    async def can_sign_in_with(self, password: str, network: str = "203.0.113.0/24") -> bool:
        """Whether a password signs in, from a network of the test's own."""
        try:
            found = await self.harness.ask(self.harness.sign_in(ADDRESS, password, network))
        except Refused as refused:
            if refused.refusal.slug != "wrong_credentials":
                raise
            return False
        return (found.due, found.account_id) == ("account", self.account_id)

    # What the holder sends.

    def check(self, password: str) -> CheckPassword:
        """The password, before a delicate act."""
        kind = CheckPassword
        return kind(
            account_id=self.account_id, password=self.harness.seal(kind, "password", password)
        )

    def change(self, current: str, new: str) -> ChangePassword:
        """The form that changes the password."""
        kind = ChangePassword
        return kind(
            account_id=self.account_id,
            current_password=self.harness.seal(kind, "current_password", current),
            password=self.harness.seal(kind, "password", new),
            device="Firefox, Windows",
        )

    def code(self, digits: str) -> VerifyAddressCode:
        """The code that verifies the address again."""
        kind = VerifyAddressCode
        return kind(account_id=self.account_id, code=self.harness.seal(kind, "code", digits))

    def send_code(self, *, renew: bool = False) -> SendAddressCode:
        """« Envoyer un autre code », or the page that shows the code's expiry."""
        return SendAddressCode(account_id=self.account_id, language="fr", renew=renew)

    def follow(self, kind: type[Request], token: str, **more: Any) -> Any:
        """A request about a mailed link."""
        return kind(link_token=self.harness.seal(kind, "link_token", token), **more)

    def reset(self, token: str, password: str = OTHER_PASSWORD) -> ResetPassword:
        """The form of a reset link."""
        sealed = self.harness.seal(ResetPassword, "password", password)
        made: ResetPassword = self.follow(
            ResetPassword, token, password=sealed, device="Safari, macOS"
        )
        return made

    # What the mailbox has.

    async def secret(self, kind: Any, field: str = "link_token") -> str:
        """The secret of the latest message of a kind."""
        event = (await self.harness.events(kind))[-1]
        return self.harness.mailbox.open(getattr(event, field), seal_context(kind, field))

    async def reset_link(self) -> str:
        """Ask for a new password; returns the token of the mailed link."""
        await self.harness.ask(reset_request())
        return await self.secret(PasswordResetRequested)

    def disavowal(self, *, mail: str = MAIL, days: float = 7, purpose: str = "disavowal") -> str:
        """The token of a « ce n'est pas moi » link, as the mailer signs it."""
        ring = self.harness.deps.settings.disavowal_keys
        parts = (self.account_id.replace("-", ""), mail)
        return signed_tokens.sign(ring, purpose, parts, self.harness.now + timedelta(days=days))

    async def disavow(self, token: str) -> FrozenView:
        """« Ce n'est pas moi », with the code of the mail."""
        view: FrozenView = await self.harness.ask(self.with_code(Disavow, token))
        return view

    def with_code(self, kind: type[Request], token: str, code: str = "", **more: Any) -> Any:
        """A request about a mailed link, with the code of its mail or another one."""
        ring = self.harness.deps.settings.disavowal_keys
        sealed = self.harness.seal(kind, "code", code or link_code(ring, token))
        return self.follow(kind, token, code=sealed, **more)

    def confirm_loss(
        self, token: str, *, stolen: bool = False, alone: bool = False, password: str = PASSWORD
    ) -> Any:
        """Confirm a lost or stolen phone; `alone`: without an agent."""
        sealed = self.harness.seal(ConfirmLostPhone, "password", password)
        return self.with_code(ConfirmLostPhone, token, stolen=stolen, alone=alone, password=sealed)

    # Events of other services about the account.

    async def open_session(self, *, phone_replaced: bool = False) -> None:
        """The second factor was right, now."""
        event = SessionOpened(
            session_id="s", device="", network=NETWORK, new_device=False, failures=0,
            opened_at=self.harness.now, phone_replaced=phone_replaced,
        )  # fmt: skip
        await self.harness.handle_event(event, self.account_id)

    async def replace_phone(self, *, days_ago: float = 0) -> None:
        """The phone was replaced so long ago, and the event arrives now."""
        at = self.harness.now - timedelta(days=days_ago)
        await self.harness.handle_event(
            AuthenticatorReplaced(by="phone", replaced_at=at), self.account_id
        )


def reset_request(address: str = ADDRESS, network: str = NETWORK) -> RequestPasswordReset:
    """« Mot de passe oublié »."""
    return RequestPasswordReset(address=address, language="fr", network=network)


def lost_phone_claim(address: str = ADDRESS, *, network: str = NETWORK) -> ClaimLostPhone:
    """« Téléphone perdu »."""
    return ClaimLostPhone(address=address, stolen=False, language="fr", network=network)


def codes(refusal: Refusal) -> list[str]:
    """`field:code` of every error, in order."""
    assert refusal.slug == "invalid_fields"
    return [f"{error.field}:{error.code}" for error in refusal.errors]
