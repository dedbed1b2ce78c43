"""The service on a real database, and a clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.dossiers.outcomes import Deps
from services.dossiers.service import SERVICE
from shared.contracts import backoffice
from shared.contracts.dossiers import DossierRow, DossiersView, ListDossiers, ReadDossiers
from shared.database import Pool
from shared.security.sealing import KeyRing, Sealer, new_key
from tests.support.harness.dossier_events import ACCOUNT
from tests.support.harness.service_harness import ServiceHarness

#: After the events of the tests.
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


FILL = """
INSERT INTO dossiers (
    dossier_id, version, account_id, kind, status, processed, number_version, number, number_folded,
    contents_version, establishment, medicine, dosage, pharmaceutical_form, contents_folded,
    filed_on, decision_version, decided_on)
SELECT left($1::text, 8) || '-' || n, 2, $1::text::uuid, 'AI', 'filed', false, 2, n, n,
    2, 'Pharmacie ' || n % 7, 'Paracétamol', n % 5 || ' mg', 'comprimé',
    'pharmacie ' || n % 7 || E'\\nparacetamol\\n' || n % 5 || E' mg\\ncomprime',
    date '2026-01-15' - n % 40, 0, 'infinity'
FROM generate_series(1, $2::int) AS n
"""
KEYS = KeyRing.parse(new_key())


@dataclass
class DossiersHarness(ServiceHarness):
    """The handlers of the service, events of the back office and requests of the gateway."""

    async def deliver(self, event: backoffice.DossierEvent, account: str | None = ACCOUNT) -> None:
        """Handle an event of the back office."""
        await self.handle_event(event, account)

    async def list(self, tab: str = "authorisations_filed", **changes: Any) -> DossiersView:
        """A page of a tab."""
        request = ListDossiers(**{"account_id": ACCOUNT, "tab": tab} | changes)
        view: DossiersView = await self.ask(request)
        return view

    async def row(self, dossier_id: str = "d1", account: str = ACCOUNT) -> DossierRow | None:
        """One dossier of the account, in any tab."""
        view = await self.ask(ReadDossiers(account_id=account))
        found = {row.dossier_id: row for row in view.rows}
        return found.get(dossier_id)

    async def fill(self, account: str, count: int) -> None:
        """Insert so many filed authorisations of an account."""
        await self.fetch(FILL, account, count)


async def empty_harness(pool: Pool, now: datetime = NOW) -> DossiersHarness:
    """The service on a database whose tables it empties first."""
    harness = DossiersHarness(
        service=SERVICE,
        pool=pool,
        now=now,
        sealer=Sealer("dossiers", KEYS),
        deps=Deps(lambda event, partner: True),
    )
    await harness.clear_tables("transferred_dossiers", "transfers", "dossiers", "outcomes")
    return harness
