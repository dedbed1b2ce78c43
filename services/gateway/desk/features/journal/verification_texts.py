"""What the verification of the journal found, in words for the page; the log has its own line."""

from shared.contracts.support.journal import VerificationView
from shared.i18n.catalogue import N_, translate

LINK = N_("Première anomalie, maillon {number} : {what}.")
LINKS = N_("Première anomalie, maillons {number} à {until} : {what}.")
ENTRY = N_("Première anomalie, entrée {number} : {what}.")
#: By the kind of the finding.
FINDINGS: dict[str, str] = {
    "changed": N_("l'entrée a été modifiée"),
    "removed": N_("l'entrée a été supprimée"),
    "added": N_("une entrée a été ajoutée sans la clé"),
    "moved": N_("l'entrée n'est pas à sa place, ou son maillon a été remplacé"),
    "values_changed": N_("les valeurs sur la personne ont été modifiées"),
    "values_removed": N_("les valeurs sur la personne ont été supprimées sans anonymisation"),
    "values_added": N_("des valeurs sur une personne ont été ajoutées"),
    "cut": N_("la chaîne a été coupée ou remplacée"),
    "anchor_changed": N_("l'ancre a été modifiée, ou faite sans la clé"),
    "anchor_removed": N_("l'ancre a été supprimée"),
    "unknown_key": N_("la clé de l'entrée n'est pas connue du service"),
    "unlinked": N_("l'entrée n'a pas de maillon"),
}


def first_finding_text(view: VerificationView, lang: str) -> str:
    """The first finding as a sentence; empty where only the log has it."""
    if view.first_kind not in FINDINGS:
        return ""
    what = translate(FINDINGS[view.first_kind], lang)
    if not view.first_link:
        return translate(ENTRY, lang, number=view.first_entry, what=what)
    if view.first_until > view.first_link:
        return translate(LINKS, lang, number=view.first_link, until=view.first_until, what=what)
    return translate(LINK, lang, number=view.first_link, what=what)
