"""`impex demo`: fill an account's home page, so that a newcomer sees what it is for.

Forty dossiers in every state, sent as any application sends them; establishments and medicines are
invented. The same account and day give the same dossiers, so a second run changes nothing. Works
only with the `impex up` of this folder: servers that settings name may have real people's data.
"""

import argparse
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from operations.install.paths import paths
from operations.local.state import read_running_state
from operations.operate.dossiers import PUBLISHER, DossierMessage, publish
from operations.operate.endpoints import as_service, secret
from operations.printing import say
from services.registration.account_store import find_account_id, newest_account
from shared.contracts import backoffice
from shared.database import Connection
from shared.runtime.service import utc_now

#: Settings that would lead elsewhere.
SETTINGS = ("IMPEX_REGISTRATION_DATABASE_URL", PUBLISHER)
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


def main(options: argparse.Namespace) -> int:
    """Exit code 1 where nothing is ready here, settings lead elsewhere, or no account is found."""
    elsewhere = [name for name in SETTINGS if secret(os.environ, name) is not None]
    if elsewhere:
        say("The demo is only for what make up starts in this folder, never for real accounts.")
        say(f"Unset {' and '.join(elsewhere)}, then run this again.")
        return 1
    state = read_running_state(paths())
    if state is None:
        say("Nothing runs in this folder: start it with make up, then run this again.")
        return 1
    if not state.ready:
        say("IMPEXWEB is still starting: run this again when make up has printed its addresses.")
        return 1
    portal = state.addresses["portal"]
    found = as_service("registration", lambda tx: _account(tx, options.address))
    if found is None:
        whose = f"No account has the address {options.address}."
        say(whose if options.address else "There is no account yet.")
        say(f"Open {portal}, create one as the README says, then run this again.")
        return 1
    account_id, address = found
    publish(generate(account_id, utc_now()))
    say(f"\nNext: sign in as {address} and open {portal}/accueil.")
    return 0


async def _account(tx: Connection, address: str | None) -> tuple[str, str] | None:
    if address is None:
        return await newest_account(tx)
    account_id = await find_account_id(tx, address)
    return None if account_id is None else (account_id, address)


def generate(account_id: str, now: datetime) -> list[DossierMessage]:
    """The events of all the dossiers, each dossier's in their order."""
    messages: list[DossierMessage] = []
    establishments, medicines = cycle(ESTABLISHMENTS), cycle(MEDICINES)
    lifecycles = (one for one in LIFECYCLES for _ in range(one[2]))
    for place, (kind, end, _count) in enumerate(lifecycles, 1):
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
        messages += (
            DossierMessage(account_id=account_id, event=event)
            for event in _lifecycle(dossier, end, number, begun)
        )
    return messages


def _lifecycle(
    dossier: dict[str, Any], end: str, number: str, begun: datetime
) -> Iterator[backoffice.DossierEvent]:
    """The events of one dossier until it is `end`: days apart."""
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
