"""A form with a doubtful address, stored until the person says which address is meant. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.registration.email_addresses import EmailAddress
from shared.security.password_hashing import PasswordHash

#: As long as the gateway shows the form again.
QUESTION_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class ValidatedAddress:
    """A valid address, with the password that is valid for it, hashed for it."""

    email: EmailAddress
    password: PasswordHash


@dataclass(frozen=True, kw_only=True)
class AddressQuestion:
    """The question as it is stored: one field per column.

    `request_id` is set where the address of a request is corrected, `account_id` where that of an
    account is changed; then `password_changes` is which of its passwords was given.
    """

    id: str
    request_id: str | None = None
    account_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    language: str
    address: str
    address_key: str
    password_hash: str = field(repr=False)
    meant_address: str
    meant_address_key: str
    meant_password_hash: str = field(repr=False)
    pepper_key_id: str
    password_changes: int = 0
    expires_at: datetime

    def choice(self, address_key: str) -> ValidatedAddress | None:
        """The address that was chosen, by its comparison key; None for a third one."""
        choices = {
            self.address_key: (self.address, self.password_hash),
            self.meant_address_key: (self.meant_address, self.meant_password_hash),
        }
        if address_key not in choices:
            return None
        text, hashed = choices[address_key]
        return ValidatedAddress(
            email=EmailAddress(text=text, key=address_key),
            password=PasswordHash(hashed, self.pepper_key_id),
        )
