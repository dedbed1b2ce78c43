"""What each mail says: its facts, whether it opens something, the one page it leads to.

Facts are what a mail's record keeps of the event that caused it. A code or a token is never among
them: what an event brings sealed stays sealed until the mail is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shared.contracts.profile.views import POSITIONS


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the validation mail (wording, mail 1); code and link token come apart."""

    requested_at: datetime
    expires_at: datetime


class Finalisation(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the finalisation mail (wording, mail 2)."""

    first_name: str
    last_name: str
    terms_version: str
    terms_accepted_at: datetime
    enrol_before: datetime


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the confirmation mail (wording, mail 3). `country` is ISO 3166-1 alpha-2; `position`
    is one of the profile's, `other` being what `position_other` says."""

    first_name: str
    last_name: str
    company_name: str
    city: str
    country: str
    position: str
    position_other: str
    validated_at: datetime


class KnownAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the mail to the holder of an account that somebody asked for again (EM-15)."""

    requested_at: datetime


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a mail whose code or link opens something of an account."""

    requested_at: datetime
    expires_at: datetime
    thaws: bool = False
    stolen: bool = False


class NoAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the mail to an address without an account that opens. `about` is `password` or
    `phone`; `closed`: it has one, which only the desk opens."""

    requested_at: datetime
    about: str
    closed: bool = False


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts of a security notice: what happened `at`, and what the event knows of it (AU-07)."""

    first_name: str
    last_name: str
    at: datetime
    device: str = ""
    network: str = ""
    by: str = ""
    kind: str = ""
    until: datetime | None = None
    left: int = 0
    failures: int = 0
    desk_only: bool = False


Facts = Validation | Finalisation | Confirmation | KnownAccount | Opening | NoAccount | Notice


@dataclass(frozen=True, kw_only=True)
class Template:
    """One kind of mail. `opens`: it carries a code or link that opens something.

    `path` is the page that its link leads to; `disavows` says that this link is « ce n'est pas
    moi ». `whole` mails are one file per language, the others one per part. `cases` are the facts
    that the text depends on: the start tries each.
    """

    name: str
    facts: type[Facts]
    opens: bool = False
    path: str | None = None
    disavows: bool = False
    whole: bool = True
    cases: tuple[Mapping[str, Any], ...] = ({},)


VALIDATION = Template(name="validation", facts=Validation, opens=True, whole=False)
FINALISATION = Template(name="finalisation", facts=Finalisation, whole=False)
KNOWN_ACCOUNT = Template(name="known_account", facts=KnownAccount, whole=False)
CONFIRMATION = Template(
    name="confirmation",
    facts=Confirmation,
    path="/accueil",
    whole=False,
    cases=tuple({"position": position} for position in POSITIONS),
)

PASSWORD_RESET = Template(
    name="password_reset",
    facts=Opening,
    opens=True,
    path="/mot-de-passe",
    cases=({"thaws": False}, {"thaws": True}),
)
ADDRESS_CODE = Template(name="address_code", facts=Opening, opens=True)
NEW_ADDRESS_CODE = Template(name="new_address_code", facts=Opening, opens=True)
LOST_PHONE = Template(
    name="lost_phone",
    facts=Opening,
    opens=True,
    path="/telephone-perdu/confirmer",
    cases=({"stolen": False}, {"stolen": True}),
)
NO_ACCOUNT = Template(
    name="no_account",
    facts=NoAccount,
    path="/connexion",
    cases=tuple(
        {"about": about, "closed": closed}
        for closed in (False, True)
        for about in ("password", "phone")
    ),
)


def _notice(name: str, *cases: Mapping[str, Any]) -> Template:
    """A security notice with its « ce n'est pas moi » link."""
    return Template(
        name=name,
        facts=Notice,
        path="/ce-n-est-pas-moi",
        disavows=True,
        cases=cases or ({},),
    )


PASSWORD_CHANGED = _notice("password_changed", {"by": "reset"}, {"by": "person"})
ADDRESS_CHANGE_ASKED = _notice("address_change_asked")
#: To the former address, and to the one in force.
ADDRESS_CHANGED = _notice("address_changed", {"by": "holder"}, {"by": "desk"})
ADDRESS_IN_FORCE = _notice("address_in_force", {"by": "holder"}, {"by": "desk"})
PHONE_ENROLLED = _notice("phone_enrolled")
PHONE_REPLACED = _notice("phone_replaced", {"by": "phone"}, {"by": "recovery"})
PHONE_REMOVED = _notice("phone_removed")
RECOVERY_CODE_USED = _notice("recovery_code_used", {"left": 9}, {"left": 1}, {"left": 0})
RECOVERY_CODES_REPLACED = _notice("recovery_codes_replaced")
SIGN_IN_LOCKED = _notice("sign_in_locked")
CODES_LOCKED = _notice("codes_locked", {"kind": "totp"}, {"kind": "recovery"})
CODE_REFUSED = _notice("code_refused", {"kind": "totp"}, {"kind": "recovery"})
NEW_DEVICE = _notice("new_device", {"failures": 0}, {"failures": 1}, {"failures": 4})
OPENED_AFTER_FAILURES = _notice("opened_after_failures")
ACCOUNT_THAWED = _notice("account_thawed")
ACCOUNT_FROZEN = Template(
    name="account_frozen",
    facts=Notice,
    path="/mot-de-passe-oublie",
    cases=tuple(
        {"by": by, "desk_only": desk_only}
        for by in ("holder", "lost_phone", "desk")
        for desk_only in (False, True)
    ),
)
ACCOUNT_DEACTIVATED = Template(name="account_deactivated", facts=Notice)

TEMPLATES = {
    each.name: each
    for each in (
        VALIDATION,
        FINALISATION,
        KNOWN_ACCOUNT,
        CONFIRMATION,
        PASSWORD_RESET,
        ADDRESS_CODE,
        NEW_ADDRESS_CODE,
        LOST_PHONE,
        NO_ACCOUNT,
        PASSWORD_CHANGED,
        ADDRESS_CHANGE_ASKED,
        ADDRESS_CHANGED,
        ADDRESS_IN_FORCE,
        PHONE_ENROLLED,
        PHONE_REPLACED,
        PHONE_REMOVED,
        RECOVERY_CODE_USED,
        RECOVERY_CODES_REPLACED,
        SIGN_IN_LOCKED,
        CODES_LOCKED,
        CODE_REFUSED,
        NEW_DEVICE,
        OPENED_AFTER_FAILURES,
        ACCOUNT_THAWED,
        ACCOUNT_FROZEN,
        ACCOUNT_DEACTIVATED,
    )
}


def examples(template: Template) -> Iterator[Facts]:
    """Made-up facts of each case of a mail, to try its text with."""
    then = datetime.fromisoformat("2026-01-01T08:00:00+00:00")
    known = {
        "first_name": "Anne",
        "last_name": "Durand",
        "terms_version": "1",
        "company_name": "Pharmacie Durand",
        "city": "Lyon",
        "country": "FR",
        "position_other": "Personne qualifiée",
        "device": "Firefox, Windows",
        "network": "192.0.2.0/24",
        "left": 9,
        "failures": 3,
    }
    moments = ("requested_at", "expires_at", "terms_accepted_at", "enrol_before", "validated_at")
    values = known | dict.fromkeys((*moments, "at", "until"), then)
    for case in template.cases:
        given = {k: v for k, v in values.items() if k in template.facts.__struct_fields__}
        yield msgspec.convert(given | dict(case), template.facts)
