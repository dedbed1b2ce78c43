"""The message that a page of the desk shows once after a redirect, by code.

A feature adds its codes to `OWN`; those of shared pages are the portal's.
"""

from collections.abc import Mapping

from aiohttp import web

from services.gateway.portal import flash as portal_flash
from shared.i18n.catalogue import N_

#: By code: the look (`success`, `info`, `warning`) and the text.
OWN: dict[str, tuple[str, str]] = {
    "enrolled": (
        "success",
        N_("Votre téléphone est enrôlé : un de ses codes sera demandé à chaque connexion."),
    ),
    "phone_changed": (
        "success",
        N_(
            "Nouveau téléphone enrôlé. Les codes de l'ancien ne sont plus valables et vos autres "
            "sessions sont fermées."
        ),
    ),
    "password_changed": (
        "success",
        N_("Mot de passe changé. Toutes vos sessions sont fermées : connectez-vous de nouveau."),
    ),
    "enrolment_gone": (
        "info",
        N_(
            "Le code QR précédent n'est plus valable. Supprimez de votre application l'entrée "
            "{service} Assistance qu'il a ajoutée."
        ),
    ),
    "phone_due": ("info", N_("Aucun téléphone n'est lié à votre compte : enrôlez-en un.")),
    "shortcuts_offered": (
        "info",
        N_("Ces pages ont des raccourcis du clavier. Ils sont coupés : « Mon compte » les active."),
    ),
    "shortcuts_on": (
        "success",
        N_("Les raccourcis du clavier sont actifs. « ? » en montre la liste."),
    ),
    "shortcuts_off": ("success", N_("Les raccourcis du clavier sont coupés.")),
    "export_proposed": (
        "success",
        N_("Export demandé. Une seconde personne doit l'accorder ; un message vous le dira."),
    ),
    "act_proposed": (
        "success",
        N_("Acte proposé. Une seconde personne doit l'approuver ; un message la prévient."),
    ),
    "act_without_approver": (
        "warning",
        N_(
            "Acte proposé, mais personne d'autre ne peut l'approuver aujourd'hui. Sans "
            "approbation, il expire."
        ),
    ),
    "act_planned": ("success", N_("Acte prévu. La personne en est avertie et peut s'y opposer.")),
    "act_done": ("success", N_("Acte fait. La personne en est avertie.")),
    "act_approved": ("success", N_("Acte approuvé.")),
    "act_refused": ("success", N_("Acte refusé. Rien n'a changé.")),
    "act_stopped": ("success", N_("Acte arrêté. Rien n'a changé.")),
    "call_stopped": (
        "warning",
        N_(
            "Appel terminé, tout est arrêté : rien n'a changé. Quelqu'un d'autre a peut-être le "
            "mot de passe ou la messagerie : proposez à la personne de bloquer son compte."
        ),
    ),
    "letters_replayed": (
        "success",
        N_("Rejeu demandé : la liste des actes dit où il en est."),
    ),
    "letters_discarded": (
        "success",
        N_("Mise à l'écart demandée : la liste des actes dit où elle en est."),
    ),
    "mails_sent_again": (
        "success",
        N_("Renvoi demandé : la liste des messages dit ce qu'ils deviennent."),
    ),
    "mail_dropped": (
        "success",
        N_("Abandon demandé : dans un instant, ce message n'est plus dans la liste."),
    ),
    "agent_suspended": ("success", N_("Accès suspendu, sessions fermées.")),
    "agent_removed": ("success", N_("Accès retiré, sessions fermées.")),
    "replacement_stopped": (
        "success",
        N_("Tout est arrêté : le téléphone reste lié au compte. La personne en est avertie."),
    ),
    "mail_sent_again": (
        "success",
        N_("Message remis à l'envoi : la liste des messages dit ce qu'il devient."),
    ),
    "request_opened": (
        "success",
        N_(
            "Demande enregistrée sous le numéro {number}, que la personne reçoit aussi par "
            "message. « Prendre » permet d'y répondre."
        ),
    ),
    "answer_saved": ("success", N_("Réponse toute faite enregistrée.")),
    "request_taken": ("success", N_("Cette demande est à vous.")),
    "request_released": ("success", N_("Demande rendue : une autre personne peut la prendre.")),
    "answer_sent": ("success", N_("Réponse envoyée à la personne.")),
    "request_closed": ("success", N_("Demande close. La personne en est avertie.")),
    "more_accounts_asked": (
        "info",
        N_("Demande envoyée à la supervision. Rechargez la page une fois l'accord donné."),
    ),
    "agent_closed": (
        "warning",
        N_("Votre accès est suspendu ou retiré. Adressez-vous à la supervision."),
    ),
}
SHARED = (
    "already_enrolled",
    "form_of_other_account",
    "session_closed",
    "session_closed_typed",
    "session_ended",
    "sessions_ended",
    "signed_out",
    "too_late",
    "typed_again",
)
MESSAGES: dict[str, tuple[str, str]] = {
    **{code: portal_flash.FLASHES[code] for code in SHARED},
    **OWN,
}


def flash_message(
    request: web.Request, code: str, variables: Mapping[str, object]
) -> tuple[str, str] | None:
    """The look and the text of a message."""
    return portal_flash.flash_message(request, code, variables, messages=MESSAGES)
