"""One dossier as it is told of: its events with plausible fields, versions 1 to 5."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.contracts import backoffice as words

#: When things were told.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINE = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
THEIRS = "7a9d2a66-52a1-4d1c-8b54-0f6a4f0f7c22"


def _told(dossier_id: str, version: int, more: dict[str, Any]) -> dict[str, Any]:
    told = {"dossier_id": dossier_id, "version": version, "kind": "AI"}
    return told | {"number": f"26-{dossier_id}"} | more


def _filled(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "establishment": "Pharmacie du Marché",
        "medicine": "Paracétamol Exemple",
        "dosage": "500 mg",
        "pharmaceutical_form": "comprimé",
    } | more


def saved(dossier_id: str = "d1", version: int = 1, **more: Any) -> words.DossierSaved:
    """A draft."""
    more = {"saved_at": START, "number": ""} | more
    return words.DossierSaved(**_told(dossier_id, version, _filled(more)))


def filed(dossier_id: str = "d1", version: int = 2, **more: Any) -> words.DossierFiled:
    """The dossier is filed."""
    more = {"filed_at": START} | more
    return words.DossierFiled(**_told(dossier_id, version, _filled(more)))


def changed(dossier_id: str = "d1", version: int = 3, **more: Any) -> words.DossierStatusChanged:
    """Somebody looks at it."""
    more = {"status": "under_review", "changed_at": START} | more
    return words.DossierStatusChanged(**_told(dossier_id, version, more))


def decided(dossier_id: str = "d1", version: int = 4, **more: Any) -> words.DossierDecided:
    """It is granted."""
    more = {"status": "granted", "decided_at": START} | more
    return words.DossierDecided(**_told(dossier_id, version, more))


def withdrawn(dossier_id: str = "d1", version: int = 5, **more: Any) -> words.DossierWithdrawn:
    """The applicant takes it back."""
    return words.DossierWithdrawn(**_told(dossier_id, version, {"withdrawn_at": START} | more))
