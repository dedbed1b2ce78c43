"""Words about requests, as agents read them."""

from services.gateway.portal.request_texts import KINDS, STATES
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_day

#: Who may do anything with a request; support decides at each one.
ACTING_ROLES = ("agent", "supervisor")

DESK_STATES: dict[str, str] = {
    **STATES,
    "waiting": N_("en attente de la personne"),
    "planned": N_("prévue"),
}
ABOUT: dict[str, str] = {
    "person": N_("ses informations"),
    "establishment": N_("son établissement"),
    "other": N_("autre chose"),
    "holder": N_("son propre départ"),
    "colleague": N_("le départ d'un collègue"),
    "stolen": N_("un vol"),
}
CHANNELS: dict[str, str] = {
    "portal": N_("le portail"),
    "call": N_("un appel"),
    "mail": N_("un message"),
}
ACTIONS: dict[str, str] = {
    "receive": N_("Demande reçue"),
    "take": N_("Prise"),
    "release": N_("Rendue"),
    "answer": N_("Réponse envoyée"),
    "ask": N_("Question posée"),
    "propose": N_("Acte proposé"),
    "approve": N_("Acte approuvé"),
    "plan": N_("Date fixée, sans agent"),
    "stop": N_("Suite à donner"),
    "finish": N_("Faite"),
    "refuse": N_("Refusée"),
    "reply": N_("Réponse de la personne"),
    "cancel": N_("Annulée"),
    "lapse": N_("Close sans réponse"),
}
DETAILS: dict[str, str] = {
    "text": N_("Ce qui est demandé"),
    "name": N_("Nom donné"),
    "address": N_("Adresse donnée, non vérifiée"),
    "leaver": N_("Adresse de la personne qui part, non vérifiée"),
    "account_address": N_("Adresse du compte, telle que saisie"),
    "establishment": N_("Établissement"),
    "date": N_("Date du départ"),
    "remark": N_("Remarque"),
    "reporter_name": N_("Nom de qui signale"),
    "reporter_address": N_("Adresse de qui signale, non vérifiée"),
}
#: Why an agent closes a request, as the agent chooses it.
CLOSING: dict[str, str] = {
    "done_as_asked": N_("Clore, faite : comme demandé"),
    "answered": N_("Clore, faite : réponse donnée"),
    "nothing_to_change": N_("Clore, faite : rien à changer"),
    "not_verified": N_("Clore, refusée : non vérifiée"),
    "not_possible": N_("Clore, refusée : impossible"),
    "not_ours": N_("Clore, refusée : ne dépend pas de nous"),
}
#: Why one is closed, as it is read afterwards.
CLOSED_BECAUSE: dict[str, str] = {
    "done_as_asked": N_("comme demandé"),
    "answered": N_("réponse donnée"),
    "nothing_to_change": N_("rien à changer"),
    "not_verified": N_("non vérifiée"),
    "not_possible": N_("impossible"),
    "not_ours": N_("ne dépend pas de nous"),
    "by_person": N_("annulée par la personne"),
    "no_reply": N_("sans réponse de la personne"),
    "act_stopped": N_("acte arrêté"),
}
SORTS: dict[str, str] = {
    "due": N_("retard, puis date promise"),
    "received": N_("plus anciennes d'abord"),
    "-received": N_("plus récentes d'abord"),
    "kind": N_("type"),
    "state": N_("état"),
    "agent": N_("agent"),
}
TABLES = {
    "KINDS": KINDS,
    "STATES": DESK_STATES,
    "ABOUT": ABOUT,
    "CHANNELS": CHANNELS,
    "ACTIONS": ACTIONS,
    "DETAILS": DETAILS,
    "CLOSING": CLOSING,
    "CLOSED_BECAUSE": CLOSED_BECAUSE,
    "SORTS": SORTS,
}


def word(table: str, code: str, lang: str) -> str:
    """A code in words; one that this version does not know as it is, an empty one empty."""
    return translate(TABLES[table].get(code, code), lang) if code else ""


def detail(name: str, value: str, lang: str) -> str:
    """A value of a form as agents read it."""
    try:
        return format_day(value, lang) if name == "date" else value
    except ValueError:
        return value  # as somebody typed it
