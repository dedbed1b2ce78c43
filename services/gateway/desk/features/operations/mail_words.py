"""Words about mails for operators: states, periods. Pure."""

from shared.i18n.catalogue import N_

STATES: dict[str, str] = {
    "waiting": N_("En attente"),
    "deferred": N_("Différés"),
    "refused": N_("Refusés"),
    "held": N_("Retenus"),
}
#: Of one mail.
STATE_OF_ONE: dict[str, str] = {
    "waiting": N_("en attente"),
    "deferred": N_("différé"),
    "refused": N_("refusé"),
    "held": N_("retenu : peut-être arrivé"),
    "": N_("accepté ou abandonné"),
}
#: What one attempt came to.
OUTCOMES: dict[str, str] = {
    "accepted": N_("accepté"),
    "deferred": N_("différé"),
    "refused": N_("refusé"),
    "in_doubt": N_("incertain"),
    "too_late": N_("trop tard"),
}
#: Why a mail is where it is, where the mail server said nothing.
REASONS: dict[str, str] = {
    "unreachable": N_("serveur de messagerie injoignable"),
    "mailbox_full": N_("boîte pleine"),
    "unknown_mailbox": N_("boîte inconnue"),
    "refused": N_("non accepté par le serveur de messagerie"),
    "expired": N_("trop tard"),
    "in_doubt": N_("peut-être arrivé"),
}
#: Why a mail of each state cannot be sent again, where it cannot.
UNSENDABLE: dict[str, str] = {
    "waiting": N_("Ce message est déjà en route."),
    "deferred": N_("Ce message est déjà en route."),
    "held": N_("Ce message est déjà en route."),
    "refused": N_(
        "Ce message ne peut pas être renvoyé : son code, son lien ou son adresse a été effacé. La "
        "personne en demande un autre."
    ),
    "": N_("Ce message est accepté ou abandonné : il n'y a rien à renvoyer."),
}
#: Hours back, by the word in the address.
PERIODS: dict[str, tuple[int, str]] = {
    "1h": (1, N_("depuis 1 heure")),
    "24h": (24, N_("depuis 24 heures")),
    "7j": (168, N_("depuis 7 jours")),
}
