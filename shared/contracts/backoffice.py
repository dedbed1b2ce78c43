"""Messages of the applications that file and decide dossiers, as they must publish them (G-43).

Each is a partner: it publishes with its own broker user and owns its dossiers; we store the list of
them.
The subject of each event is the id of the account that the dossier belongs to. Events may come in
any order, and twice: `version` counts the changes of one dossier from 1, and the higher one wins.
`status` is a code that we translate (`draft`, `filed`, `under_review`, `information_requested`,
`granted`, `acknowledged`, `refused`, `withdrawn`) or any other short text, shown as it is.
"""

from datetime import datetime

from shared.contracts.base import Event, event

OWNER = "backoffice"
#: Authorisation to import; initial and complementary declaration of export.
KINDS = ("AI", "DEI", "DEC")


class DossierEvent(Event, frozen=True, kw_only=True):
    """The fields of every event about a dossier.

    `kind` is one of `KINDS`; `number` is « N° de fiche », empty while there is none yet.
    """

    dossier_id: str
    version: int
    kind: str
    number: str


class DossierContents(DossierEvent, frozen=True, kw_only=True):
    """The columns of the list that the applicant fills in."""

    establishment: str
    medicine: str
    dosage: str
    pharmaceutical_form: str


@event(OWNER, by_partners=True)
class DossierSaved(DossierContents, frozen=True, kw_only=True):
    """A draft was saved; it is not filed."""

    saved_at: datetime


@event(OWNER, by_partners=True)
class DossierFiled(DossierContents, frozen=True, kw_only=True):
    """The dossier was filed with the agency."""

    filed_at: datetime


@event(OWNER, by_partners=True)
class DossierStatusChanged(DossierEvent, frozen=True, kw_only=True):
    """The status of the dossier changed, without a decision."""

    status: str
    changed_at: datetime


@event(OWNER, by_partners=True)
class DossierDecided(DossierEvent, frozen=True, kw_only=True):
    """The agency decided; `status` is the decision."""

    status: str
    decided_at: datetime


@event(OWNER, by_partners=True)
class DossierWithdrawn(DossierEvent, frozen=True, kw_only=True):
    """The applicant withdrew the dossier."""

    withdrawn_at: datetime
