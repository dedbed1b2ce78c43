"""Parts of the states of pages: the brand, a form, a request, the signed-in user."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from services.gateway.http.rendering import PageBrand

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
ADDRESS = "Pierre.Durand-Lefebvre@pharmacie-des-lilas.example"
RULES = Path(__file__).parents[3] / "services/registration/data/password_rules.json"
POLICY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("mixed_case", {}),
    ("min_length", {"min": 8}),
    ("max_length", {"max": 20}),
    ("forbidden_words", {"words": ["password", "test"]}),
    ("identity", {}),
    ("common", {}),
)
BRAND = PageBrand(
    service_name="IMPEXWEB",
    operator_name="ANSM",
    logo_lines=("République", "Française"),
    theme="dsfr",
    phone="01.55.87.40.90",
    phone_international="+33 1 55 87 40 90",
    import_address="importation-medicaments@ansm.sante.fr",
    export_address="exportation-medicaments@ansm.sante.fr",
    support_address="importation-medicaments@ansm.sante.fr",
    dpo_address="dpo@ansm.sante.fr",
    dpo_postal="ANSM, DAUR, délégué à la protection des données, 143-147 Bd Anatole France",
    sender="impexweb@impexweb.example",
    try_out=True,
    recovery_codes=True,
    lost_phone_minutes=0,
)
#: Of an agency that lets people replace a lost phone without an agent.
ALONE = replace(BRAND, lost_phone_minutes=4_320)


@dataclass(frozen=True, eq=False)
class State:
    """One page in one state: `variables` are those besides the ones every page has, `localized`
    makes those that depend on the visitor's language, `me` is the signed-in user.
    """

    name: str
    template: str
    variables: dict[str, Any]
    path: str = "/"
    step: int | None = None
    me: SimpleNamespace | None = None
    localized: Callable[[str], dict[str, Any]] | None = None


def form(
    values: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    alert: str | None = None,
    suggestion: str | None = None,
    alert_field: str | None = None,
) -> SimpleNamespace:
    """A form as views give it."""
    return SimpleNamespace(
        values=values or {},
        errors=errors or {},
        key="k" * 22,
        alert=alert,
        alert_field=alert_field,
        suggestion=suggestion,
    )


def view(due: str = "validation", state: str = "accepted", **more: Any) -> SimpleNamespace:
    """An account request, as registration describes it."""
    mail = SimpleNamespace(state=state, at=NOW, next_try_at=NOW + timedelta(minutes=5), reason=None)
    if state == "refused":
        mail.reason = "unknown_mailbox"
    proved = due != "validation"  # only then with a name
    known = {
        "request_id": "r",
        "due": due,
        "address": ADDRESS,
        "language": "fr",
        "code_sent_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "resend_at": NOW + timedelta(minutes=1),
        "resends_left": 4,
        "tries_left": 5,
        "mail": mail,
        "verified_at": NOW if proved else None,
        "created_at": NOW if due == "created" else None,
        "resumed": False,
        "first_name": "Pierre" if proved else None,
        "last_name": "Durand" if proved else None,
    }
    return SimpleNamespace(**{**known, **more})


def rules() -> dict[str, Any]:
    """The variables of a page with a new password."""
    return {"rules": json.dumps(json.loads(RULES.read_text("utf-8"))), "policy": POLICY}


def me(*, full: bool = True, name: str = "Pierre Durand-Lefebvre", **more: Any) -> SimpleNamespace:
    """The signed-in user, as every page knows them."""
    known = {
        "name": name,
        "address": ADDRESS,
        "full": full,
        "validated": False,
        "idle_seconds": 1800,
        "ends_at": NOW + timedelta(hours=8),
        "left_seconds": 1800,
        "can_extend": True,
    }
    return SimpleNamespace(**{**known, **more})
