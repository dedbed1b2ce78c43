"""The states of the pages about personal data: address, export, correction, departure."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from services.gateway.features.data_export.data_export_page import build_sections
from services.gateway.features.data_export.personal_data import PersonalData
from services.gateway.features.support_requests import support_request_forms
from tests.support.pages.page_basis import ADDRESS, BRAND, NOW, State, form, me
from tests.support.pages.sign_in_states import flash, refused

NEW = "pierre.lefebvre@hopital-des-tilleuls.example"
PENDING_CHANGE = SimpleNamespace(
    address=NEW, code_sent_at=NOW, expires_at=NOW + timedelta(hours=1), resends_left=4, tries_left=5
)
DOCUMENTS: dict[str, Any] = {
    "registration": {
        "account": [
            {
                "account_id": "kQ2vX7mB1nP4sT8wZ3cF6hJ9lR5yD0gA-eU_iO2xV7q",
                "address": ADDRESS,
                "first_name": "Pierre",
                "last_name": "Durand-Lefebvre",
                "state": "active",
                "created_at": "2026-10-02T08:12:00Z",
                "only_the_desk_thaws": False,
            }
        ],
        "terms": [
            {"version": "2026-01", "sha256": "5e" * 32, "accepted_at": "2026-10-02T08:12:00Z"}
        ],
        "address_change": [],
    },
    "profile": {
        "information": [
            {
                "company_name": "Pharmacie des Lilas",
                "position": "responsible_pharmacist",
                "siret": "73282932000074",
                "terms": True,
            }
        ]
    },
    "dossiers": {
        "dossiers": [
            {"number": f"AI-2026-{number:05}", "kind": "AI", "filed_on": "2026-11-02"}
            for number in range(23)
        ]
    },
    "mfa": {"wrong_codes": []},
    "gateway": {
        "sessions": [
            {"device": "Firefox, Windows", "network": "2001:db8:85a3:8d3::/64", "opened_at": NOW}
        ]
    },
    "mailer": {
        "mails": [
            {
                "kind": "finalisation",
                "state": "accepted",
                "address": ADDRESS,
                "told": {"last_name": "Durand-Lefebvre", "terms_version": "2026-01"},
            }
        ]
    },
}
TYPED = {"about": "establishment", "text": "La rue a changé de nom :\nrue des Tilleuls."}


def rights() -> list[State]:
    """Every one of them."""
    return [*_address(), *_data(), *_desk()]


def _recovery_address() -> list[State]:
    """The recovery address: none, one, one that waits for its code."""
    page, path = "recovery_address.html", "/compte/adresse-de-secours"
    none = SimpleNamespace(
        address="", verified_at=None, pending="", code_sent_at=None, expires_at=None, tries_left=0
    )
    one = SimpleNamespace(**{**vars(none), "address": "p@maison.example", "verified_at": NOW})
    waiting = SimpleNamespace(
        **{
            **vars(none),
            "pending": "p@maison.example",
            "code_sent_at": NOW,
            "expires_at": NOW + timedelta(hours=1),
            "tries_left": 5,
        }
    )
    wrong = form({"address": "p"}, {"address": ["Saisissez une adresse au format nom@exemple.fr."]})
    refused = form(alert="Ce code n'est pas celui du dernier message.", alert_field="code")
    removal = "recovery_address_removal.html"

    def state(name: str, own: SimpleNamespace, shown: Any = None, *, code: bool = False) -> State:
        given = {"form": shown or form(), "own": own, "asks_code": code}
        return State(f"recovery_address{name}", page, given, path, me=me())

    return [
        state("", none),
        state("-one", one),
        state("-waiting", waiting),
        state("-errors", none, wrong),
        state("-code", waiting, code=True),
        state("-code-refused", waiting, refused, code=True),
        State("recovery_address-removal", removal, {"form": form(), "own": one}, path, me=me()),
        State("recovery_address-removed", removal, {"form": form(), "own": none}, path, me=me()),
    ]


def _address() -> list[State]:
    page, code = "account_address.html", "account_address_code.html"
    path, proof = "/compte/adresse", "/compte/adresse/validation"
    wrong = form(
        {"address": "pierre.lefebvre@"},
        {
            "address": ["Saisissez une adresse au format nom@exemple.fr."],
            "password": ["Ne doit pas contenir une partie de votre adresse."],
        },
    )
    asked = {
        "address": "pierre@gmial.com",
        "address_question": "kQ2vX7mB1nP4sT8wZ3cF6hJ9lR5yD0gA-eU_iO2xV7q",
    }
    typo = form(asked, suggestion="pierre@gmail.com")
    void = {"change": SimpleNamespace(**{**vars(PENDING_CHANGE), "tries_left": 0})}
    unavailable = refused("unavailable", None)
    asked = {"change": PENDING_CHANGE, "resend_in": 0, "form": form()}
    return [
        *_recovery_address(),
        State("address_change", page, {"form": form(), "pending": None}, path, me=me()),
        State(
            "address_change-pending",
            page,
            {"form": form(), "pending": PENDING_CHANGE},
            path,
            me=me(),
        ),
        State("address_change-errors", page, {"form": wrong, "pending": None}, path, me=me()),
        State("address_change-suggestion", page, {"form": typo, "pending": None}, path, me=me()),
        State(
            "address_change-taken",
            page,
            {"form": form(), "pending": None, **flash("address_taken")},
            path,
            me=me(),
        ),
        State("address_change_code", code, {**asked, "resend_in": 42}, proof, me=me()),
        State("address_change_code-void", code, {**asked, **void}, proof, me=me()),
        State(
            "address_change_code-unavailable", code, {**asked, "form": unavailable}, proof, me=me()
        ),
    ]


def _held(name: str, *missing: str) -> State:
    documents = {key: value for key, value in DOCUMENTS.items() if key not in missing}
    data = PersonalData(documents=documents, missing=missing)

    def localized(lang: str) -> dict[str, Any]:
        return {"parts": build_sections(data, lang, BRAND.names(lang))}

    given = {"missing": missing, "made_at": NOW}
    return State(
        name, "personal_data.html", given, "/compte/mes-donnees", me=me(), localized=localized
    )


def _data() -> list[State]:
    page = "personal_data_code.html"
    wrong = refused("totp_wrong_code", tries_left=3)
    return [
        State("data-code", page, {"form": form()}, "/compte/mes-donnees", me=me()),
        State("data-code-wrong", page, {"form": wrong}, "/compte/mes-donnees", me=me()),
        _held("data"),
        _held("data-missing", "mfa", "mailer"),
    ]


def _wrong(values: dict[str, str], **codes: str) -> SimpleNamespace:
    return form(values, support_request_forms.refused(codes, "fr"))


def _desk() -> list[State]:
    correction, leaving = "correction_request.html", "leaving.html"
    report = "departure_report.html"
    empty = _wrong({}, about="about_missing", text="text_missing")
    long = _wrong(TYPED, text="too_long")
    undated = _wrong({"remark": "Mme Petit reprend."}, date="date", confirm="confirm_missing")
    bad = _wrong(
        {"address": "jean"},
        address="address_format",
        establishment="establishment_missing",
        reporter_name="reporter_name_missing",
        reporter_address="reporter_address_missing",
    )
    unavailable = form(TYPED, alert=refused("unavailable", None).alert)
    known = form({"reporter_name": "Pierre Durand", "reporter_address": ADDRESS})
    many = refused("too_many_requests_network", None, wait="42 min", time="10:44 (heure de Paris)")
    sent = {"answer_by": "2026-12-04", "sent": "k1.AAAA"}
    number = {"number": "COR-K7QMR-2RXCV", **sent}
    left = {"number": "DEP-K7QMR-2RXCV", "date": "2026-12-31", **sent}
    return [
        State("correction", correction, {"form": form()}, "/compte/correction", me=me()),
        State("correction-empty", correction, {"form": empty}, "/compte/correction", me=me()),
        State("correction-long", correction, {"form": long}, "/compte/correction", me=me()),
        State(
            "correction-unavailable",
            correction,
            {"form": unavailable},
            "/compte/correction",
            me=me(),
        ),
        State("correction-sent", "correction_requested.html", number, me=me()),
        State("leaving", leaving, {"form": form()}, "/compte/depart", me=me()),
        State("leaving-errors", leaving, {"form": undated}, "/compte/depart", me=me()),
        State("leaving-sent", "leaving_submitted.html", left, me=me()),
        State("departure", report, {"form": form()}, "/signaler-un-depart"),
        State("departure-inside", report, {"form": known}, "/signaler-un-depart", me=me()),
        State("departure-errors", report, {"form": bad}, "/signaler-un-depart"),
        State("departure-many", report, {"form": many}, "/signaler-un-depart"),
        State("departure-sent", "departure_reported.html", {"number": "DEP-K7QMR-2RXCV", **sent}),
        *_writing(),
    ]


def _writing() -> list[State]:
    promised = {"answer_by": "2026-12-03"}
    sent = {"number": "MSG-K7QMR-2RXCV", "answer_by": "2026-12-03", "sent": "k1.AAAA"}
    wrong = _wrong(
        {"address": "jean"},
        text="message_missing",
        name="name_missing",
        address="address_format",
    )
    same = {"account_address": ADDRESS, "address": ADDRESS, "name": "Pierre", "text": "Rien."}
    dead = _wrong(same, address="same_address")
    many = refused("too_many_requests_to_desk", None, wait="3 h", time="12:44 (heure de Paris)")
    write, mailbox = "/aide/ecrire", "/aide/messagerie"
    return [
        State("write", "write.html", {"form": form(), **promised}, write),
        State("write-inside", "write.html", {"form": form(), **promised}, write, me=me()),
        State("write-errors", "write.html", {"form": wrong, **promised}, write),
        State("write-many", "write.html", {"form": many, **promised}, write),
        State("mailbox", "mailbox.html", {"form": form(), **promised}, mailbox),
        State("mailbox-inside", "mailbox.html", {"form": form(), **promised}, mailbox, me=me()),
        State("mailbox-errors", "mailbox.html", {"form": dead, **promised}, mailbox),
        State("request-sent", "request_sent.html", sent),
        State("request-sent-inside", "request_sent.html", sent, me=me()),
    ]
