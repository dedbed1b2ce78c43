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
#: Hours back, by the word in the address.
PERIODS: dict[str, tuple[int, str]] = {
    "1h": (1, N_("depuis 1 heure")),
    "24h": (24, N_("depuis 24 heures")),
    "7j": (168, N_("depuis 7 jours")),
}
