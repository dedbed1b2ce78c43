"""Kinds of mail in words, by template: those of the person's data export, in the same words."""

from shared.i18n.catalogue import N_, translate

MAILS: dict[str, str] = {
    "validation": N_("validation de la création du compte"),
    "finalisation": N_("finalisation de la création du compte"),
    "confirmation": N_("confirmation de création du compte"),
    "known_account": N_("un compte existe déjà"),
    "password_reset": N_("nouveau mot de passe"),
    "address_code": N_("code pour vérifier l'adresse"),
    "new_address_code": N_("code pour changer d'adresse"),
    "recovery_address_code": N_("code pour une adresse de secours"),
    "recovery_address_changed": N_("adresse de secours changée"),
    "no_account": N_("aucun compte utilisable avec cette adresse"),
    "password_changed": N_("mot de passe changé"),
    "address_change_asked": N_("changement d'adresse demandé"),
    "address_changed": N_("adresse changée"),
    "address_in_force": N_("nouvelle adresse"),
    "phone_enrolled": N_("téléphone enrôlé"),
    "phone_replaced": N_("téléphone remplacé"),
    "phone_removed": N_("téléphone retiré"),
    "recovery_code_used": N_("code de secours utilisé"),
    "recovery_codes_replaced": N_("codes de secours remplacés"),
    "sign_in_locked": N_("trop d'essais de connexion"),
    "codes_locked": N_("trop de codes refusés"),
    "code_refused": N_("codes refusés"),
    "new_device": N_("nouvelle connexion"),
    "opened_after_failures": N_("connexion après plusieurs échecs"),
    "account_thawed": N_("compte rouvert"),
    "account_frozen": N_("compte bloqué"),
    "account_deactivated": N_("compte désactivé"),
    "change_planned": N_("changement prévu par le secrétariat"),
    "change_stopped": N_("changement arrêté"),
    "account_reactivated": N_("compte réactivé"),
    "unfreeze_allowed": N_("compte à rouvrir"),
    "name_changed": N_("nom changé par le secrétariat"),
    "information_corrected": N_("informations corrigées"),
    "dossiers_transferred": N_("dossiers transférés"),
    "sessions_ended": N_("sessions fermées par le secrétariat"),
    "password_compromised": N_("mot de passe à remplacer"),
    "address_released": N_("adresse libérée"),
    "account_anonymised": N_("données effacées"),
    "approval_requested": N_("acte à approuver"),
    "act_stopped": N_("acte arrêté"),
    "single_agent_act": N_("acte d'un seul agent"),
}


def mail_text(template: str, lang: str) -> str:
    """A kind of mail in words; one that is not known as it is."""
    return translate(MAILS.get(template, template), lang)
