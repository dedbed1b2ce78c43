"""What the next page says after something was done, by code: its look and its words."""

from __future__ import annotations

from services.gateway.i18n.localized_text import Pair

FLASHES: dict[str, tuple[str, Pair]] = {
    "resent": (
        "success",
        (
            "Nouveau message à {sent}. Seul son code compte : les précédents ne servent plus.",
            "New message at {sent}. Only its code counts: earlier ones are now useless.",
        ),
    ),
    "corrected": (
        "success",
        (
            "Adresse corrigée : un message part vers {address}.",
            "Address corrected: a message is on its way to {address}.",
        ),
    ),
    "back": (
        "info",
        (
            "Bon retour. Ce qui est fait est gardé ; prochaine étape : {step}.",
            "Welcome back. What is done is kept; next step: {step}.",
        ),
    ),
    "verified": (
        "info",
        ("Votre adresse est déjà vérifiée.", "Your address is already confirmed."),
    ),
    "gone": (
        "warning",
        (
            "Cette demande n'existe plus : elle a expiré ou a été annulée. Recommencez si vous "
            "le voulez.",
            "This request no longer exists: it ran out or was cancelled. You may begin again.",
        ),
    ),
    "exists": (
        "info",
        (
            "Votre compte existe déjà : il n'y a plus rien à annuler.",
            "Your account already exists: there is nothing left to cancel.",
        ),
    ),
    "cancelled": (
        "success",
        (
            "C'est annulé, rien n'est gardé. Vous pourrez recommencer quand vous voudrez.",
            "Cancelled, nothing is kept. Begin again whenever you like.",
        ),
    ),
    "signed_out": (
        "success",
        (
            "Votre session est fermée. À bientôt sur IMPEXWEB.",
            "Your session is closed. See you soon on IMPEXWEB.",
        ),
    ),
    "session_closed": (
        "warning",
        (
            "Session fermée par sécurité. « Se connecter » vous ramène à la page demandée.",
            "Session closed for safety. “Sign in” brings you back to the page you asked for.",
        ),
    ),
    "too_late": (
        "warning",
        (
            "La connexion n'a pas été terminée à temps : par sécurité, donnez de nouveau votre "
            "adresse et votre mot de passe.",
            "Signing in was not completed in time: for safety, give your address and password "
            "again.",
        ),
    ),
    "enrolled": (
        "success",
        (
            "Votre compte est protégé : un code de votre téléphone sera demandé à chaque "
            "connexion.",
            "Your account is protected: a code of your phone will be asked each time you sign in.",
        ),
    ),
    "phone_changed": (
        "success",
        (
            "Nouveau téléphone enrôlé : l'ancien ne donne plus de code valable, et vos autres "
            "sessions sont fermées. Un courriel vous le confirme.",
            "New phone enrolled: the old one gives no valid code any more, and your other sessions "
            "are closed. A mail confirms it.",
        ),
    ),
    "address_proved": (
        "success",
        (
            "Votre adresse est vérifiée. Étape suivante : enrôler votre téléphone.",
            "Your address is confirmed. Next step: enrol your phone.",
        ),
    ),
    "already_enrolled": (
        "info",
        (
            "Un téléphone est déjà lié à votre compte : connectez-vous avec ses codes.",
            "A phone is already linked to your account: sign in with its codes.",
        ),
    ),
    "enrolment_gone": (
        "info",
        (
            "L'image d'avant n'est plus valable. Supprimez de votre application la ligne IMPEXWEB "
            "qu'elle a ajoutée.",
            "The picture shown before is no longer good. Delete the IMPEXWEB line that it added "
            "to your application.",
        ),
    ),
    "phone_due": (
        "info",
        (
            "Aucun téléphone n'est lié à votre compte : enrôlez-en un pour continuer.",
            "No phone is linked to your account: enrol one to continue.",
        ),
    ),
    "resent_address": (
        "success",
        (
            "Un nouveau code vient de partir. Lui seul compte : les précédents ne servent plus.",
            "A new code has just left. Only this one counts: earlier ones are now useless.",
        ),
    ),
    "codes_replaced": (
        "warning",
        (
            "La liste que vous avez confirmée ne sert plus : une autre l'a remplacée depuis, dans "
            "une autre fenêtre.",
            "The list that you confirmed is worth nothing any more: another one has replaced it "
            "since, in another window.",
        ),
    ),
    "codes_kept": (
        "success",
        (
            "C'est noté : vos codes de secours sont en lieu sûr.",
            "Noted: your recovery codes are in a safe place.",
        ),
    ),
    "password_changed": (
        "success",
        (
            "Mot de passe changé, vos autres sessions sont fermées. Un courriel vous le confirme.",
            "Password changed, your other sessions are closed. A mail confirms it.",
        ),
    ),
    "password_reset": (
        "success",
        (
            "Mot de passe changé, toutes vos sessions sont fermées. « Se connecter » : votre code "
            "TOTP reste demandé.",
            "Password changed, all your sessions are closed. Sign in: your TOTP code is still "
            "asked.",
        ),
    ),
    "address_changed": (
        "success",
        (
            "Adresse changée : elle est votre identifiant dès maintenant, et vos autres sessions "
            "sont fermées. Un courriel prévient l'ancienne adresse.",
            "Address changed: it is your user name from now on, and your other sessions are "
            "closed. A mail tells the former address.",
        ),
    ),
    "address_kept": (
        "success",
        (
            "Changement abandonné : votre adresse reste la même, et le code envoyé ne sert plus.",
            "Change given up: your address stays the same, and the code that was sent is useless.",
        ),
    ),
    "address_wish_gone": (
        "info",
        (
            "Aucun changement d'adresse n'attend de code : il a expiré, a été abandonné, ou votre "
            "mot de passe a changé depuis. Vous pouvez recommencer.",
            "No change of address waits for a code: it ran out, was given up, or your password "
            "has changed since. You may begin again.",
        ),
    ),
    "address_taken": (
        "warning",
        (
            "Cette adresse vient d'être prise par un autre compte : la vôtre reste la même.",
            "This address has just been taken by another account: yours stays the same.",
        ),
    ),
    "session_ended": (
        "success",
        ("Cette session est fermée.", "That session is closed."),
    ),
    "sessions_ended": (
        "success",
        (
            "Vos autres sessions sont fermées : seule celle-ci reste ouverte.",
            "Your other sessions are closed: only this one stays open.",
        ),
    ),
    "draft_saved": (
        "success",
        (
            "Brouillon enregistré à {saved}. Vous devez valider les informations.",
            "Draft saved at {saved}. You must validate the information.",
        ),
    ),
    "draft_closed": (
        "success",
        (
            "Brouillon enregistré. Vous devez valider les informations.",
            "Draft saved. You must validate the information.",
        ),
    ),
    "typed_again": (
        "info",
        (
            "Voici ce que vous aviez tapé avant la fermeture de la session : ce n'est pas encore "
            "enregistré.",
            "Here is what you had typed before the session closed: it is not saved yet.",
        ),
    ),
    "session_closed_typed": (
        "warning",
        (
            "Session fermée par sécurité. « Se connecter » vous ramène à cette page, brouillon "
            "compris.",
            "Session closed for safety. “Sign in” brings you back to this page, draft included.",
        ),
    ),
    "validated": (
        "success",
        (
            "Informations validées. Elles ne sont plus modifiables directement.",
            "Information validated. It can no longer be changed directly.",
        ),
    ),
}
