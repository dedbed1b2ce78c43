"""Events about one dossier with plausible fields, versions 1 to 5."""

from datetime import UTC, datetime
from typing import Any

from shared.contracts import backoffice

#: The time of the events.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
OTHER_ACCOUNT = "7a9d2a66-52a1-4d1c-8b54-0f6a4f0f7c22"


def _fields(dossier_id: str, version: int, changes: dict[str, Any]) -> dict[str, Any]:
    common = {"dossier_id": dossier_id, "version": version, "kind": "AI"}
    return common | {"number": f"26-{dossier_id}"} | changes


def _contents(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "establishment": "Pharmacie du Marché",
        "medicine": "Paracétamol Exemple",
        "dosage": "500 mg",
        "pharmaceutical_form": "comprimé",
    } | changes


def saved(dossier_id: str = "d1", version: int = 1, **changes: Any) -> backoffice.DossierSaved:
    """A draft."""
    changes = {"saved_at": START, "number": ""} | changes
    return backoffice.DossierSaved(**_fields(dossier_id, version, _contents(changes)))


def filed(dossier_id: str = "d1", version: int = 2, **changes: Any) -> backoffice.DossierFiled:
    """The dossier is filed."""
    changes = {"filed_at": START} | changes
    return backoffice.DossierFiled(**_fields(dossier_id, version, _contents(changes)))


def changed(
    dossier_id: str = "d1", version: int = 3, **changes: Any
) -> backoffice.DossierStatusChanged:
    """The dossier is under review."""
    changes = {"status": "under_review", "changed_at": START} | changes
    return backoffice.DossierStatusChanged(**_fields(dossier_id, version, changes))


def decided(dossier_id: str = "d1", version: int = 4, **changes: Any) -> backoffice.DossierDecided:
    """The dossier is granted."""
    changes = {"status": "granted", "decided_at": START} | changes
    return backoffice.DossierDecided(**_fields(dossier_id, version, changes))


def withdrawn(
    dossier_id: str = "d1", version: int = 5, **changes: Any
) -> backoffice.DossierWithdrawn:
    """The applicant withdraws it."""
    return backoffice.DossierWithdrawn(
        **_fields(dossier_id, version, {"withdrawn_at": START} | changes)
    )
