"""Messages of the list of dossiers that the home page shows, and of their transfers."""

from datetime import date, datetime

import msgspec

from shared.contracts.base import Event, Reply, Request, event, request

OWNER = "dossiers"
#: The tabs of the home page, in the order of the guide. « traitées »: decided or withdrawn.
TABS = (
    "declarations_filed",
    "declarations_processed",
    "authorisations_filed",
    "authorisations_processed",
)
#: What a tab may be sorted by; rows alike go by `dossier_id`.
SORTS = (
    "kind",
    "number",
    "filed_on",
    "status",
    "establishment",
    "medicine",
    "dosage",
    "pharmaceutical_form",
    "decided_on",
)
MAX_ROWS = 500
#: Why a message is refused: no envelope, a type that its publisher may not publish, an unknown
#: type, wrong fields, a wrong value, a dossier of another account or of another application, or a
#: fault of ours, after which an operator may have it handled again.
REFUSAL_REASONS = (
    "unreadable",
    "not_allowed",
    "unknown_type",
    "wrong_fields",
    "invalid",
    "another_account",
    "another_application",
    "failed",
)


class DossierRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. Dates are the agency's calendar days (Europe/Paris)."""

    dossier_id: str
    kind: str
    number: str
    status: str
    establishment: str
    medicine: str
    dosage: str
    pharmaceutical_form: str
    filed_on: date | None = None
    decided_on: date | None = None


class DossiersView(Reply, frozen=True, kw_only=True):
    """A page of one tab. `total` counts what matches in the tab, `counts` all of each tab, in the
    order of `TABS`; `statuses` are those that occur in the tab. `page` is the last one where a
    later one was asked for."""

    rows: tuple[DossierRow, ...]
    page: int
    pages: int
    total: int
    counts: tuple[int, ...]
    statuses: tuple[str, ...]


class DossierRowsView(Reply, frozen=True, kw_only=True):
    """Some rows, and after which one to go on; `after` is None at the end."""

    rows: tuple[DossierRow, ...]
    after: str | None = None


@request(OWNER, DossiersView, changes=False)
class ListDossiers(Request, frozen=True, kw_only=True):
    """A page of one tab of an account's dossiers.

    `search` is looked for in number, establishment, medicine, dosage and form, without case and
    accents. `kind` and `status` filter where not empty. `sort` is one of `SORTS`. `size` is 1 to
    100. Refused with `unknown_choice` (params: field).
    """

    account_id: str
    tab: str
    search: str = ""
    kind: str = ""
    status: str = ""
    sort: str = "filed_on"
    descending: bool = True
    page: int = 1
    size: int = 20


@request(OWNER, DossierRowsView, changes=False)
class ReadDossiers(Request, frozen=True, kw_only=True):
    """All matching rows, a limited number at a time, sorted as by `ListDossiers`: for a download.

    An empty `tab` is every tab. `after` continues where the previous reply ended. Refused with
    `unknown_choice` (params: field).
    """

    account_id: str
    tab: str = ""
    search: str = ""
    kind: str = ""
    status: str = ""
    sort: str = "filed_on"
    descending: bool = True
    after: str = ""


@event(OWNER)
class DossiersTransferred(Event, frozen=True, kw_only=True):
    """The desk gave the dossiers of one account, `count` of them, to another one.

    Events of the application that files dossiers may go on naming the old account: they follow.
    Until `undo_until` the transfer can be undone.
    """

    transfer_id: str
    from_account_id: str
    to_account_id: str
    count: int
    transferred_at: datetime
    undo_until: datetime


@event(OWNER)
class DossierTransferUndone(Event, frozen=True, kw_only=True):
    """The dossiers of a transfer, `count` of them, are back at `from_account_id`."""

    transfer_id: str
    from_account_id: str
    to_account_id: str
    count: int
    undone_at: datetime


@event(OWNER)
class ActNotCarriedOut(Event, frozen=True, kw_only=True):
    """A transfer could not be undone: it was undone, is too old, or its dossiers went on. `why` is
    `cannot_be_undone`."""

    proposal_id: str
    why: str
    refused_at: datetime


@event(OWNER, to_partner=True)
class DossierAccepted(Event, frozen=True, kw_only=True):
    """A message of this partner about a dossier was handled, whether it changed the dossier or was
    older than what is known. It may follow a refusal of the same message, once its cause is mended.

    `message_id` and `type` are those of the message.
    """

    message_id: str
    type: str
    dossier_id: str
    version: int
    accepted_at: datetime


@event(OWNER, to_partner=True)
class DossierRefused(Event, frozen=True, kw_only=True):
    """A message of this partner became a dead letter: it changed nothing.

    `message_id` and `type` are those that the partner wrote, cut to 255 characters. `reason` is one
    of `REFUSAL_REASONS`, `detail` an English sentence for people, without a value of the message.
    `dossier_id` is empty where the message could not be read.
    """

    message_id: str
    type: str
    reason: str
    detail: str
    dossier_id: str
    refused_at: datetime
