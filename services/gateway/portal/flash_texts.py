"""What the next page says after something was done, by code: its look and its words."""

from shared.i18n.catalogue import N_

FLASHES: dict[str, tuple[str, str]] = {
    "resent": (
        "success",
        N_("Nouveau message envoyé à {sent}. Seul son code est valable."),
    ),
    "corrected": (
        "success",
        N_("Adresse corrigée : nous envoyons un message à {address}."),
    ),
    "back": (
        "info",
        N_("Ce que vous avez fait est gardé. Étape suivante : {step}."),
    ),
    "verified": (
        "info",
        N_("Votre adresse est déjà vérifiée."),
    ),
    "gone": (
        "warning",
        N_("Cette demande n'existe plus : elle a expiré ou a été annulée. Faites-en une nouvelle."),
    ),
    "exists": (
        "info",
        N_("Votre compte existe déjà : il n'y a plus rien à annuler."),
    ),
    "cancelled": (
        "success",
        N_(
            "La création du compte est annulée et votre saisie est effacée. Vous pouvez "
            "recommencer quand vous voulez."
        ),
    ),
    "signed_out": (
        "success",
        N_("Votre session est fermée."),
    ),
    "session_closed": (
        "warning",
        N_("Session fermée par sécurité. Connectez-vous pour revenir à la page demandée."),
    ),
    "too_late": (
        "warning",
        N_(
            "Vous avez mis trop longtemps à vous connecter. Par sécurité, saisissez de nouveau "
            "votre adresse et votre mot de passe."
        ),
    ),
    "enrolled": (
        "success",
        N_(
            "Votre compte est protégé : un code de votre téléphone sera demandé à chaque connexion."
        ),
    ),
    "phone_changed": (
        "success",
        N_(
            "Nouveau téléphone enrôlé. Les codes de l'ancien ne sont plus valables et vos autres "
            "sessions sont fermées. Un message vous le confirme."
        ),
    ),
    "address_proved": (
        "success",
        N_("Votre adresse est vérifiée. Étape suivante : enrôler votre téléphone."),
    ),
    "already_enrolled": (
        "info",
        N_("Un téléphone est déjà lié à votre compte : connectez-vous avec ses codes."),
    ),
    "enrolment_gone": (
        "info",
        N_(
            "Le code QR précédent n'est plus valable. Supprimez de votre application l'entrée "
            "{service} qu'il a ajoutée."
        ),
    ),
    "phone_due": (
        "info",
        N_("Aucun téléphone n'est lié à votre compte : enrôlez-en un pour continuer."),
    ),
    "resent_address": (
        "success",
        N_("Un nouveau code vient de partir. Lui seul est valable."),
    ),
    "codes_replaced": (
        "warning",
        N_(
            "La liste que vous avez confirmée n'est plus valable : une autre l'a remplacée depuis, "
            "dans une autre fenêtre."
        ),
    ),
    "codes_kept": (
        "success",
        N_("Vous avez confirmé que vos codes de secours sont en lieu sûr."),
    ),
    "password_changed": (
        "success",
        N_("Mot de passe changé. Vos autres sessions sont fermées. Un message vous le confirme."),
    ),
    "password_reset": (
        "success",
        N_(
            "Mot de passe changé. Toutes vos sessions sont fermées. Connectez-vous : votre code "
            "TOTP reste demandé."
        ),
    ),
    "address_changed": (
        "success",
        N_(
            "Adresse changée : c'est désormais votre identifiant. Vos autres sessions sont "
            "fermées. Un message prévient l'ancienne adresse."
        ),
    ),
    "address_kept": (
        "success",
        N_(
            "Changement abandonné : votre adresse reste la même, et le code envoyé n'est plus "
            "valable."
        ),
    ),
    "address_wish_gone": (
        "info",
        N_(
            "Aucun changement d'adresse n'est en cours : il a expiré, a été abandonné, ou votre "
            "mot de passe a changé. Vous pouvez recommencer."
        ),
    ),
    "address_taken": (
        "warning",
        N_("Un autre compte a désormais cette adresse : la vôtre reste la même."),
    ),
    "session_ended": (
        "success",
        N_("La session choisie est fermée."),
    ),
    "sessions_ended": (
        "success",
        N_("Vos autres sessions sont fermées : seule celle-ci reste ouverte."),
    ),
    "draft_saved": (
        "success",
        N_("Brouillon enregistré à {saved}. Vous devez valider les informations."),
    ),
    "draft_closed": (
        "success",
        N_("Brouillon enregistré. Vous devez valider les informations."),
    ),
    "typed_again": (
        "info",
        N_(
            "Voici ce que vous aviez saisi avant la fermeture de la session : ce n'est pas encore "
            "enregistré."
        ),
    ),
    "session_closed_typed": (
        "warning",
        N_(
            "Session fermée par sécurité. Connectez-vous pour revenir à cette page, brouillon "
            "compris."
        ),
    ),
    "validated": (
        "success",
        N_("Informations validées. Elles ne sont plus modifiables directement."),
    ),
}
