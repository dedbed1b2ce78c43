"""States of the desk's search and of an account's page."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from services.gateway.desk.account_texts import ShownAccount
from services.gateway.desk.features.account.account_texts import kept_back_text
from services.gateway.desk.features.account.account_view import (
    PlannedAct,
    PlannedReplacement,
    Shown,
    ShownAct,
    ShownDossier,
    ShownMail,
    ShownRequest,
    Story,
    StoryLine,
)
from services.gateway.portal.journal_texts import Sentence
from tests.support.pages.page_basis import NOW, State, form

ACCOUNT_ID = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
LONG = "Établissement pharmaceutique de la Vallée-de-la-Haute-Saône"


def _row(number: int, **changes: Any) -> ShownAccount:
    known: dict[str, Any] = {
        "account_id": f"{ACCOUNT_ID[:-1]}{number}",
        "person": "É… DE LA TOUR-D’AUVERGNE",
        "address": "e…@pharmacie-des-lilas.example",
        "establishment": LONG,
        "town": "Saint-Étienne",
        "state": "Actif",
        "badge": "success",
        "last_sign_in": date(2026, 11, 20),
    }
    return ShownAccount(**known | changes)


ROWS = [
    _row(1),
    _row(2, state="Bloqué", badge="warning", last_sign_in=None),
    _row(3, person="", address="", state="", last_sign_in=None),
]


def _found(**changes: Any) -> dict[str, Any]:
    known = {"kinds": "SIRET", "more": False, "rows": ROWS, "missing": []}
    return known | changes


def _search(shown: SimpleNamespace | None = None, **more: Any) -> dict[str, Any]:
    shown = shown or form({"search": "durand"})
    return {"form": shown, "found": None, "expired": False, "allowed": None} | more


ACCOUNT = Shown(
    account_id=ACCOUNT_ID,
    person="Élodie DE LA TOUR-D’AUVERGNE",
    state="Actif",
    badge="success",
    created_at=NOW - timedelta(days=600),
    last_sign_in=NOW - timedelta(days=2),
    support_only=False,
    factor="depuis le 3 février 2024, 8 codes de secours",
    facts=(("email", "Email", "elodie@pharmacie-des-lilas.example"),),
    information="validées",
    establishment=(("siret", "N° de Siret", "732 829 320 00074"),
                   ("company_name", "Raison sociale", LONG)),
    check="trouvé dans l'annuaire des entreprises",
    colleagues=ROWS,
    more_colleagues=True,
    sessions=(
        SimpleNamespace(
            device="Firefox, Windows", network="192.0.2.0/24", opened_at=NOW, seen_at=NOW
        ),
    ),
    mails=[
        ShownMail(
            mail_id="m",
            written_at=NOW,
            name="Nom changé par le secrétariat",
            outcome="non remis, boîte inconnue",
            server_answer="5.1.1 no such user",
            kept_back="",
        ),
        ShownMail(
            mail_id="n",
            written_at=NOW,
            name="Nouveau mot de passe",
            outcome="accepté",
            server_answer="",
            kept_back=kept_back_text("secret_gone", "password_reset", "fr"),
        ),
    ],
    dossiers=[
        ShownDossier(
            number="AI-2026-000123",
            kind="AI",
            status="Déposé",
            medicine="Paracétamol Exemple",
            filed_on=date(2026, 11, 20),
        )
    ],
    dossiers_total=12,
    masked=["Téléphone", "Qualité"],
    missing=[],
    unavailable=(),
    reasons=["correction demandée"],
    choices=[("question", "Question de la personne", "nom et état")],
)  # fmt: skip
STORY = Story(
    days=[
        (
            date(2026, 11, 23),
            [
                StoryLine(
                    happened_at=NOW,
                    sentence=Sentence(
                        what="Compte consulté",
                        who="Zoé Martin (Agent)",
                        why="correction demandée",
                        details=(("Numéro", "COR-A44X2-YZ7EW"),),
                    ),
                )
            ],
        )
    ],
    filters=[("", "Tout", True), ("security", "Sécurité", False)],
    show="",
    after="next",
    acts_only_before=date(2025, 11, 23),
)
PLANNED = [
    PlannedAct(
        proposal_id=ACCOUNT_ID,
        may_stop=True,
        name="Adresse changée",
        number="ACT-12",
        state="prévu",
        proposed_by="Zoé Martin",
        due_at=NOW,
        expires_at=None,
    ),
    PlannedAct(
        proposal_id=ACCOUNT_ID,
        may_stop=False,
        name="Compte débloqué",
        number="ACT-13",
        state="attend une seconde personne",
        proposed_by="Zoé Martin",
        due_at=None,
        expires_at=NOW,
    ),
    PlannedAct(
        proposal_id=ACCOUNT_ID,
        may_stop=True,
        name="Dossiers transférés",
        number="ACT-14",
        state="prévu",
        proposed_by="Zoé Martin",
        due_at=NOW,
        expires_at=None,
        receiver="M… MARTIN, m…@labo.fr, Labo Durand (Lyon)",
    ),
]
ACTS = [
    ShownAct(act="correct_information", name="Corriger les informations", how=""),
    ShownAct(act="change_address", name="Changer l'adresse", how="2 personnes, 72 h"),
    ShownAct(act="release_address", name="Libérer l'adresse", how="2 personnes"),
    ShownAct(act="end_sessions", name="Fermer les sessions", how=""),
]
REQUESTS = [
    ShownRequest(
        number="COR-A44X2-YZ7EW",
        href="",
        kind="Correction",
        state="en cours",
        received_at=NOW,
        answer_by=date(2026, 11, 20),
        late=True,
    ),
    ShownRequest(
        number="MSG-A44X2-YZ7EW",
        href="",
        kind="Message au secrétariat",
        state="faite",
        received_at=NOW,
        answer_by=None,
        late=False,
    ),
]
OPEN = ("colleagues", "dossiers", "mails", "sessions", "name")


def _account(shown: Shown = ACCOUNT, **more: Any) -> dict[str, Any]:
    view = SimpleNamespace(reasons=("correction",), open=OPEN, own=False, opened=3, allowed=100)
    given = {
        "form": form(),
        "account": shown,
        "view": view,
        "story": STORY,
        "planned": PLANNED,
        "replacements": [],
        "acts": ACTS,
        "number": "",
        "requests": REQUESTS,
        "may_act": True,
        "notice": False,
        "full": False,
    }
    given["form"].typed = False
    return given | more


def _closed(shown: Shown = ACCOUNT, **more: Any) -> dict[str, Any]:
    view = SimpleNamespace(reasons=(), open=(), own=more.pop("own", False), opened=84, allowed=100)
    masked = replace(shown, person="É… DE LA TOUR-D’AUVERGNE", reasons=[])
    return _account(masked, view=view, story=None, planned=None, acts=[], requests=None, **more)


UNAVAILABLE = replace(
    ACCOUNT,
    establishment=(),
    colleagues=None,
    sessions=None,
    mails=None,
    dossiers=None,
    factor=None,
    missing=["sessions", "messages envoyés"],
    unavailable=("profile", "gateway", "mailer"),
)


def account_states(me: SimpleNamespace) -> tuple[State, ...]:
    """Every state, seen by `me`."""
    wrong = form({"search": "zz"}, {"search": ["Saisissez au moins 3 caractères."]})
    refused = form(alert="Choisissez une raison.")
    refused.typed = True
    states = {
        "search": ("account_search.html", _search(form())),
        "search-refused": ("account_search.html", _search(wrong)),
        "search-found": ("account_search.html", _search(found=_found())),
        "search-more": (
            "account_search.html",
            _search(found=_found(more=True, missing=["informations et établissement"])),
        ),
        "search-nothing": ("account_search.html", _search(found=_found(rows=[]))),
        "search-expired": ("account_search.html", _search(form(), expired=True)),
        "search-limit": ("account_search.html", _search(allowed=200)),
        "look": ("desk_account.html", _account()),
        "look-audit": ("desk_account.html", _account(acts=[], requests=[], planned=[])),
        "look-alone": (
            "desk_account.html",
            _account(
                planned=[],
                replacements=[
                    PlannedReplacement(number="TEL-K7QMR-2RXCV", opens_at=NOW + timedelta(days=3))
                ],
            ),
        ),
        "look-unavailable": (
            "desk_account.html",
            _account(UNAVAILABLE, story=None, planned=None, requests=None),
        ),
        "look-closed": ("desk_account.html", _closed()),
        "look-notice": ("desk_account.html", _closed(notice=True)),
        "look-refused": ("desk_account.html", _closed(form=refused)),
        "look-own": ("desk_account.html", _closed(own=True)),
        "look-full": ("desk_account.html", _closed(full=True)),
    }
    return tuple(
        State(f"desk-{name}", template, variables, me=me)
        for name, (template, variables) in states.items()
    )
