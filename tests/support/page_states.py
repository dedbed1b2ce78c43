"""The states in which each page is rendered and looked at: empty, wrong, filled, and between."""

from __future__ import annotations

import gettext
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Variables = Callable[[gettext.NullTranslations], dict[str, Any]]

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
ADDRESS = "Pierre.Durand-Lefebvre@pharmacie-des-lilas.example"
RULES = Path(__file__).parents[2] / "services/registration/data/password_rules.json"
POLICY = (
    ("mixed_case", {}),
    ("min_length", {"min": 8}),
    ("max_length", {"max": 20}),
    ("forbidden_words", {"words": ["password", "test"]}),
    ("identity", {}),
    ("common", {}),
)
BRAND: dict[str, Any] = {
    "service_name": "IMPEXWEB",
    "operator": "ANSM",
    "logo_lines": ["République", "Française"],
    "theme": "dsfr",
    "phone": "01.55.87.40.90",
    "phone_international": "+33 1 55 87 40 90",
    "import_address": "importation-medicaments@ansm.sante.fr",
    "export_address": "exportation-medicaments@ansm.sante.fr",
    "dpo": "dpo@ansm.sante.fr",
    "dpo_postal": "ANSM, DAUR, délégué à la protection des données, 143-147 Bd Anatole France",
    "sender": "impexweb@impexweb.example",
    "try_out": True,
}


@dataclass(frozen=True)
class State:
    """One page in one state: `variables` are those beside the ones every page has."""

    name: str
    template: str
    variables: Variables
    path: str = "/"
    step: int | None = None


def form(
    values: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    alert: str | None = None,
    suggestion: str | None = None,
) -> SimpleNamespace:
    """A form as views give it."""
    return SimpleNamespace(
        values=values or {}, errors=errors or {}, key="k" * 22, alert=alert, suggestion=suggestion
    )


def view(due: str = "validation", state: str = "accepted", **more: Any) -> SimpleNamespace:
    """A request as its owner sees it."""
    mail = SimpleNamespace(state=state, at=NOW, next_try_at=NOW + timedelta(minutes=5), reason=None)
    if state == "refused":
        mail.reason = "unknown_mailbox"
    proved = due != "validation"
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
        "first_name": "Pierre" if proved else None,
        "last_name": "Durand" if proved else None,
    }
    return SimpleNamespace(**{**known, **more})


def _rules() -> dict[str, Any]:
    return {"rules": json.dumps(json.loads(RULES.read_text("utf-8"))), "policy": POLICY}


TYPED = {"first_name": "Pierre", "last_name": "Durand", "address": "pierre@gmial.com"}
WRONG = {
    "first_name": ["Saisissez votre prénom."],
    "last_name": ["Le nom contient des caractères non autorisés."],
    "address": ["Saisissez une adresse au format nom@exemple.fr."],
    "password": ["Au moins 8 caractères (7 saisis)."],
}


def _wrong(_: Callable[[str], str], *names: str) -> dict[str, list[str]]:
    return {name: [_(text) for text in WRONG[name]] for name in names}


def _states() -> list[State]:
    return [
        State("welcome", "welcome.html", lambda t: {"resume": None}),
        State("welcome-resume", "welcome.html", lambda t: {"resume": view("terms")}),
        State("sign_in", "sign_in.html", lambda t: {"form": form()}, "/connexion"),
        State(
            "sign_in-refused",
            "sign_in.html",
            lambda t: {
                "form": form(
                    {"address": ADDRESS},
                    alert=t.gettext("Adresse ou mot de passe incorrect."),
                )
            },
            "/connexion",
        ),
        State("register", "register.html", lambda t: {"form": form(), **_rules()}, step=1),
        State(
            "register-errors",
            "register.html",
            lambda t: {"form": form(TYPED, _wrong(t.gettext, *WRONG)), **_rules()},
            step=1,
        ),
        State(
            "register-suggestion",
            "register.html",
            lambda t: {"form": form(TYPED, suggestion="pierre@gmail.com"), **_rules()},
            step=1,
        ),
        State(
            "error-500",
            "error.html",
            lambda t: {
                "status": 500,
                "heading": t.gettext("Une erreur est survenue de notre côté"),
                "text": t.gettext("Rechargez la page."),
                "reference": "7F3A-19C2",
                "retry_after": None,
                "way_on": ("/", t.gettext("Accueil")),
            },
        ),
        State(
            "error-429",
            "error.html",
            lambda t: {
                "status": 429,
                "heading": t.gettext("Trop d'essais"),
                "text": t.gettext("Trop de demandes depuis votre réseau."),
                "reference": None,
                "retry_after": 125,
                "way_on": ("/", t.gettext("Accueil")),
            },
        ),
    ]


STATES: list[State] = _states()
