"""Requests to the complementary information, and their refusals."""

from shared.contracts.base import Request, Sealed, request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.profile.events import OWNER
from shared.contracts.profile.views import EstablishmentView, ProfileView


@request(OWNER, ProfileView, changes=False)
class DescribeProfile(Request, frozen=True, kw_only=True):
    """The information of an account; state `none` if nothing was saved yet."""

    account_id: str


@request(OWNER, ProfileView, changes=True)
class SaveProfile(Request, frozen=True, kw_only=True):
    """Save a draft, valid or not, complete or not. `fields` is the JSON of `SubmittedFields`.

    `terms_version` is the version of the terms that the page showed with the checkbox. Refused with
    `already_validated`; with `changed` where another save came in between (both versions must be
    shown); with `unknown_choice` (params: field) for a value that is on no list; with
    `invalid_fields` for what cannot be stored: control characters (line ends in `closed_reason`
    aside; `forbidden_characters`), more than 500 characters (`too_long`, params: max).
    """

    account_id: str
    fields: Sealed
    terms_version: str


@request(OWNER, ProfileView, changes=True)
class ValidateProfile(Request, frozen=True, kw_only=True):
    """Freeze the draft as it was shown, `version`. Repeated after the validation, it gets the same
    reply.

    Refused with `nothing_saved`, `not_ready` (errors: everything that prevents it) or
    `changed` (another save came in between: the form must be shown again).
    """

    account_id: str
    version: int


@request(OWNER, EstablishmentView, changes=False)
class FindEstablishment(Request, frozen=True, kw_only=True):
    """Look up a SIRET while it is being typed. Never refused."""

    siret: str


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """The data that profile holds about an account (B-11): fields, states, checks."""

    account_id: str
