"""What settings do, in words: those that people or agents notice. The others, technical, are in
`technical_effects.py`."""

from shared.i18n.catalogue import N_, Plural

#: Values with their unit.
UNITS: dict[str, Plural] = {
    "KiB": Plural("{n} Kio", "{n} Kio"),
    "characters": Plural("{n} caractère", "{n} caractères"),
    "days": Plural("{n} jour", "{n} jours"),
    "hours": Plural("{n} heure", "{n} heures"),
    "minutes": Plural("{n} minute", "{n} minutes"),
    "months": Plural("{n} mois", "{n} mois"),
    "per second": Plural("{n} par seconde", "{n} par seconde"),
    "seconds": Plural("{n} seconde", "{n} secondes"),
    "working days": Plural("{n} jour ouvré", "{n} jours ouvrés"),
}
#: In the order of the page.
EFFECTS: dict[str, str] = {
    "IMPEX_ANSWER_DAYS_LOST_PHONE": N_("Jours ouvrés promis pour un téléphone perdu."),
    "IMPEX_ANSWER_DAYS_MAILBOX": N_("Jours ouvrés promis pour une messagerie hors service."),
    "IMPEX_ANSWER_DAYS_DEPARTURE": N_("Jours ouvrés promis pour un départ."),
    "IMPEX_ANSWER_DAYS_MESSAGE": N_("Jours ouvrés promis pour un message."),
    "IMPEX_ANSWER_DAYS_CORRECTION": N_("Jours ouvrés promis pour une correction."),
    "IMPEX_REQUEST_DAYS": N_("Durée de conservation d'une demande après sa fin."),
    "IMPEX_LOST_PHONE_DELAY": N_("Attente entre l'accord et le détachement d'un téléphone perdu."),
    "IMPEX_LOST_PHONE_ALONE": N_(
        "Un téléphone perdu se remplace aussi sans agent, par la messagerie et le mot de passe."
    ),
    "IMPEX_LOST_PHONE_ALONE_DELAY": N_(
        "Attente d'un téléphone perdu sans agent ; la personne peut tout arrêter."
    ),
    "IMPEX_SENSITIVE_CHANGE_DELAY": N_(
        "Attente entre l'accord et un changement sensible ; la personne peut s'opposer."
    ),
    "IMPEX_SINGLE_AGENT": N_(
        "Un agent agit seul, après 72 h au moins, quand personne d'autre ne peut approuver."
    ),
    "IMPEX_RECOVERY_CODES": N_("Codes de récupération proposés aux personnes."),
    "IMPEX_PENDING_HOURS": N_("Fin d'une inscription qui n'est pas allée au bout."),
    "IMPEX_ENROL_HOURS": N_("Temps pour enrôler un téléphone après la vérification de l'adresse."),
    "IMPEX_DRAFT_DAYS": N_("Conservation d'un brouillon d'informations qui ne sert plus."),
    "IMPEX_SESSION_IDLE": N_("Fin d'une session du portail sans activité."),
    "IMPEX_SESSION_HOURS": N_("Durée d'une session du portail au plus."),
    "IMPEX_SESSION_PARALLEL": N_(
        "Sessions d'un compte en même temps ; une de plus ferme la plus ancienne."
    ),
    "IMPEX_SESSION_FRESH": N_("Temps après un code pendant lequel le portail n'en demande pas."),
    "IMPEX_KNOWN_BROWSER_DAYS": N_(
        "Temps pendant lequel un navigateur est connu : pas de message de nouvel appareil."
    ),
    "IMPEX_DORMANT_MONTHS": N_("Mois sans connexion avant la désactivation ; 0 : jamais."),
    "IMPEX_AGENT_DOMAINS": N_("Domaines des adresses d'agents qui peuvent être invitées."),
    "IMPEX_DAILY_SEARCHES": N_(
        "Recherches d'un agent dans la journée ; au-delà, la supervision doit être d'accord."
    ),
    "IMPEX_DESK_NETWORKS": N_("Réseaux d'où l'assistance répond ; vide : tous."),
    "IMPEX_DESK_SESSION_IDLE": N_("Fin d'une session d'agent sans activité."),
    "IMPEX_DESK_SESSION_HOURS": N_("Durée d'une session d'agent au plus."),
    "IMPEX_SERVICE_NAME": N_("Nom du service, sur les pages et dans les messages."),
    "IMPEX_SUPPORT_PHONE": N_("Téléphone du secrétariat, depuis la France."),
    "IMPEX_SUPPORT_PHONE_INTERNATIONAL": N_("Téléphone du secrétariat, depuis l'étranger."),
    "IMPEX_SUPPORT_ADDRESS": N_("Boîte du secrétariat, qui lit les réponses aux messages."),
    "IMPEX_BASE_URL": N_("Adresse du portail, celle des liens des messages."),
    "IMPEX_DESK_BASE_URL": N_("Adresse de l'assistance."),
}
