"""Searches of agents, and looks at accounts: what each may see, and why.

Owners are asked by support alone: the desk gets of an account what the reasons of the agent open,
and nothing else. Each search and look is in the journal.

Requests are refused with `forbidden` (one's role) or `not_found`.
"""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.dossiers import DossierRow
from shared.contracts.gateway_desk import SessionRecord
from shared.contracts.mailer_desk import MailRecord
from shared.contracts.support.agents import OWNER

#: What a text can be searched as.
SEARCH_KINDS = ("request", "siret", "phone", "address", "dossier", "name", "establishment")
#: Accounts that an agent opens in a day before the desk points it out, and at most without the
#: agreement of a supervisor; each agreement allows as many again, that day.
NOTICE_ACCOUNTS = 80
MAX_ACCOUNTS = 100


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of accounts. `person` and `address` are masked (`M… DURAND`,
    `m…@labo.fr`), and empty while registration is away. `state` is `active`, `frozen`, `thawing`,
    `deactivated` or `no_password`; `exact`: what was typed is all of it.
    """

    account_id: str
    person: str = ""
    address: str = ""
    establishment: str = ""
    town: str = ""
    state: str = ""
    last_sign_in: datetime | None = None
    exact: bool = False


class AccountsFoundView(Reply, frozen=True, kw_only=True):
    """What was found. `kinds` is what the text was taken for, the likeliest first.

    `rows` is the JSON of a list of `AccountRow`, sealed for the desk; `more`: others match too.
    `request_number` is set where the text is the number of a request. `away` names owners that did
    not answer: what they hold may be missing.
    """

    kinds: tuple[str, ...]
    count: int
    more: bool = False
    rows: Sealed | None = None
    request_number: str = ""
    away: tuple[str, ...] = ()


class AccountOpenedView(Reply, frozen=True, kw_only=True):
    """The account is open until midnight in Paris. `opened` counts the agent's accounts of today,
    of which `allowed` are permitted."""

    opened: int
    allowed: int
    until: datetime


class PersonDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is. Masked, or empty, where no reason opens it."""

    person: str = ""
    address: str = ""
    telephone: str = ""
    telephone_extension: str = ""
    position: str = ""
    position_other: str = ""
    language: str = ""


class StateDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an account; `state` as in `AccountRow`. `support_only`: only the desk opens it
    again. `profile_state` is `none`, `draft` or `validated`."""

    state: str
    support_only: bool
    created_at: datetime
    frozen_at: datetime | None = None
    address_changed_at: datetime | None = None
    last_sign_in: datetime | None = None
    profile_state: str = "none"
    validated_at: datetime | None = None


class EstablishmentDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The establishment that was declared. Name and town are always shown; the rest is empty where
    no reason opens it."""

    company_name: str = ""
    city: str = ""
    siret: str = ""
    siret_check: str = ""
    closed_on: str = ""
    establishment_type: str = ""
    establishment_type_other: str = ""
    address: str = ""
    address_extra: str = ""
    postal_code: str = ""
    country: str = ""
    vat: str = ""
    lei: str = ""
    eori: str = ""


class FactorDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The second factor: since when, and how many recovery codes are left."""

    enrolled_at: datetime | None = None
    recovery_left: int = 0
    recovery_kept: bool = False


class AccountDetails(msgspec.Struct, frozen=True, kw_only=True):
    """An account as an agent may see it now. A block is None where it is masked or its owner did
    not answer: `AccountView.masked` and `away` say which."""

    account_id: str
    state: StateDetails | None = None
    person: PersonDetails | None = None
    establishment: EstablishmentDetails | None = None
    colleagues: tuple[AccountRow, ...] | None = None
    more_colleagues: bool = False
    factor: FactorDetails | None = None
    sessions: tuple[SessionRecord, ...] | None = None
    mails: tuple[MailRecord, ...] | None = None
    dossiers: tuple[DossierRow, ...] | None = None
    dossiers_total: int = 0


class OfferedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that the agent may propose for the account, in its state. `two_people`: a second agent
    approves it; then it waits `delay_minutes`."""

    act: str
    two_people: bool = False
    delay_minutes: int = 0


class AccountView(Reply, frozen=True, kw_only=True):
    """An account. `details` is the JSON of `AccountDetails`, sealed for the desk.

    `reasons` are those that the agent gave today, until `until`; without any the account is closed:
    `details` holds who it is, masked, and its state. `choices` are reasons that the role may
    give. `open` and `masked` are fields (`services/support/permissions.py`), `away` owners that did
    not answer. `own`: the agent's own account, which does not open. `acts` are those of an open
    account that the agent may propose.
    """

    details: Sealed
    choices: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    until: datetime | None = None
    open: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    own: bool = False
    acts: tuple[OfferedAct, ...] = ()
    opened: int = 0
    allowed: int = MAX_ACCOUNTS


@request(OWNER, AccountsFoundView, changes=True, reply_seconds=900)
class SearchAccounts(Request, frozen=True, kw_only=True):
    """Search accounts by what an agent typed, whatever it is. The journal has what it was taken for
    and how many were found, never the text. Refused with `invalid_fields` (errors: text; `missing`,
    `too_long`, `too_short`) or `too_many_searches` (params: allowed): those of today."""

    agent_id: str
    text: Sealed


@request(OWNER, AccountOpenedView, changes=True)
class OpenAccount(Request, frozen=True, kw_only=True):
    """Open an account for a reason, until midnight; another reason opens further fields.

    Refused with `unknown_choice` (params: field), `own_account` (the agent's own address) or
    `too_many_accounts` (params: allowed).
    """

    agent_id: str
    account_id: str
    reason: str
    request_number: str = ""


@request(OWNER, AccountView, changes=False)
class DescribeAccount(Request, frozen=True, kw_only=True):
    """An account, as far as the agent opened it today."""

    agent_id: str
    account_id: str
