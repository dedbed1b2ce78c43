"""Sample events that the mailer subscribes to, as the services that own them publish them."""

from datetime import UTC, datetime, timedelta
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
    AccountCreated,
    AccountDeactivated,
    AccountFrozen,
    AccountRequested,
    AccountThawed,
    AddressChanged,
    AddressChangeRequested,
    AddressProofRequested,
    DormantAccountWarned,
    KnownAddressRequested,
    LostPhoneClaimed,
    NameChanged,
    PasswordChanged,
    PasswordResetRequested,
    SignInLocked,
    UnknownAddressAsked,
    ValidationResent,
)
from shared.contracts.registration.resumption import AccountResumed
from shared.contracts.support.lost_phones import (
    CallEnded,
    LostPhoneReleased,
    LostPhoneStopped,
    PhoneRemovalPlanned,
    PhoneReplacementOpened,
    PhoneReplacementPlanned,
    ResumptionCodeTold,
    ResumptionCodeVoided,
)
from shared.messaging.envelope import new_id
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context
from tests.support.servers.system import keys

CODE = "048213"
TOKEN = "T" * 43
ACCOUNT = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
DEVICE = "Firefox, Windows"
NUMBER = "TEL-A44X2-YZ7EW"
NETWORK = "203.0.113.0/24"
HOUR = timedelta(hours=1)


def now() -> datetime:
    """The services' clock."""
    return datetime.now(UTC)


def sealed(cls: type[Event], field: str, plain: str) -> Any:
    """A secret for the mailer, as registration seals it."""
    ring = SealRing.parse(keys()["IMPEX_SEAL_KEYS_MAILER"])
    return Sealer("mailer", ring).seal(plain, seal_context(cls, field))


def asked(
    cls: type[AccountRequested] | type[ValidationResent] = AccountRequested,
    *,
    address: str = "Pierre.Durand@labo.example",
    request_id: str | None = None,
    code: str = CODE,
    language: str = "fr",
    requested_at: datetime | None = None,
    life: timedelta = timedelta(hours=24),
) -> Any:
    """An event that requests a validation mail."""
    requested_at = requested_at or now()
    return cls(
        request_id=request_id or new_id(),
        address=address,
        language=language,
        code=sealed(cls, "code", code),
        link_token=sealed(cls, "link_token", TOKEN),
        requested_at=requested_at,
        expires_at=requested_at + life,
    )


def created(**more: Any) -> AccountCreated:
    """An event that requests the finalisation mail."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "address": "pierre@labo.example",
        "first_name": "Élodie",
        "last_name": "O'Brien",
        "language": "fr",
        "terms_version": "1.0",
        "terms_accepted_at": now(),
        "created_at": now(),
        "enrol_before": now() + timedelta(hours=24),
    }
    return AccountCreated(**values | more)


def known(**more: Any) -> KnownAddressRequested:
    """An event that requests the mail to the holder of an account."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "address": "pierre@labo.example",
        "language": "fr",
        "requested_at": now(),
    }
    return KnownAddressRequested(**values | more)


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
        (opened(new=True, at=now() + HOUR), "new_device"),
        (opened(failures=4), "opened_after_failures"),
        (AccountFrozen(by="holder", desk_only=False, frozen_at=at), "account_frozen"),
        (AccountThawed(thawed_at=at), "account_thawed"),
        (AccountDeactivated(deactivated_at=at), "account_deactivated"),
        (
            DormantAccountWarned(months=17, deactivation_at=at + HOUR, again=False, warned_at=at),
            "account_dormant",
        ),
        (call_ended(), "call_without_result"),
        (code_told(), "resumption_code_told"),
        (LostPhoneStopped(number=NUMBER, by="sign_in", stopped_at=at), "lost_phone_stopped"),
        (LostPhoneReleased(number=NUMBER, released_at=at), "lost_phone_released"),
        (
            ResumptionCodeVoided(number=NUMBER, agent_id=OTHER, told_at=at, voided_at=at),
            "resumption_code_voided",
        ),
        (
            AccountResumed(request_id=new_id(), resumed_at=at, enrol_before=at + HOUR),
            "account_resumed",
        ),
        (address_change(code=None), "address_change_asked"),
    ]


def call_ended(outcome: str = "no_answer") -> CallEnded:
    """A call about a lost phone."""
    return CallEnded(
        number=NUMBER,
        agent_id=OTHER,
        purpose="check",
        outcome=outcome,
        failed=False,
        ended_at=now(),
    )


def code_told() -> ResumptionCodeTold:
    """A code that joins an account again, told by telephone."""
    ring = SealRing.parse(keys()["IMPEX_SEAL_KEYS_REGISTRATION"])
    context = seal_context(ResumptionCodeTold, "code")
    return ResumptionCodeTold(
        number=NUMBER,
        agent_id=OTHER,
        code=Sealer("registration", ring).seal("000000002364", context),
        told_at=now(),
        expires_at=now() + 168 * HOUR,
    )


def removal_planned() -> PhoneRemovalPlanned:
    """A phone that will be unlinked."""
    return PhoneRemovalPlanned(
        number=NUMBER,
        link_token=sealed(PhoneRemovalPlanned, "link_token", TOKEN),
        planned_at=now(),
        due_at=now() + 24 * HOUR,
    )


def replacement_planned(*, again: bool = False) -> PhoneReplacementPlanned:
    """A lost phone that waits without an agent."""
    return PhoneReplacementPlanned(
        number=NUMBER,
        link_token=sealed(PhoneReplacementPlanned, "link_token", TOKEN),
        planned_at=now(),
        due_at=now() + 72 * HOUR,
        again=again,
    )


def replacement_opened() -> PhoneReplacementOpened:
    """It may be replaced with the password alone."""
    return PhoneReplacementOpened(
        number=NUMBER,
        link_token=sealed(PhoneReplacementOpened, "link_token", TOKEN),
        asked_at=now() - 72 * HOUR,
        opened_at=now(),
        open_until=now() + 168 * HOUR,
    )


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
    """An address to be verified again."""
    values: dict[str, Any] = {
        "address": "pierre@labo.example",
        "language": "fr",
        "code": sealed(AddressProofRequested, "code", more.pop("code", CODE)),
        "requested_at": now(),
        "expires_at": now() + timedelta(minutes=10),
    }
    return AddressProofRequested(**values | more)


def lost(**more: Any) -> LostPhoneClaimed:
    """A lost phone, not yet confirmed."""
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
    """A request about an address that has no account."""
    values: dict[str, Any] = {
        "address": "stranger@labo.example",
        "language": "fr",
        "about": about,
        "requested_at": now(),
    }
    return UnknownAddressAsked(**values | more)


def address_change(**more: Any) -> AddressChangeRequested:
    """Another address is requested."""
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
