"""Looks at accounts: how long one lasts, how many a day, and what stays masked. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

import msgspec

from services.support.agents import Agent, agent_key
from services.support.permissions import ALWAYS_OPEN, FIELDS, LOOK_REASONS
from shared.contracts.mailer_desk import MailRecord
from shared.contracts.profile.desk import ProfileRecord
from shared.contracts.registration.desk import AccountRecord
from shared.contracts.support.looks import (
    AccountRow,
    EstablishmentDetails,
    PersonDetails,
    StateDetails,
)
from shared.i18n.dates import PARIS

#: Stands for what is left out.
LEFT_OUT = "…"
#: Of an establishment, what lists show too.
PUBLIC_OF_ESTABLISHMENT = ("company_name", "city")


def next_midnight(now: datetime) -> datetime:
    """When looks of today end: midnight in Paris."""
    tomorrow = now.astimezone(PARIS).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), PARIS)


def day_limit(limit: int, agreements: int) -> int:
    """How often an agent may do on a day what is limited: each agreement of a supervisor allows as
    many again."""
    return limit * (1 + agreements)


def reasons_of_role(role: str) -> tuple[str, ...]:
    """The reasons that a role may give, in their order."""
    return tuple(name for name, reason in LOOK_REASONS.items() if role in reason.roles)


def masked_fields(opened: frozenset[str]) -> tuple[str, ...]:
    """The fields that another reason would open."""
    return tuple(field for field in FIELDS if field not in opened and field not in ALWAYS_OPEN)


def mask_name(first_name: str, last_name: str) -> str:
    """`M… DURAND`: enough to tell people apart in a list."""
    return f"{first_name[:1]}{LEFT_OUT} {last_name.upper()}"


def full_name(first_name: str, last_name: str) -> str:
    """`Marie DURAND`."""
    return f"{first_name} {last_name.upper()}"


def mask_address(address: str) -> str:
    """`m…@labo.fr`."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}{LEFT_OUT}@{domain}"


def mask_person(record: AccountRecord) -> str:
    """`M… DURAND, m…@labo.fr`; empty where the account is anonymous."""
    if not record.address and not record.first_name:
        return ""
    name = mask_name(record.first_name, record.last_name)
    return f"{name}, {mask_address(record.address)}" if record.address else name


def name_establishment(profile: ProfileRecord) -> str:
    """`Labo Durand (Lyon)`, as lists show it; empty before anything is declared."""
    name, city = profile.fields.company_name, profile.fields.city
    return f"{name} ({city})" if name and city else name or city


def is_own(agent: Agent, record: AccountRecord) -> bool:
    """Whether the account is the agent's own: it has the same address."""
    return agent_key(record.address) == agent_key(agent.address)


def state_of(record: AccountRecord) -> str:
    """The state as lists show it."""
    if record.state == "active" and not record.has_password:
        return "no_password"
    return record.state


def account_row(
    account_id: str,
    record: AccountRecord | None,
    profile: ProfileRecord | None,
    *,
    exact: bool = False,
) -> AccountRow:
    """A line of a list, masked; what its owner did not say is empty."""
    row = AccountRow(account_id=account_id, exact=exact)
    if record is not None:
        row = msgspec.structs.replace(
            row,
            person=mask_name(record.first_name, record.last_name),
            address=mask_address(record.address),
            state=state_of(record),
            last_sign_in=record.password_right_at,
        )
    if profile is not None:
        fields = profile.fields
        row = msgspec.structs.replace(row, establishment=fields.company_name, town=fields.city)
    return row


def in_order(rows: Iterable[AccountRow]) -> list[AccountRow]:
    """Exact ones first, then by the last sign-in, those that never signed in at the end."""
    never = datetime.min.replace(tzinfo=PARIS)
    latest = sorted(rows, key=lambda row: row.last_sign_in or never, reverse=True)
    return sorted(latest, key=lambda row: not row.exact)


def state_details(record: AccountRecord, profile: ProfileRecord | None) -> StateDetails:
    """The state of an account."""
    return StateDetails(
        state=state_of(record),
        support_only=record.support_only,
        created_at=record.created_at,
        frozen_at=record.frozen_at,
        address_changed_at=record.address_changed_at,
        last_sign_in=record.password_right_at,
        profile_state="none" if profile is None else profile.state,
        validated_at=None if profile is None else profile.validated_at,
    )


def person_details(
    record: AccountRecord, profile: ProfileRecord | None, opened: frozenset[str]
) -> PersonDetails:
    """Who somebody is, as far as it is open."""
    names = (record.first_name, record.last_name)
    details = PersonDetails(
        person=full_name(*names) if "name" in opened else mask_name(*names),
        address=record.address if "address" in opened else mask_address(record.address),
        language=record.language,
    )
    if profile is None:
        return details
    fields = profile.fields
    shown: dict[str, str] = {}
    if "telephone" in opened:
        shown |= {"telephone": fields.phone, "telephone_extension": fields.phone_extension}
    if "position" in opened:
        shown |= {"position": fields.position, "position_other": fields.position_other}
    return msgspec.structs.replace(details, **shown)


def establishment_details(profile: ProfileRecord, opened: frozenset[str]) -> EstablishmentDetails:
    """An establishment, as far as it is open."""
    known = msgspec.structs.asdict(profile.fields)
    names = EstablishmentDetails.__struct_fields__
    if "establishment" not in opened:
        return EstablishmentDetails(**{name: known[name] for name in PUBLIC_OF_ESTABLISHMENT})
    known |= {
        "siret": profile.siret or profile.fields.siret,
        "siret_check": profile.siret_check,
        "closed_on": profile.closed_on,
    }
    return EstablishmentDetails(**{name: known[name] for name in names})


def shown_mails(mails: Sequence[MailRecord], opened: frozenset[str]) -> tuple[MailRecord, ...]:
    """Mails; with a masked address goes what the mail server answered, which may name it."""
    if "address" in opened:
        return tuple(mails)
    return tuple(
        msgspec.structs.replace(mail, address=mask_address(mail.address), server_answer="")
        for mail in mails
    )
