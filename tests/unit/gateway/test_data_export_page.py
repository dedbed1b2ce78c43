"""The data export, as the page shows it (B-11)."""

import re
from pathlib import Path
from typing import Any

import pytest

from services.gateway.features.data_export.data_export_labels import FIELDS, TITLES, VALUES
from services.gateway.features.data_export.data_export_page import CHOSEN, build_sections
from services.gateway.features.data_export.personal_data import PersonalData
from services.gateway.portal.dossier_texts import KINDS
from services.gateway.portal.mail_names import MAILS
from services.mailer.mail_templates import TEMPLATES
from shared.domain.support_requests import KINDS as REQUEST_KINDS
from tests.support.pages.page_basis import BRAND


def test_every_kind_of_support_request_has_a_name() -> None:
    assert set(REQUEST_KINDS) <= set(VALUES)


def _rows(service: str, category: str, row: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    data = PersonalData(documents={service: {category: [row]}}, missing=())
    parts = build_sections(data, lang, BRAND.names(lang))
    ((categories,),) = ([part.categories] for part in parts if part.categories is not None)
    assert categories is not None
    (found,) = categories[0].rows
    return [(label, shown.replace("\u00a0", " ")) for label, shown in found]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-25T09:42:00+00:00", "25 novembre 2026 à 10:42 (heure de Paris)"),
        ("2026-11-25", "25 novembre 2026"),
        ("2026-13-45T99:99", "2026-13-45T99:99"),
        ("2026-11-25T10:00 livraison", "2026-11-25T10:00 livraison"),
        ("2026-13-45", "2026-13-45"),
    ],
)
def test_in_03_an_invalid_time_is_shown_unchanged(value: str, shown: str) -> None:
    """It may be typed input."""
    ((_, found),) = _rows("profile", "information", {"company_name": value}, "fr")
    assert found == shown


def test_b_11_the_information_has_the_order_and_labels_of_the_form() -> None:
    """PostgreSQL returns a JSON value in an order of its own, and codes need labels."""
    stored = {"city": "Anvers", "position": "other", "country": "BE", "last_name": "Peeters"}
    assert _rows("profile", "information", stored, "fr") == [
        ("Nom", "Peeters"),
        ("Qualité du demandeur", "Autres"),
        ("Pays", "Belgique"),
        ("Ville", "Anvers"),
    ]
    assert _rows("profile", "information", stored, "en")[2] == ("Country", "Belgium")


def test_b_11_a_dossier_has_the_labels_of_the_home_page() -> None:
    """A free text of the other application is shown unchanged."""
    for status, shown in (("under_review", "En cours d'examen"), ("À trier", "À trier")):
        assert _rows("dossiers", "dossiers", {"status": status}, "fr") == [("Statut", shown)]


def test_b_11_a_mail_is_shown_with_labels_for_its_kind_and_data() -> None:
    """The data is labelled like other fields, without empty ones."""
    facts = {"at": "2026-11-25T09:42:00Z", "by": "person", "device": "", "last_name": "Durand"}
    mail = {"kind": "password_changed", "told": facts}
    assert _rows("mailer", "mails", mail, "fr") == [
        ("Nature", "mot de passe changé"),
        (
            "Ce que le message disait",
            "Nom : Durand ; Date : 25 novembre 2026 à 10:42 (heure de Paris) ; "
            "Par : titulaire, dans une session",
        ),
    ]
    assert _rows("mailer", "mails", mail, "en")[1][1].startswith("Last name: Durand; Date: ")


@pytest.mark.parametrize(
    ("lang", "gist"),
    [("fr", "Enrôlements récents : 1 ; Codes de secours : 9"),
     ("en", "Recent phone linking: 1; Recovery codes: 9")],
)  # fmt: skip
def test_p_15_the_summary_counts_recovery_codes_and_not_lists(lang: str, gist: str) -> None:
    """An enrolment is kept for some minutes after the phone was linked: it need not be going on."""
    document = {
        "authenticators_on_their_way": [{"begun_at": "2026-11-25T09:42:00Z"}],
        "recovery_codes": [{"made_at": "2026-11-25T09:42:00Z", "codes_left": 9}],
    }
    data = PersonalData(documents={"mfa": document}, missing=())
    shown = [part.gist for part in build_sections(data, lang, BRAND.names(lang)) if part.gist]
    assert [text.replace("\u00a0", " ") for text in shown] == [gist]


def test_b_11_every_mail_and_every_field_has_a_label() -> None:
    """A new mail, or a new field of one, needs labels in both languages."""
    exported = [template for template in TEMPLATES.values() if not template.on_desk]
    assert MAILS.keys() == TEMPLATES.keys()
    facts = {name for template in exported for name in template.data_type.__struct_fields__}
    assert facts <= FIELDS.keys(), "labels are missing in FIELDS of data_export_labels.py"
    choices = {
        case[name]
        for template in exported
        for case in template.variants
        for name in ("by", "kind", "about", "position")
        if name in case
    }
    assert choices <= VALUES.keys(), "labels are missing in VALUES of data_export_labels.py"


def test_p_15_every_value_that_the_services_choose_has_words() -> None:
    """« Nature : address » says nothing: whatever a table's check allows is put in words, at the
    services that give their data."""
    checks = re.compile(r"(\w+) IN \(([^()]*)\)", re.IGNORECASE)
    allowed = {
        value
        for service in TITLES
        for migration in Path("services", service).glob("migrations/*.sql")
        for column, values in checks.findall(migration.read_text("utf-8"))
        if column in CHOSEN
        for value in re.findall(r"'([^']*)'", values)
    }
    assert len(allowed) > 20
    assert allowed <= VALUES.keys() | set(KINDS), (
        "labels are missing in VALUES of data_export_labels.py"
    )


@pytest.mark.parametrize(
    ("service", "document", "gist"),
    [
        ("registration", {"account": [{"first_name": "Zoé", "address": "z@x.fr"}]}, "Zoé, z@x.fr"),
        ("profile", {"information": [{"company_name": "Labo", "city": "Gap"}]}, "Labo, Gap"),
        ("profile", {"information": [{}], "names": [{}]}, "Informations saisies : 1 ; Nom"),
        ("gateway", {"sessions": [{}, {}], "known_browsers": []}, "Sessions ouvertes : 2"),
        ("dossiers", {"dossiers": [{}] * 1204}, "1\u202f204"),
        ("mfa", {}, ""),
    ],
)
def test_p_15_each_part_has_a_line_about_its_content(
    service: str, document: dict[str, Any], gist: str
) -> None:
    data = PersonalData(documents={service: document}, missing=())
    parts = {part.title: part for part in build_sections(data, "fr", BRAND.names("fr"))}
    assert parts[TITLES[service]].gist.replace("\u00a0", " ").startswith(gist)
    assert bool(parts[TITLES[service]].gist) == bool(gist)


def test_p_15_the_page_is_cut_and_the_document_is_whole() -> None:
    data = PersonalData(documents={"dossiers": {"dossiers": [{"number": "1"}] * 23}}, missing=())
    for rows, shown, more in ((20, 20, 3), (None, 23, 0)):
        (part,) = (one for one in build_sections(data, "fr", {}, rows=rows) if one.categories)
        assert part.categories is not None
        assert (len(part.categories[0].rows), part.categories[0].more) == (shown, more)
