"""Forty dossiers that nobody filed, in every state there is: establishments and medicines are
invented. The same account and day give the same dossiers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from operations.operate.publish_dossier_events import DossierMessage
from shared.contracts import backoffice

ESTABLISHMENTS = (
    "Pharmacie des Trois Fontaines",
    "Pharmacie à usage intérieur du CH de Vauclair",
    "Laboratoires Orvane",
    "Dépôt pharmaceutique Lestrange & Fils",
)
#: Name, dosage, form.
MEDICINES = (
    ("Amorilène", "500 mg", "comprimé pelliculé"),
    ("Bérosine", "2 mg/mL", "solution injectable"),
    ("Cardiolan LP", "90 mg", "gélule à libération prolongée"),
    ("Dolvex enfant", "24 mg/mL", "suspension buvable"),
    ("Élinoxa", "1 000 UI", "poudre pour solution injectable"),
    ("Fébralis", "300 mg", "suppositoire"),
    ("Glucénor", "5 mg", "comprimé sécable"),
    ("Hépavarine", "25 000 UI/5 mL", "solution pour perfusion"),
    ("Inostène", "0,5 %", "collyre"),
    ("Kératol", "2 %", "crème"),
    ("Lumicort", "100 µg/dose", "suspension pour inhalation"),
    ("Néphrodral", "40 mg", "comprimé"),
    ("Œstrévia", "50 µg/24 h", "dispositif transdermique"),
)
#: Kind, what became of it, and how many of them.
LIFECYCLES = (
    ("AI", "draft", 3),
    ("AI", "filed", 5),
    ("AI", "under_review", 4),
    ("AI", "information_requested", 2),
    ("AI", "granted", 7),
    ("AI", "refused", 2),
    ("AI", "withdrawn", 1),
    ("DEI", "draft", 1),
    ("DEI", "filed", 3),
    ("DEI", "under_review", 2),
    ("DEI", "acknowledged", 4),
    ("DEI", "withdrawn", 1),
    ("DEC", "filed", 2),
    ("DEC", "acknowledged", 2),
    ("DEC", "refused", 1),
)
DECISIONS = ("granted", "acknowledged", "refused")


def generate(account_id: str, now: datetime) -> list[DossierMessage]:
    """The events of all the dossiers, each dossier's in their order."""
    told: list[DossierMessage] = []
    establishments, medicines = cycle(ESTABLISHMENTS), cycle(MEDICINES)
    admin_urls = (life for life in LIFECYCLES for _ in range(life[2]))
    for place, (kind, end, _count) in enumerate(admin_urls, 1):
        medicine, dosage, form = next(medicines)
        dossier = {
            "dossier_id": f"demo-{account_id.replace('-', '')[:12]}-{place:02}",
            "kind": kind,
            "establishment": next(establishments),
            "medicine": medicine,
            "dosage": dosage,
            "pharmaceutical_form": form,
        }
        weeks = 17 * place % 41  # each week from 1 to 40 once, as 41 is prime
        day = now - timedelta(weeks=weeks)
        begun = day.replace(hour=8, minute=place, second=0, microsecond=0)
        number = f"{begun:%Y}-{kind}-{1500 - 7 * weeks:05}"
        told += (
            DossierMessage(account_id=account_id, event=event)
            for event in _lifecycle(dossier, end, number, begun)
        )
    return told


def _lifecycle(
    dossier: dict[str, Any], end: str, number: str, begun: datetime
) -> Iterator[backoffice.DossierEvent]:
    """What is said of one dossier until it is `end`: a day or two between two events."""
    yield backoffice.DossierSaved(**dossier, version=1, number="", saved_at=begun)
    if end == "draft":
        return
    filed_at = begun + timedelta(days=1)
    yield backoffice.DossierFiled(**dossier, version=2, number=number, filed_at=filed_at)
    if end == "filed":
        return
    known = {name: dossier[name] for name in ("dossier_id", "kind")} | {"number": number}
    after = filed_at + timedelta(days=2)
    if end == "withdrawn":
        yield backoffice.DossierWithdrawn(**known, version=3, withdrawn_at=after)
        return
    status = "under_review" if end in DECISIONS else end
    yield backoffice.DossierStatusChanged(**known, version=3, status=status, changed_at=after)
    if end in DECISIONS:
        decided_at = after + timedelta(days=3)
        yield backoffice.DossierDecided(**known, version=4, status=end, decided_at=decided_at)
