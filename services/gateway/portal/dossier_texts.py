"""The texts of the list of dossiers, by code: tabs, columns, kinds, states.

The French of tabs and columns is the guide's, letter for letter (G-41, G-42).
"""

from shared.i18n.catalogue import N_, translate

TAB_TITLES: dict[str, str] = {
    "declarations_filed": N_("Mes déclarations déposées"),
    "declarations_processed": N_("Mes déclarations traitées"),
    "authorisations_filed": N_("Mes autorisations d'importation déposées"),
    "authorisations_processed": N_("Mes autorisations d'importation traitées"),
}
#: By what `ListDossiers` sorts by, in the order of the guide.
COLUMNS: dict[str, str] = {
    "kind": N_("Type"),
    "number": N_("N° de fiche"),
    "filed_on": N_("Date de dépôt à {the_operator}"),
    "status": N_("Statut"),
    "establishment": N_("Nom de l'établissement"),
    "medicine": N_("Nom du médicament"),
    "dosage": N_("Dosage"),
    "pharmaceutical_form": N_("Forme pharmaceutique"),
    "decided_on": N_("Date de décision {operator}"),
}
KINDS: dict[str, str] = {
    "AI": N_("autorisation d'importation"),
    "DEI": N_("déclaration d'exportation initiale"),
    "DEC": N_("déclaration d'exportation complémentaire"),
}
#: Of a dossier, whatever its kind.
STATUSES: dict[str, str] = {
    "draft": N_("En brouillon"),
    "filed": N_("Déposé"),
    "under_review": N_("En cours d'examen"),
    "information_requested": N_("Complément demandé"),
    "granted": N_("Accordé"),
    "acknowledged": N_("Récépissé délivré"),
    "refused": N_("Refusé"),
    "withdrawn": N_("Retiré"),
}
#: The looks of a status among the design system's badges; the word alone carries the meaning.
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
    return translate(STATUSES[status], lang) if status in STATUSES else status
