"""Sample events about an account, as the services that own them would publish them."""

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import (
    AuthenticatorEnrolled,
    AuthenticatorRemoved,
    AuthenticatorReplaced,
    CodeCheckLocked,
    CodeRefused,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
)
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AccountThawed,
    AddressChanged,
    AddressChangeRequested,
    AddressProofRequested,
    LostPhoneClaimed,
    NameChanged,
    PasswordChanged,
    PasswordResetRequested,
    SignInLocked,
    UnknownAddressAsked,
)
from tests.support.mail.mailer_fixture import CODE, TOKEN, now, sealed

DEVICE = "Firefox, Windows"
NETWORK = "203.0.113.0/24"
HOUR = timedelta(hours=1)


def refused(failures: int = 3, at: datetime | None = None) -> CodeRefused:
    """A wrong code after the right password."""
    return CodeRefused(kind="totp", failures=failures, refused_at=at or now(), device=DEVICE)


def opened(*, new: bool = False, failures: int = 0, at: datetime | None = None) -> SessionOpened:
    """A session of the account."""
    return SessionOpened(
        session_id="s1",
        device=DEVICE,
        network=NETWORK,
        new_device=new,
        failures=failures,
        opened_at=at or now(),
    )


def locked() -> SignInLocked:
    """Too many wrong passwords."""
    return SignInLocked(network=NETWORK, locked_at=now(), locked_until=now() + HOUR)


def everything() -> list[tuple[Event, str]]:
    """Each event that brings a notice, with the notice's template."""
    at = now()
    return [
        (PasswordChanged(by="person", changed_at=at, device=DEVICE), "password_changed"),
        (AuthenticatorEnrolled(enrolled_at=at, device=DEVICE), "phone_enrolled"),
        (AuthenticatorReplaced(by="phone", replaced_at=at, device=DEVICE), "phone_replaced"),
        (AuthenticatorRemoved(removed_at=at), "phone_removed"),
        (RecoveryCodeUsed(left=8, used_at=at, device=DEVICE), "recovery_code_used"),
        (RecoveryCodesReplaced(replaced_at=at, device=DEVICE), "recovery_codes_replaced"),
        (locked(), "sign_in_locked"),
        (CodeCheckLocked(kind="totp", locked_at=at, locked_until=at + HOUR), "codes_locked"),
        (refused(), "code_refused"),
        (opened(new=True), "new_device"),
        (opened(failures=4), "opened_after_failures"),
        (AccountFrozen(by="holder", desk_only=False, frozen_at=at), "account_frozen"),
        (AccountThawed(thawed_at=at), "account_thawed"),
        (AccountDeactivated(deactivated_at=at), "account_deactivated"),
        (wish(code=None), "address_change_asked"),
    ]


def reset(**more: Any) -> PasswordResetRequested:
    """A forgotten password."""
    values: dict[str, Any] = {
        "address": "pierre@labo.example",
        "language": "fr",
        "link_token": sealed(PasswordResetRequested, "link_token", more.pop("token", TOKEN)),
        "requested_at": now(),
        "expires_at": now() + HOUR,
    }
    return PasswordResetRequested(**values | more)


def proof(**more: Any) -> AddressProofRequested:
    """An address to be proved again."""
    values: dict[str, Any] = {
        "address": "pierre@labo.example",
        "language": "fr",
        "code": sealed(AddressProofRequested, "code", more.pop("code", CODE)),
        "requested_at": now(),
        "expires_at": now() + timedelta(minutes=10),
    }
    return AddressProofRequested(**values | more)


def lost(**more: Any) -> LostPhoneClaimed:
    """A phone that is lost, as somebody says."""
    values: dict[str, Any] = {
        "address": "pierre@labo.example",
        "language": "fr",
        "link_token": sealed(LostPhoneClaimed, "link_token", TOKEN),
        "stolen": False,
        "requested_at": now(),
        "expires_at": now() + HOUR,
    }
    return LostPhoneClaimed(**values | more)


def unknown(about: str = "password", **more: Any) -> UnknownAddressAsked:
    """A question about an address that has no account."""
    values: dict[str, Any] = {
        "address": "stranger@labo.example",
        "language": "fr",
        "about": about,
        "requested_at": now(),
    }
    return UnknownAddressAsked(**values | more)


def wish(**more: Any) -> AddressChangeRequested:
    """Another address is asked for."""
    values: dict[str, Any] = {
        "address": "pierre@labo.example",
        "new_address": "pierre@autre.example",
        "language": "fr",
        "code": sealed(AddressChangeRequested, "code", CODE),
        "requested_at": now(),
        "expires_at": now() + timedelta(minutes=10),
        "device": DEVICE,
    }
    return AddressChangeRequested(**values | more)


def moved(address: str, at: datetime) -> AddressChanged:
    """The account has another address."""
    return AddressChanged(
        address=address, former_address="pierre@labo.example", by="holder", changed_at=at
    )


def renamed(last_name: str, at: datetime) -> NameChanged:
    """The holder has another name."""
    return NameChanged(first_name="Élodie", last_name=last_name, by="desk", changed_at=at)


def validated(**more: Any) -> AccountValidated:
    """The complementary information is validated."""
    values: dict[str, Any] = {
        "company_name": "Pharmacie des Lilas",
        "establishment_type": "hospital_pharmacy",
        "city": "Lyon",
        "country": "FR",
        "siret": "73282932000074",
        "group": "FR:73282932000074",
        "position": "responsible_pharmacist",
        "position_other": "",
        "flags": (),
        "closed_reason": "",
        "validated_at": now(),
    }
    return AccountValidated(**values | more)
