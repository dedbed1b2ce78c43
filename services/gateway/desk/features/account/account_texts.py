"""The words of an account's page: reasons to look, masked fields, refusals, mails."""

from shared.i18n.catalogue import N_, Plural, translate

#: What the agent chooses from, by reason; what each opens is added from support's data.
REASON_HINTS: dict[str, str] = {
    "lost_phone": N_("établissement et sessions ; le numéro se lit pendant l'appel"),
    "correction": N_("informations et établissement"),
    "departure": N_("établissement, collègues et dossiers"),
    "mail_not_received": N_("adresse et messages envoyés"),
    "question": N_("nom et état"),
    "account_security": N_("sessions, messages et activité"),
    "data_rights": N_("tout"),
    "audit": N_("histoire seule"),
}
FIELDS: dict[str, str] = {
    "name": N_("Nom"),
    "address": N_("Adresse"),
    "telephone": N_("Téléphone"),
    "position": N_("Qualité"),
    "establishment": N_("Établissement"),
    "colleagues": N_("Collègues"),
    "sessions": N_("Sessions"),
    "mails": N_("Messages"),
    "dossiers": N_("Dossiers"),
}
CHOOSE_REASON = N_("Choisissez une raison.")
#: How far an act is that was proposed for the account.
ACT_STATES: dict[str, str] = {
    "proposed": N_("attend une seconde personne"),
    "approved": N_("prévu"),
}
#: How far a request is, for those who answer it.
REQUEST_STATES: dict[str, str] = {
    "received": N_("à prendre"),
    "in_progress": N_("en cours"),
    "waiting": N_("attend la réponse de la personne"),
    "in_approval": N_("attend une seconde personne"),
    "planned": N_("prévue"),
    "done": N_("faite"),
    "refused": N_("refusée"),
    "cancelled": N_("annulée"),
    "lapsed": N_("sans suite"),
}
TWO_PEOPLE = N_("2 personnes")
MAIL_STATES: dict[str, str] = {
    "pending": N_("en attente"),
    "sending": N_("en cours d'envoi"),
    "transmitting": N_("en cours d'envoi"),
    "accepted": N_("remis au serveur"),
    "deferred": N_("remis à plus tard"),
    "refused": N_("non remis"),
    "dropped": N_("abandonné"),
    "held": N_("en suspens"),
}
MAIL_REASONS: dict[str, str] = {
    "unknown_mailbox": N_("boîte inconnue"),
    "mailbox_full": N_("boîte pleine"),
    "refused": N_("refusé par le serveur"),
    "unreachable": N_("serveur injoignable"),
    "expired": N_("délai dépassé"),
    "in_doubt": N_("remise non confirmée"),
    "superseded": N_("remplacé par un message plus récent"),
    "closed": N_("demande close"),
}
SIRET_CHECKS: dict[str, str] = {
    "found": N_("trouvé dans l'annuaire des entreprises"),
    "closed": N_("établissement fermé"),
    "unlisted": N_("absent de l'annuaire des entreprises"),
    "deferred": N_("à vérifier plus tard"),
}
PROFILE_STATES: dict[str, str] = {
    "none": N_("pas encore saisies"),
    "draft": N_("saisies, pas encore validées"),
    "validated": N_("validées"),
}
#: The filters of the story, by what support calls them.
STORY_FILTERS: dict[str, str] = {
    "": N_("Tout"),
    "security": N_("Sécurité"),
    "agents": N_("Agents"),
    "mails": N_("Messages"),
}
NO_FACTOR = N_("aucun téléphone enrôlé")
FACTOR = N_("depuis le {date}, {codes}")
RECOVERY_LEFT = Plural("{n} code de secours", "{n} codes de secours")


def mail_outcome(state: str, reason: str, lang: str) -> str:
    """What became of a mail."""
    text = translate(MAIL_STATES.get(state, state), lang)
    if reason in MAIL_REASONS:
        text = f"{text}, {translate(MAIL_REASONS[reason], lang)}"
    return text


#: Why a mail cannot be sent again, where it does not depend on the mail.
KEPT_BACK: dict[str, str] = {
    "unknown_mail": N_("Ne se renvoie plus."),
    "being_sent": N_("Encore en cours d'envoi."),
    "address_changed": N_(
        "Ne se renvoie pas : il était parti à une adresse qui n'est plus celle du compte."
    ),
}
#: What the person does to get another link or code, by template; else `SAME_STEP`.
ANOTHER_LINK: dict[str, str] = {
    **dict.fromkeys(
        (
            "request_received",
            "request_delayed",
            "request_answered",
            "request_reminded",
            "request_closed",
            "request_link",
            "phone_removal_planned",
            "phone_removal_planned_second",
        ),
        N_(
            "Ne se renvoie pas, son lien est effacé. La personne en reçoit un autre par « Suivre "
            "une demande », avec le numéro."
        ),
    ),
    "change_planned": N_(
        "Ne se renvoie pas, son lien est effacé. La personne peut s'opposer depuis son compte."
    ),
}
SAME_STEP = N_(
    "Ne se renvoie pas, son lien ou son code est effacé. La personne en reçoit un autre en "
    "recommençant la même étape."
)


def kept_back_text(why: str, template: str, lang: str) -> str:
    """Why a mail cannot be sent again and what helps instead; empty where it can."""
    if why == "secret_gone":
        return translate(ANOTHER_LINK.get(template, SAME_STEP), lang)
    return translate(KEPT_BACK.get(why, KEPT_BACK["unknown_mail"]), lang) if why else ""
