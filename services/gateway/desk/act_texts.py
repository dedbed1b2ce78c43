"""The acts of the desk in words, by their slugs."""

from shared.i18n.catalogue import N_, translate

ACTS: dict[str, str] = {
    "remove_lost_phone": N_("téléphone perdu détaché"),
    "correct_information": N_("informations corrigées"),
    "change_address": N_("adresse changée"),
    "change_name": N_("nom changé"),
    "change_telephone": N_("téléphone changé"),
    "unblock_account": N_("compte débloqué"),
    "reactivate_account": N_("compte réactivé"),
    "block_account": N_("compte bloqué"),
    "deactivate_account": N_("compte désactivé"),
    "release_address": N_("adresse libérée"),
    "transfer_dossiers": N_("dossiers transférés"),
    "undo_transfer": N_("transfert défait"),
    "end_sessions": N_("sessions fermées"),
    "end_all_sessions": N_("toutes les sessions fermées"),
    "mark_password_compromised": N_("mot de passe compromis"),
    "resend_mail": N_("message renvoyé"),
    "anonymise": N_("compte anonymisé"),
    "accept_other_names": N_("noms différents acceptés"),
    "view_more_accounts": N_("limite du jour dépassée"),
    "invite_agent": N_("agent invité"),
    "reinstate_agent": N_("agent rétabli"),
    "reset_agent": N_("agent réinitialisé"),
    "change_agent_role": N_("rôle d'un agent changé"),
    "export_journal": N_("journal exporté"),
}


def act_text(act: str, lang: str) -> str:
    """An act in words; one that is not known as it is."""
    return translate(ACTS.get(act, act), lang)
