"""What the list of dossiers says by code: tabs, columns, kinds, states, in French and English.

The French of tabs and columns is the guide's, letter for letter (G-41, G-42).
"""

from __future__ import annotations

from services.gateway.i18n.localized_text import Pair, pick

TAB_TITLES: dict[str, Pair] = {
    "declarations_filed": ("Mes déclarations déposées", "My declarations filed"),
    "declarations_processed": ("Mes déclarations traitées", "My declarations processed"),
    "authorisations_filed": (
        "Mes autorisations d'importation déposées",
        "My import authorisations filed",
    ),
    "authorisations_processed": (
        "Mes autorisations d'importation traitées",
        "My import authorisations processed",
    ),
}
#: By what `ListDossiers` sorts by, in the order of the guide.
COLUMNS: dict[str, Pair] = {
    "kind": ("Type", "Type"),
    "number": ("N° de fiche", "File number"),
    "filed_on": ("Date de dépôt à l'ANSM", "Date filed with ANSM"),
    "status": ("Statut", "Status"),
    "establishment": ("Nom de l'établissement", "Name of the establishment"),
    "medicine": ("Nom du médicament", "Name of the medicine"),
    "dosage": ("Dosage", "Strength"),
    "pharmaceutical_form": ("Forme pharmaceutique", "Pharmaceutical form"),
    "decided_on": ("Date de décision ANSM", "Date of ANSM decision"),
}
KINDS: dict[str, Pair] = {
    "AI": ("autorisation d'importation", "import authorisation"),
    "DEI": ("déclaration d'exportation initiale", "initial export declaration"),
    "DEC": ("déclaration d'exportation complémentaire", "complementary export declaration"),
}
#: Of a dossier, whatever its kind.
STATUSES: dict[str, Pair] = {
    "draft": ("En brouillon", "Draft"),
    "filed": ("Déposé", "Filed"),
    "under_review": ("En cours d'examen", "Under review"),
    "information_requested": ("Complément demandé", "Information requested"),
    "granted": ("Accordé", "Granted"),
    "acknowledged": ("Récépissé délivré", "Acknowledged"),
    "refused": ("Refusé", "Refused"),
    "withdrawn": ("Retiré", "Withdrawn"),
}
#: The looks of a status among the design system's badges; the word says it all.
BADGES = {
    "filed": "info",
    "under_review": "info",
    "information_requested": "warning",
    "granted": "success",
    "acknowledged": "success",
    "refused": "error",
}


def status_text(status: str, lang: str) -> str:
    """A status in words; one that we do not know as it is."""
    return pick(STATUSES[status], lang) if status in STATUSES else status
