"""Words for requests to the support desk: kinds, states, why one is closed."""

from shared.i18n.catalogue import N_

KINDS: dict[str, str] = {
    "lost_phone": N_("Téléphone perdu"),
    "correction": N_("Correction"),
    "departure": N_("Départ"),
    "mailbox": N_("Messagerie hors service"),
    "message": N_("Message au secrétariat"),
}
STATES: dict[str, str] = {
    "received": N_("reçue"),
    "in_progress": N_("en cours"),
    "waiting": N_("en attente de vous"),
    "in_approval": N_("vérification par une seconde personne"),
    "planned": N_("prévue le {date}"),
    "done": N_("faite"),
    "refused": N_("refusée"),
    "cancelled": N_("annulée"),
    "lapsed": N_("sans suite"),
}
REASONS: dict[str, str] = {
    "done_as_asked": N_("Le secrétariat a fait ce que vous demandiez."),
    "answered": N_("Le secrétariat a répondu à votre demande."),
    "nothing_to_change": N_("Le secrétariat a vérifié : il n'y a rien à changer."),
    "not_verified": N_(
        "Nous n'avons pas pu vérifier que la demande vient de vous : rien n'a changé."
    ),
    "not_possible": N_("Le secrétariat ne peut pas faire ce que vous demandez : rien n'a changé."),
    "not_ours": N_("Ce que vous demandez ne dépend pas du secrétariat : rien n'a changé."),
    "by_person": N_("Cette demande a été annulée depuis une page du portail."),
    "no_reply": N_(
        "Le secrétariat n'a pas reçu votre réponse : la demande est close, rien n'a changé."
    ),
    "act_stopped": N_("Ce qui était prévu a été arrêté : rien n'a changé."),
}
