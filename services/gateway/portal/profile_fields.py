"""The fields of the complementary information, once: form, summary, errors and export read this.

A new field of `ProfileFields` needs a line here, and its messages in `profile_messages`.
"""

from dataclasses import KW_ONLY, dataclass
from functools import partial

from shared.i18n.catalogue import N_

POSITIONS: dict[str, str] = {
    "responsible_pharmacist": N_("Pharmacien Responsable"),
    "interim_responsible_pharmacist": N_("Pharmacien Responsable Intérimaire"),
    "other": N_("Autres"),
}
ESTABLISHMENT_TYPES: dict[str, str] = {
    "pharmaceutical_establishment": N_("Etablissement pharmaceutique"),
    "hospital_pharmacy": N_("Pharmacie à usage intérieur"),
    "other": N_("Autres"),
}


@dataclass(frozen=True)
class ProfileField:
    """One field, in the order of the form.

    A field without a `hint` may have one of its country (`country_hints`).
    `marked` shows an asterisk, `required` tells browsers and screen readers that it is mandatory
    whatever else is filled in. `choices` names the options of a select, `empty` its first line.
    `other_of` is the select whose « Autres » asks for this field. `group` is a block that the
    form's script shows or hides. `columns` is its width in the grid of twelve from 768 px on:
    fields that fill twelve together stand side by side. The summary lists a field unless it is part
    of another one's value, those that are `last` behind the others.
    """

    name: str
    label: str
    part: str = ""
    _: KW_ONLY
    hint: str = ""
    kind: str = "text"
    autocomplete: str = "off"
    inputmode: str = ""
    width: str = ""
    columns: int = 12
    marked: bool = True
    required: bool = True
    choices: str = ""
    empty: str = ""
    other_of: str = ""
    group: str = ""
    last: bool = False


PERSON, ESTABLISHMENT = "person", "establishment"
#: Columns of the design system's grid.
GRID = 12
#: Numbers that identify an establishment outside France.
foreign_identifier = partial(
    ProfileField,
    part=ESTABLISHMENT,
    width="impex-medium",
    marked=False,
    required=False,
    group="abroad",
    last=True,
)
#: The labels are the guide's (4.5).
FIELDS = (
    ProfileField("last_name", N_("Nom"), PERSON, autocomplete="family-name", columns=6),
    ProfileField("first_name", N_("Prénom"), PERSON, autocomplete="given-name", columns=6),
    ProfileField(
        "email",
        N_("Email"),
        PERSON,
        hint=N_("Votre identifiant. Pour le changer : « Mon compte »."),
        kind="email",
        autocomplete="email",
    ),
    ProfileField(
        "phone",
        N_("Téléphone"),
        PERSON,
        kind="tel",
        autocomplete="tel",
        inputmode="tel",
        width="impex-medium",
        columns=8,
    ),
    ProfileField(
        "phone_extension",
        N_("Poste"),
        PERSON,
        hint=N_("Facultatif : numéro de poste derrière un standard."),
        autocomplete="tel-extension",
        inputmode="numeric",
        width="impex-short",
        columns=4,
        marked=False,
        required=False,
    ),
    ProfileField(
        "position",
        N_("Qualité du demandeur"),
        PERSON,
        hint=N_(
            "Ni PR ni PRI ? Choisissez « Autres », puis précisez (pharmacien chargé de la "
            "gérance, pharmacien délégué, personne qualifiée…)."
        ),
        autocomplete="organization-title",
        choices="positions",
        empty=N_("Sélectionner une qualité"),
    ),
    ProfileField(
        "position_other",
        N_("Autre qualité"),
        PERSON,
        hint=N_("Si vous avez choisi « Autres »."),
        required=False,
        other_of="position",
    ),
    ProfileField(
        "country",
        N_("Libellé Pays"),
        ESTABLISHMENT,
        hint=N_("Le pays détermine la demande du Siret et la forme du code postal."),
        autocomplete="country",
        choices="countries",
    ),
    ProfileField(
        "siret",
        N_("N° de Siret"),
        ESTABLISHMENT,
        hint=N_(
            "Saisir les 14 chiffres du numéro. Hors de France, laissez ce champ vide. Pharmacie à "
            "usage intérieur : le Siret du site de l'établissement de santé."
        ),
        inputmode="numeric",
        width="impex-medium",
        required=False,
        group="siret",
    ),
    ProfileField(
        "closed_reason",
        N_("Pourquoi déclarer un établissement fermé ?"),
        ESTABLISHMENT,
        hint=N_(
            "Demandé parce que le répertoire Sirene indique que l'établissement est fermé : "
            "déménagement, nouveau Siret, répertoire en retard…"
        ),
        required=False,
        group="closed",
    ),
    foreign_identifier("vat", N_("N° de TVA")),
    foreign_identifier("lei", N_("LEI"), hint=N_("20 lettres et chiffres")),
    foreign_identifier(
        "eori", N_("EORI"), hint=N_("Les deux lettres du pays, puis 15 lettres ou chiffres au plus")
    ),
    ProfileField("company_name", N_("Raison sociale"), ESTABLISHMENT, autocomplete="organization"),
    ProfileField(
        "establishment_type",
        N_("Type établissement"),
        ESTABLISHMENT,
        choices="establishment_types",
        empty=N_("Sélectionner un type"),
    ),
    ProfileField(
        "establishment_type_other",
        N_("Autre type d'établissement"),
        ESTABLISHMENT,
        hint=N_("Si vous avez choisi « Autres »."),
        required=False,
        other_of="establishment_type",
    ),
    ProfileField(
        "address",
        N_("Adresse"),
        ESTABLISHMENT,
        autocomplete="address-line1",
    ),
    ProfileField(
        "address_extra",
        N_("Complément adresse"),
        ESTABLISHMENT,
        hint=N_("Facultatif : bâtiment, étage, boîte postale."),
        autocomplete="address-line2",
        marked=False,
        required=False,
    ),
    ProfileField(
        "postal_code",
        N_("Code postal"),
        ESTABLISHMENT,
        autocomplete="postal-code",
        width="impex-short",
        columns=4,
    ),
    ProfileField(
        "city",
        N_("Ville"),
        ESTABLISHMENT,
        autocomplete="address-level2",
        columns=8,
    ),
    ProfileField("terms", N_("Conditions générales d'utilisation"), last=True),
)
#: In the order of the summary: what is known of the address comes behind the name.
LISTED = tuple(sorted(FIELDS, key=lambda field: field.last))
LABELS = {field.name: field.label for field in LISTED}


def rows_of(part: str) -> tuple[tuple[ProfileField, ...], ...]:
    """The fields of a part in the order of the form, those that stand side by side together."""
    rows: list[tuple[ProfileField, ...]] = []
    for field in FIELDS:
        if field.part != part:
            continue
        filled = sum(one.columns for one in rows[-1]) if rows else GRID
        if filled + field.columns <= GRID:
            rows[-1] = (*rows[-1], field)
        else:
            rows.append((field,))
    return tuple(rows)
