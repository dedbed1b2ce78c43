"""The fields of the complementary information, once: form, summary, errors and export read this.

A new field of `ProfileFields` needs a line here, and its messages in `profile_messages`.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class ProfileField:
    """One field, in the order of the form.

    `marked` shows an asterisk, `required` tells browsers and screen readers that it is mandatory
    whatever else is filled in. `choices` names the options of a select, `empty` its first line.
    `other_of` is the select whose « Autres » asks for this field. `group` is a block that the
    form's script shows or hides. The summary lists a field unless it is part of another one's
    value, those that are `last` behind the others.
    """

    name: str
    label: str
    part: str = ""
    hints: tuple[str, ...] = ()
    kind: str = "text"
    autocomplete: str = "off"
    inputmode: str = ""
    width: str = ""
    marked: bool = True
    required: bool = True
    choices: str = ""
    empty: str = ""
    other_of: str = ""
    group: str = ""
    last: bool = False


PERSON, ESTABLISHMENT = "person", "establishment"
#: The labels are the guide's (4.5).
FIELDS = (
    ProfileField(name="last_name", label=N_("Nom"), part=PERSON, autocomplete="family-name"),
    ProfileField(name="first_name", label=N_("Prénom"), part=PERSON, autocomplete="given-name"),
    ProfileField(
        name="email",
        label=N_("Email"),
        part=PERSON,
        hints=(N_("Votre identifiant. Pour le changer : « Mon compte »."),),
        kind="email",
        autocomplete="email",
    ),
    ProfileField(
        name="phone",
        label=N_("Téléphone"),
        part=PERSON,
        hints=(
            N_(
                "Ligne directe, ou standard et poste. Exemple : 01 23 45 67 89 ; hors de France, "
                "avec l'indicatif : +32 2 555 12 34."
            ),
        ),
        kind="tel",
        autocomplete="tel",
        inputmode="tel",
        width="impex-medium",
    ),
    ProfileField(
        name="phone_extension",
        label=N_("Poste"),
        part=PERSON,
        hints=(N_("Facultatif : numéro de poste derrière un standard."),),
        autocomplete="tel-extension",
        inputmode="numeric",
        width="impex-short",
        marked=False,
        required=False,
    ),
    ProfileField(
        name="position",
        label=N_("Qualité du demandeur"),
        part=PERSON,
        hints=(
            N_(
                "Ni PR ni PRI ? Choisissez « Autres », puis précisez (pharmacien chargé de la "
                "gérance, pharmacien délégué, personne qualifiée…)."
            ),
        ),
        autocomplete="organization-title",
        choices="positions",
        empty=N_("Sélectionner une qualité"),
    ),
    ProfileField(
        name="position_other",
        label=N_("Autre qualité"),
        part=PERSON,
        hints=(N_("Si vous avez choisi « Autres »."),),
        required=False,
        other_of="position",
    ),
    ProfileField(
        name="country",
        label=N_("Libellé Pays"),
        part=ESTABLISHMENT,
        hints=(N_("Le pays détermine la demande du Siret et la forme du code postal."),),
        autocomplete="country",
        choices="countries",
    ),
    ProfileField(
        name="siret",
        label=N_("N° de Siret"),
        part=ESTABLISHMENT,
        hints=(
            N_("Saisir les 14 chiffres du numéro"),
            N_("Hors de France, laissez ce champ vide."),
            N_("Pharmacie à usage intérieur : le Siret du site de l'établissement de santé."),
        ),
        inputmode="numeric",
        width="impex-medium",
        required=False,
        group="siret",
    ),
    ProfileField(
        name="closed_reason",
        label=N_("Pourquoi déclarer un établissement fermé ?"),
        part=ESTABLISHMENT,
        hints=(
            N_(
                "Demandé parce que le répertoire Sirene indique que l'établissement est fermé : "
                "déménagement, nouveau Siret, répertoire en retard…"
            ),
        ),
        required=False,
        group="closed",
    ),
    ProfileField(
        name="vat",
        label=N_("N° de TVA"),
        part=ESTABLISHMENT,
        hints=(N_("Par exemple, pour l'Allemagne : DE136695976"),),
        width="impex-medium",
        marked=False,
        required=False,
        group="abroad",
        last=True,
    ),
    ProfileField(
        name="lei",
        label=N_("LEI"),
        part=ESTABLISHMENT,
        hints=(N_("20 lettres et chiffres"),),
        width="impex-medium",
        marked=False,
        required=False,
        group="abroad",
        last=True,
    ),
    ProfileField(
        name="eori",
        label=N_("EORI"),
        part=ESTABLISHMENT,
        hints=(N_("Les deux lettres du pays, puis 15 lettres ou chiffres au plus"),),
        width="impex-medium",
        marked=False,
        required=False,
        group="abroad",
        last=True,
    ),
    ProfileField(
        name="company_name",
        label=N_("Raison sociale"),
        part=ESTABLISHMENT,
        autocomplete="organization",
    ),
    ProfileField(
        name="establishment_type",
        label=N_("Type établissement"),
        part=ESTABLISHMENT,
        choices="establishment_types",
        empty=N_("Sélectionner un type"),
    ),
    ProfileField(
        name="establishment_type_other",
        label=N_("Autre type d'établissement"),
        part=ESTABLISHMENT,
        hints=(N_("Si vous avez choisi « Autres »."),),
        required=False,
        other_of="establishment_type",
    ),
    ProfileField(
        name="address",
        label=N_("Adresse"),
        part=ESTABLISHMENT,
        hints=(N_("Numéro et rue."),),
        autocomplete="address-line1",
    ),
    ProfileField(
        name="address_extra",
        label=N_("Complément adresse"),
        part=ESTABLISHMENT,
        hints=(N_("Facultatif : bâtiment, étage, boîte postale."),),
        autocomplete="address-line2",
        marked=False,
        required=False,
    ),
    ProfileField(
        name="postal_code",
        label=N_("Code postal"),
        part=ESTABLISHMENT,
        hints=(N_("En France, 5 chiffres."),),
        autocomplete="postal-code",
        width="impex-short",
    ),
    ProfileField(
        name="city",
        label=N_("Ville"),
        part=ESTABLISHMENT,
        hints=(N_("Avec CEDEX s'il y a lieu."),),
        autocomplete="address-level2",
    ),
    ProfileField(name="terms", label=N_("Conditions générales d'utilisation"), last=True),
)
#: In the order of the summary: what is known of the address comes behind the name.
LISTED = tuple(sorted(FIELDS, key=lambda field: field.last))
LABELS = {field.name: field.label for field in LISTED}
